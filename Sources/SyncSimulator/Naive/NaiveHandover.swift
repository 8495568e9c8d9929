/// What a site was in a case, and is not any more.
struct NaivePart {
  let isLead: Bool
  /// Who has seen this position knows that it has ended.
  let until: Int64
  /// From when it counted as ended for people: 00:00 of a hand-over's date.
  let endedAt: Int64
}

/// How a change counts, by what its author was and knew.
enum NaiveStanding: Equatable {
  case acts(asLead: Bool)
  case proposes
  case refused(String)

  var acts: Bool {
    if case .acts = self { true } else { false }
  }
}

/// Cases that change hands.
extension NaiveCounty {
  /// A hand-over takes effect: responsibility moves at once, and never back by itself. Who led
  /// until now holds the case as before, and has no part in it any more.
  ///
  /// - Parameter moment: 00:00 of its date.
  package mutating func handedOver(_ caseID: String, to site: String, effectiveAt moment: Int64) {
    position += 1
    guard let former = leads[caseID], former != site else { return }
    end(former, in: caseID, asLead: true, moment)
    let isFormer = formers[caseID]?.contains(site) == true
    if !isFormer && grants[site]?.contains(caseID) == true {
      end(site, in: caseID, asLead: false, moment)
    }
    leads[caseID] = site
    leadSince[caseID] = position
    formers[caseID, default: []].insert(former)
    formers[caseID]!.remove(site)
    headers[site]?.remove(caseID)
    grants[site, default: []].insert(caseID)
    for (row, held) in rows where held.content.caseID == caseID {
      for column in tables[row.table]!.columns {
        guard let table = column.mentions, case .text(let id) = held.content.values[column.name],
          let unit = rows[NaiveRow(table: table, id: id)]?.content.caseID,
          grants[site]?.contains(unit) != true
        else { continue }
        heard[site, default: []].insert(unit)
      }
    }
  }

  private mutating func end(
    _ site: String, in caseID: String, asLead isLead: Bool, _ moment: Int64
  ) {
    parts[site, default: [:]][caseID, default: []].append(
      NaivePart(isLead: isLead, until: position, endedAt: moment))
  }

  /// The new lead has shown that it holds the case: the former one keeps the header.
  package mutating func narrowed(_ caseID: String, at site: String) {
    position += 1
    headers[site, default: []].insert(caseID)
  }

  /// Whose edit counts, by knowledge first and the clock second. A site that has no part any more
  /// and wrote
  ///
  /// | | before the date | after it |
  /// |---|---|---|
  /// | unaware of the effect | (a) as it had the part then | (b) a proposal |
  /// | aware of it | (d) still as it had the part | (c) refused |
  ///
  /// One that still contributes does that; as lead it counts where it led, unaware and before.
  ///
  /// - Parameters:
  ///   - base: what the author had seen.
  ///   - time: when it wrote; nil where its clock is no witness.
  func standing(of site: String, in caseID: String, seeing base: Int64, at time: Int64?)
    -> NaiveStanding
  {
    if leads[caseID] == site { return .acts(asLead: true) }
    let ended = parts[site]?[caseID] ?? []
    func isBefore(_ part: NaivePart) -> Bool { time.map { $0 < part.endedAt } ?? false }
    let believed = ended.first { base < $0.until }
    let holds = grants[site]?.contains(caseID) == true
    if holds && formers[caseID]?.contains(site) != true {
      return .acts(asLead: believed.map { $0.isLead && isBefore($0) } ?? false)
    }
    if let believed { return isBefore(believed) ? .acts(asLead: believed.isLead) : .proposes }
    guard let last = ended.last else { return .refused("not_granted") }
    return isBefore(last) ? .acts(asLead: last.isLead) : .refused("handed_over")
  }

  /// Whether the site may be told what stands in a column.
  func isShown(_ column: NaiveColumn, of caseID: String, to site: String) -> Bool {
    column.isHeader || headers[site]?.contains(caseID) != true
  }
}

extension NaiveCounty {
  /// Splits a change into what counts alike: each column with its group by its own base and its own
  /// time. What counts comes first.
  ///
  /// An insertion of which nothing counts is judged as a whole, and so is a deletion.
  func pieces(of change: NaiveChange, by site: String, at hubTime: Int64)
    -> [(change: NaiveChange, standing: NaiveStanding)]
  {
    let author = sites[site]!
    func standing(_ change: NaiveChange) -> NaiveStanding {
      let time = min(change.time &- author.trustedSkew, hubTime)
      return self.standing(
        of: site, in: change.caseID, seeing: change.oldestBase,
        at: author.isClockSteady ? time : nil)
    }
    guard change.kind != .delete, parts[site]?[change.caseID] != nil else {
      return [(change, standing(change))]
    }
    var found: [(columns: [String], standing: NaiveStanding)] = []
    for unit in tables[change.row.table]!.units {
      let columns = unit.map(\.name).filter { change.values[$0] != nil }
      guard !columns.isEmpty else { continue }
      let own = standing(change.piece(columns, as: change.kind))
      if let place = found.firstIndex(where: { $0.standing == own }) {
        found[place].columns += columns
      } else {
        found.append((columns, own))
      }
    }
    found = found.filter(\.standing.acts) + found.filter { !$0.standing.acts }
    guard let first = found.first, change.kind != .insert || first.standing.acts else {
      return [(change, standing(change))]
    }
    guard found.count > 1 else { return [(change, first.standing)] }
    return found.enumerated().map { place, part in
      (change.piece(part.columns, as: place == 0 ? change.kind : .update), part.standing)
    }
  }
}

extension NaiveChange {
  /// What its author had seen at least.
  var oldestBase: Int64 { bases.values.reduce(base) { min($0, $1) } }

  /// Some of its columns as a change of its own.
  fileprivate func piece(_ columns: [String], as kind: Kind) -> NaiveChange {
    var piece = self
    piece.kind = kind
    piece.bases = bases.filter { columns.contains($0.key) }
    piece.times = times.filter { columns.contains($0.key) }
    piece.values = values.filter { columns.contains($0.key) }
    piece.edited = edited.intersection(columns)
    piece.unseen = unseen.intersection(columns)
    piece.base = piece.bases.values.max() ?? base
    piece.time = piece.times.values.max() ?? time
    return piece
  }
}
