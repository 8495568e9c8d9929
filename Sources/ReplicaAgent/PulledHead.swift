import ReplicaStorage
import SyncCore
import SyncProtocol

extension PullPage.Head {
  /// What a pull brings that ends with this page; nil where it says nothing of where it stands.
  ///
  /// - Parameter tellsAll: whether it was asked for the digests of all that the site holds.
  func scope(of pages: some PulledPages, tellsAll: Bool) -> PulledScope? {
    guard let checkpoint = checkpoint?.position,
      let digest = scopeDigest.flatMap({ Digest128(text: $0) })
    else { return nil }
    var scope = PulledScope(checkpoint: checkpoint, scopeDigest: digest, pages: pages)
    scope.news = editNews
    scope.tellsAllDigests = tellsAll
    return scope
  }

  /// What the last page tells of the site's edits; what no row or rule is meant by is left out.
  private var editNews: EditNews {
    var news = EditNews()
    news.decisions = (decisions ?? []).prefix(WireDecision.countMax).compactMap { told in
      guard let key = told.row.key, told.state != .open else { return nil }
      return EditNews.Decision(
        row: key, column: told.column, isAccepted: told.state == .accepted)
    }
    news.replacements = (replaced ?? []).prefix(WireReplacement.countMax).compactMap { told in
      guard let key = told.row.key, let rule = Rule(rawValue: told.rule) else { return nil }
      return EditNews.Replacement(
        row: key, column: told.column, rule: rule, value: told.value?.value)
    }
    news.waitingCount = max(0, openProposals ?? 0)
    return news
  }
}
