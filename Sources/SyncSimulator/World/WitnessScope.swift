import HubStorage
import SyncCore
import SyncProtocol

/// Who may hold which case, and that nobody is told of another.
extension Witness {
  static func mark(_ id: String) -> String {
    String(id.drop { $0 != "@" }.dropFirst().prefix { $0 != ";" })
  }

  func isSameScope(_ left: String, _ right: String) -> Bool {
    guard let one = holders[Self.mark(left)] else { return false }
    return one == holders[Self.mark(right)]
  }

  /// A case that a site does not hold, if there is one.
  func caseID(notHeldBy site: Int) -> String? {
    caseIDs.first { holders[Self.mark($0)]?.contains(original(site)) == false }
  }

  /// Who opened a case holds it, with the county's own and those that share an area.
  mutating func opened(_ caseID: String, by site: Int) {
    let areas = records[site].areas
    holders[Self.mark(caseID)] = Set(
      records.indices.filter { other in
        let record = records[other]
        let isShared = record.kind != .carrier && record.areas.contains { areas.contains($0) }
        return other == site || record.kind == .county || isShared
      })
    caseIDs.append(caseID)
    openers[caseID] = site
  }

  /// A row that moves takes its words along: whom its new case is handed over to is told of them.
  mutating func mingle(_ id: String, from former: String, into caseID: String) {
    let marks = [Self.mark(id), Self.mark(former)] + (mingled[Self.mark(former)] ?? [])
    mingled[Self.mark(caseID), default: []].formUnion(marks)
  }

  /// Listens at a site's end of the line: no answer holds a word of a case that is not the site's.
  ///
  /// - Parameter request: the cases that it names may be named to it, and the texts that it holds
  ///   may come back; no other word of them.
  func tap(
    _ response: ProtocolResponse, to request: ProtocolRequest, of site: Int, tally: inout Tally
  ) -> Violation? {
    tally.checked(.scope)
    tally.checked(.boundedResources)
    guard response.body.count <= ProtocolLimit.bodyByteCountMax else {
      return Violation(breaking: .boundedResources, "an answer has \(response.body.count) bytes")
    }
    var strange: String?
    var namesStrange = false
    Marks.scan(response.body) { mark in
      guard strange == nil, isStrange(mark, to: site) else { return }
      var isNamed = false
      Marks.scan(request.body) { if $0 == mark { isNamed = true } }
      if isNamed { namesStrange = true } else { strange = mark }
    }
    if namesStrange && strange == nil {
      var said: Set<String> = []
      Marks.texts(request.body) { said.insert($0) }
      Marks.texts(response.body) { text in
        if isStrange(Self.mark(text), to: site) && !said.contains(text) { strange = text }
      }
    }
    return strange.map { Violation(breaking: .scope, "\(name(site)) is told of case \($0)") }
  }

  private func isStrange(_ mark: String, to site: Int) -> Bool {
    guard let holders = holders[mark], !holders.contains(original(site)) else { return false }
    return hearers[mark]?.contains(original(site)) != true
  }
}
