import Caseload

/// One of the ways in which counties and municipalities organise the work, with its real numbers.
struct DemoSystem {
  let title: String
  /// What it is, and what it needs from KreisSync.
  let need: String
}

/// A county of the demo.
struct CountyPlan {
  let key: String
  let name: String
  let programme: SyntheticFunding.Programme
  let sites: [SitePlan]

  /// Who is there, in words.
  var roll: String {
    let towns = sites.filter { $0.kind == "municipality" }
    let listed = sites.filter { $0.kind != "municipality" } + (towns.count > 3 ? [] : towns)
    let others = towns.count > 3 ? ["\(towns.count) municipalities (Gemeinden)"] : []
    return (listed.map(\.name) + others).joined(separator: ", ")
  }
}

extension DemoSystem {
  /// In the order of the papers that describe them.
  static let all = [
    DemoSystem(
      title: "Sinsheim, in the Rhein-Neckar-Kreis (08226)",
      need: """
        A city with two managers (Integrationsmanager:innen) for 395 refugees, who report to its
        council. It needs one writing site whose caseload stands at the county, complete and proved.
        """),
    DemoSystem(
      title: "Hemmingen, in the Landkreis Ludwigsburg (08118)",
      need: """
        82 persons, 0.8 of a post, 47,995.10 €, assigned to the county (Abtretung), whose field
        service works on the same cases. It needs both to write, and each conflict decided by rule.
        """),
    DemoSystem(
      title: "All 39 municipalities of the Landkreis Ludwigsburg (Pakt für Integration)",
      need: """
        The state gives each a share by its official key (AGS); each has its own staff and file.
        It needs forty sites to sync in one night, each with what it may hold and nothing else.
        """),
    DemoSystem(
      title: "Freiburg, city and county at once (08311)",
      need: """
        20 managers in departments, 1,230 persons, about eight months for a case, neediest first.
        It needs two sites that share all cases, and a priority kept apart from its reason.
        """),
    DemoSystem(
      title: "Bielefeld, in Nordrhein-Westfalen (05711)",
      need: """
        Eight posts of KIM Case Management: six at the Sozialamt, one each at AWO and DRK.
        It needs carriers (Träger) that never see each other's cases or workers.
        """),
  ]
}

extension CountyPlan {
  static let ludwigsburg = CountyPlan(
    key: "08118", name: "Landkreis Ludwigsburg", programme: .of2023,
    sites: [
      SitePlan(
        county: "08118", name: "Kreis", kind: "county", areas: [], folder: "kreis",
        persons: 2, posts: [1_000]),
      SitePlan(
        county: "08118", name: "Träger", kind: "carrier", areas: [hemmingenKey],
        folder: "traeger", persons: 6, posts: [500], isFunded: false),
    ] + Municipality.ludwigsburg.map(municipality))

  static let rheinNeckar = CountyPlan(
    key: "08226", name: "Rhein-Neckar-Kreis", programme: .of2017,
    sites: [
      SitePlan(
        county: "08226", name: "Sinsheim", kind: "municipality", areas: ["08226085"],
        folder: "sinsheim", persons: 395, refusals: 4, posts: [1_000, 1_000])
    ])

  static let freiburg = CountyPlan(
    key: "08311", name: "Stadt Freiburg im Breisgau", programme: .of2017,
    sites: ["Wohnheime", "Wohnungen"].map { department in
      SitePlan(
        county: "08311", name: department, kind: "municipality", areas: ["08311000"],
        folder: "freiburg-\(department.lowercased())", persons: 615,
        posts: Array(repeating: 1_000, count: 10), course: .queue(typicalMonths: 8))
    })

  /// The paper names posts and no persons: 25 for each post are assumed.
  static let bielefeld = CountyPlan(
    key: "05711", name: "Stadt Bielefeld", programme: .kim,
    sites: [
      SitePlan(
        county: "05711", name: "Sozialamt", kind: "county", areas: ["05711000"],
        folder: "sozialamt", persons: 150, posts: Array(repeating: 1_000, count: 6)),
      SitePlan(
        county: "05711", name: "AWO", kind: "carrier", areas: ["05711000"], folder: "awo",
        persons: 25, posts: [1_000], isAssigned: true),
      SitePlan(
        county: "05711", name: "DRK", kind: "carrier", areas: ["05711000"], folder: "drk",
        persons: 25, posts: [1_000], isAssigned: true, leavesSiteOpen: true),
    ])

  static let all = [ludwigsburg, rheinNeckar, freiburg, bielefeld]

  static let hemmingenKey = "08118027"

  private static func municipality(_ one: Municipality) -> SitePlan {
    SitePlan(
      county: "08118", name: one.name, kind: "municipality", areas: [one.key],
      folder: one.key == hemmingenKey ? "hemmingen" : one.key,
      persons: one.clientCountAsInHemmingen, refusals: one.clientCountAsInHemmingen / 80,
      posts: posts(for: one.clientCountAsInHemmingen), isAssigned: one.key == hemmingenKey)
  }

  /// As few posts as possible, all alike, for 102.5 persons each as in Hemmingen; together at least
  /// the quarter of one that a programme asks for.
  private static func posts(for persons: Int) -> [Int] {
    let thousandths = max(250, persons * 10_000 / 1_025)
    let count = (thousandths + 999) / 1_000
    return (0..<count).map { thousandths / count + ($0 < thousandths % count ? 1 : 0) }
  }
}

extension SyntheticFunding.Programme {
  /// 64,000 € for a full post, 60 months long; the plan is due at the beginning.
  fileprivate static let of2017 = {
    var programme = Self(
      state: "08", code: "VwV-IM", version: 2017,
      validFrom: CalendarDay(daysSince1970: 17_167), planDeadline: 1)
    programme.rateCents = 6_400_000
    programme.fundingMonthsMax = 60
    return programme
  }()

  /// Published on 2023-06-28, valid from 2023-01-01; the plan is due by the second talk.
  fileprivate static let of2023 = Self(
    state: "08", code: "VwV-IM", version: 2023, validFrom: CalendarDay(daysSince1970: 19_358),
    planDeadline: 2)

  /// Of Nordrhein-Westfalen; its rates are not in the paper.
  fileprivate static let kim = Self(
    state: "05", code: "KIM", version: 1, validFrom: CalendarDay(daysSince1970: 18_444),
    planDeadline: 2)
}
