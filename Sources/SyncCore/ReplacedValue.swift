extension Plan {
  /// The entry of this plan's log that put another value in the place of one that stood, of which
  /// its site is told: its edit had been applied, and lost afterwards. Nil for a value that never
  /// stood, for one that its own site replaced, and where that site made the decision.
  package func replacement(of entry: LedgerEntry) -> Int64? {
    guard let first = log.first?.seq, entry.seq >= first, entry.lost.site != .hub,
      entry.lost.site != entry.kept.site,
      !decidedProposals.contains(where: { $0.decider == entry.lost.site })
    else { return nil }
    return entry.seq
  }
}
