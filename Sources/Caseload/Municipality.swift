/// A municipality as the official list of municipalities has it.
package struct Municipality: Sendable, Hashable {
  /// Official municipality key (AGS): eight digits, text, for it may begin with a zero.
  package let key: String
  /// Without what kind of municipality it is ("Stadt").
  package let name: String
  package let population: Int

  /// How many clients it would have if it had as many for each inhabitant as Hemmingen had on
  /// 2022-12-31: 82 for 8,176. For all others than Hemmingen an assumption and no figure of theirs.
  package var clientCountAsInHemmingen: Int { (population * 82 + 4_088) / 8_176 }
}

extension Municipality {
  /// All 39 of Landkreis Ludwigsburg (08118), in the order of their keys.
  package static let ludwigsburg: [Municipality] = [
    ("001", "Affalterbach", 4_494),
    ("003", "Asperg", 13_559),
    ("006", "Benningen am Neckar", 6_620),
    ("007", "Besigheim", 12_909),
    ("010", "Bönnigheim", 8_381),
    ("011", "Ditzingen", 25_145),
    ("012", "Eberdingen", 6_972),
    ("014", "Erdmannhausen", 5_347),
    ("015", "Erligheim", 3_026),
    ("016", "Freudental", 2_581),
    ("018", "Gemmrigheim", 4_869),
    ("019", "Gerlingen", 19_853),
    ("021", "Großbottwar", 8_452),
    ("027", "Hemmingen", 8_176),
    ("028", "Hessigheim", 2_546),
    ("040", "Kirchheim am Neckar", 6_224),
    ("046", "Kornwestheim", 34_130),
    ("047", "Löchgau", 5_920),
    ("048", "Ludwigsburg", 94_157),
    ("049", "Marbach am Neckar", 16_053),
    ("050", "Markgröningen", 15_054),
    ("051", "Möglingen", 11_244),
    ("053", "Mundelsheim", 3_497),
    ("054", "Murr", 6_795),
    ("059", "Oberriexingen", 3_379),
    ("060", "Oberstenfeld", 7_979),
    ("063", "Pleidelsheim", 6_412),
    ("067", "Schwieberdingen", 11_568),
    ("068", "Sersheim", 5_757),
    ("070", "Steinheim an der Murr", 12_228),
    ("071", "Tamm", 12_658),
    ("073", "Vaihingen an der Enz", 29_305),
    ("074", "Walheim", 3_388),
    ("076", "Sachsenheim", 19_490),
    ("077", "Ingersheim", 6_408),
    ("078", "Freiberg am Neckar", 16_216),
    ("079", "Bietigheim-Bissingen", 43_755),
    ("080", "Korntal-Münchingen", 19_955),
    ("081", "Remseck am Neckar", 26_549),
  ].map { Municipality(key: "08118\($0.0)", name: $0.1, population: $0.2) }
}
