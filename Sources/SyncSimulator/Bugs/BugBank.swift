/// Every broken variant that the simulator is to find within two thousand seeds, by the part that
/// is broken. A new rule of the product gets its variant in the same commit.
package enum BugBank {
  package static let all: [BugVariant] =
    decisions + records + pulls + handovers + captures + applies + durability + restores

  package static func variant(named name: String) -> BugVariant? {
    all.first { $0.name == name }
  }

  private static let decisions: [BugVariant] = [
    BugVariant(
      "own-changes-conflict", "A site's own earlier changes count as somebody else's.",
      [.broken(.decision), .broken(.conservation)], hub: OwnChangesConflict.self),
    BugVariant(
      "merges-count-as-own", "A value that the hub merged counts as its author's own.",
      [.broken(.decision), .broken(.conservation)], hub: MergesCountAsOwn.self),
    BugVariant(
      "last-writer-wins", "Bases are not looked at: whoever comes last wins.",
      [.broken(.decision)], hub: LastWriterWins.self),
    BugVariant(
      "old-values-count-as-seen", "A clock in place of knowledge: what is old counts as seen.",
      [.broken(.decision)], hub: OldValuesCountAsSeen.self),
    BugVariant(
      "append-table-for-all", "Everybody may change the rows of an append table.",
      [.broken(.decision)], hub: AppendTableForAll.self),
    BugVariant(
      "deletions-forgotten", "A deleted row counts as one that never was.",
      [.broken(.decision)], hub: DeletionsForgotten.self),
    BugVariant(
      "lead-does-not-count", "The lead of a case decides like everybody else.",
      [.broken(.decision)], hub: LeadDoesNotCount.self),
    BugVariant(
      "everybody-leads", "Everybody with a grant decides like the lead.",
      [.broken(.decision)], hub: EverybodyLeads.self),
    BugVariant(
      "push-without-grant", "Whoever names a case may write into it.",
      [.broken(.noInvention), .broken(.decision), .broken(.scope)], hub: PushWithoutGrant.self),
    BugVariant(
      "skew-ignored", "No clock is corrected by what the hello measured.",
      [.broken(.decision), .broken(.conservation)], hub: SkewIgnored.self),
    BugVariant(
      "skew-of-first-session", "A clock is measured once and corrected by that ever after.",
      [.broken(.decision), .broken(.conservation)], hub: SkewOfFirstSession.self),
    BugVariant(
      "time-of-arrival-kept", "The hub keeps when a value arrived, not when it was written.",
      [.broken(.decision), .broken(.conservation)], hub: TimeOfArrivalKept.self),
    BugVariant(
      "union-loses-member", "Two united sets lose a member on the way to the disk.",
      [.broken(.decision), .broken(.oneState), .broken(.convergence)], hub: UnionLosesMember.self),
  ]

  private static let records: [BugVariant] = [
    BugVariant(
      "acknowledge-before-commit", "The answer leaves before the commit, which may fail.",
      [
        .crash, .broken(.exactlyOnce), .broken(.convergence), .broken(.oneState),
        .broken(.decision),
      ], seams: { AcknowledgeBeforeCommit() }),
    BugVariant(
      "verdicts-not-stored", "Effects are kept, verdicts are not.",
      [.crash, .broken(.exactlyOnce)], hub: VerdictsNotStored.self),
    BugVariant(
      "repeat-decided-again", "A batch that comes twice is decided twice.",
      [.broken(.exactlyOnce)], hub: RepeatDecidedAgain.self),
    BugVariant(
      "repeat-answered-anew", "A repeat gets the old verdicts in a new answer.",
      [.broken(.exactlyOnce)], hub: RepeatAnsweredAnew.self),
    BugVariant(
      "folded-entries-forgotten", "Entries that were folded into others are not answered.",
      [.broken(.exactlyOnce)], hub: FoldedEntriesForgotten.self),
    BugVariant(
      "fence-ignored", "A session that a newer one has fenced off goes on.",
      [.broken(.exactlyOnce)], hub: FenceIgnored.self),
    BugVariant(
      "ledger-dropped", "What lost is forgotten.", [.broken(.conservation)],
      hub: LedgerDropped.self),
    BugVariant(
      "proposals-dropped", "What waits for a person is forgotten.", [.broken(.conservation)],
      hub: ProposalsDropped.self),
    BugVariant(
      "log-without-values", "The log says that a row changed, and not to what.",
      [.broken(.conservation)], hub: LogWithoutValues.self),
    BugVariant(
      "digest-not-updated", "A case's digest stays as it was when its rows change.",
      [.broken(.convergence)], hub: DigestNotUpdated.self),
    BugVariant(
      "viewers-not-granted", "A new case is granted to its author alone.",
      [.broken(.decision), .broken(.oneState), .broken(.convergence)],
      hub: ViewersNotGranted.self),
    BugVariant(
      "case-without-lead", "Nobody is responsible for a new case.",
      [.broken(.oneLead), .broken(.decision)], hub: CaseWithoutLead.self),
    BugVariant(
      "move-leaves-no-trace", "A row that moves leaves nothing behind in the case it left.",
      [.broken(.convergence), .broken(.oneState), .broken(.decision)],
      hub: MoveLeavesNoTrace.self),
    BugVariant(
      "salt-reused", "Every commitment has the same salt.", [.broken(.soundLog)],
      hub: SaltReused.self),
  ]

  private static let pulls: [BugVariant] = [
    BugVariant(
      "pull-skips-first", "A pull begins one entry too late.", [.broken(.convergence)],
      hub: PullSkipsFirst.self),
    BugVariant(
      "pull-skips-last", "A pull ends one entry too early.", [.broken(.convergence)],
      hub: PullSkipsLast.self),
    BugVariant(
      "number-taken-before-lock", "A later number becomes visible before an earlier one.",
      [.broken(.convergence)], hub: NumberTakenBeforeLock.self),
    BugVariant(
      "tombstones-not-delivered", "No site is told of deleted rows.", [.broken(.convergence)],
      hub: TombstonesNotDelivered.self),
    BugVariant(
      "changes-of-all-cases", "Every site is told what the county's own are told.",
      [.broken(.scope)], hub: ChangesOfAllCases.self),
    BugVariant(
      "refresh-without-grant", "Who asks for a row or a case by its id gets it.",
      [.broken(.scope)], hub: RefreshWithoutGrant.self),
    BugVariant(
      "mention-shows-all", "Who hears of a row by a mention is shown all of it.",
      [.broken(.scope), .broken(.oneState), .broken(.convergence)], hub: MentionShowsAll.self),
    BugVariant(
      "mentions-forgotten", "Nobody is told whom a case mentions.",
      [.broken(.oneState), .broken(.convergence)], hub: MentionsForgotten.self),
    BugVariant(
      "mentions-for-all", "All sites of the county are told whom a case mentions.",
      [.broken(.scope), .broken(.oneState), .broken(.convergence)], hub: MentionsForAll.self),
    BugVariant(
      "mentions-compared-whole", "What a site sees of a mention is compared with all of it.",
      [.broken(.convergence)], hub: MentionsComparedWhole.self),
    BugVariant(
      "grants-not-delivered", "A site is not told of cases that others opened for it.",
      [.broken(.convergence), .broken(.oneState)], hub: GrantsNotDelivered.self),
    BugVariant(
      "case-not-whole", "A case that is delivered whole lacks its first row.",
      [.broken(.convergence), .broken(.oneState)], hub: CaseNotWhole.self),
    BugVariant(
      "case-digests-not-sent", "The digests of single cases are not sent.",
      [.broken(.convergence)], hub: CaseDigestsNotSent.self),
    BugVariant(
      "page-loses-last-row", "The last row of a page that another one follows is lost.",
      [.broken(.convergence), .broken(.oneState)], seams: { PageLosesLastRow() }),
    BugVariant(
      "log-rewritten", "The hub's operator replaces a leaf in the middle of the log.", [.crash],
      seams: { LogRewritten() }),
  ]

  private static let handovers: [BugVariant] = [
    BugVariant(
      "two-leads", "Who led a case until now goes on leading it beside the new lead.",
      [.broken(.oneLead), .broken(.decision)], hub: TwoLeads.self),
    BugVariant(
      "lead-does-not-move", "A hand-over is written down, and the case stays with its old lead.",
      [.broken(.oneLead), .broken(.decision)], hub: LeadDoesNotMove.self),
    BugVariant(
      "epoch-stays", "Responsibility moves, and its epoch stays.",
      [.broken(.oneLead), .broken(.decision)], hub: EpochStays.self),
    BugVariant(
      "narrowing-not-told", "A former lead is not told that it keeps the header only.",
      [.broken(.convergence), .broken(.oneState), .broken(.liveness)],
      hub: NarrowingNotTold.self),
    BugVariant(
      "narrowing-not-kept", "A former lead goes on seeing what is written in its old case.",
      [.broken(.convergence), .broken(.oneState), .broken(.liveness)],
      hub: NarrowingNotKept.self),
    BugVariant(
      "late-edit-returns-case", "A late edit of the old lead brings the case back to it.",
      [.broken(.oneLead), .broken(.decision)], hub: LateEditReturnsCase.self),
    BugVariant(
      "late-work-dropped", "What the old lead wrote too late is thrown away.",
      [.broken(.conservation)], hub: LateWorkDropped.self),
    BugVariant(
      "children-left-behind", "The new lead gets the case, and none of its rows.",
      [.broken(.convergence), .broken(.oneState), .broken(.decision)],
      hub: ChildrenLeftBehind.self),
    BugVariant(
      "judged-after-the-fact", "An edit is judged by what its author is when it arrives.",
      [.broken(.decision)], hub: JudgedAfterTheFact.self),
    BugVariant(
      "set-clock-believed", "A clock that was set is believed of what was written before.",
      [.broken(.decision)], hub: SetClockBelieved.self),
    BugVariant(
      "purged-before-push", "A case that ends at a site takes its unsent work with it.",
      [.broken(.oneState), .broken(.convergence), .broken(.decision), .broken(.conservation)],
      site: PurgedBeforePush.self),
  ]

  private static let captures: [BugVariant] = [
    BugVariant(
      "evictions-lost", "Rows that a REPLACE evicts are not captured.",
      [.broken(.decision), .broken(.oneState), .broken(.convergence)], site: EvictionsLost.self),
    BugVariant(
      "deletes-lost", "A DELETE is not captured.",
      [.broken(.decision), .broken(.oneState), .broken(.convergence)], site: DeletesLost.self),
    BugVariant(
      "moves-lost", "A changed id or case is not captured.",
      [.broken(.decision), .broken(.oneState), .broken(.convergence)], site: MovesLost.self),
    BugVariant(
      "base-taken-when-sent", "Every change claims to have seen what its site has seen by now.",
      [.broken(.decision)], site: BaseTakenWhenSent.self),
    BugVariant(
      "times-of-columns-lost", "An old edit takes the time of a later one in its row.",
      [.broken(.decision), .broken(.conservation)], site: TimesOfColumnsLost.self),
    BugVariant(
      "local-column-sent", "A column that is never to leave its site leaves it.",
      [.broken(.decision)], site: LocalColumnSent.self),
    BugVariant(
      "group-torn-apart", "Of a group of columns only the first is sent.",
      [.broken(.decision), .broken(.convergence), .broken(.oneState)], site: GroupTornApart.self),
    BugVariant(
      "emptied-cells-not-sent", "A cell that somebody emptied is not sent.",
      [.broken(.decision), .broken(.convergence), .broken(.oneState)],
      site: EmptiedCellsNotSent.self),
    BugVariant(
      "deletion-swallows-edits", "Edits that a deletion followed are gone with it.",
      [.broken(.decision), .broken(.conservation)], site: DeletionSwallowsEdits.self),
    BugVariant(
      "changes-reversed", "The last change of a batch comes first: rows before their case.",
      [
        .broken(.decision), .broken(.convergence), .broken(.oneState), .broken(.conservation),
      ],
      site: ChangesReversed.self),
    BugVariant(
      "parked-row-blocks", "While one entry cannot be sent, none is.",
      [.broken(.liveness), .broken(.decision)], site: ParkedRowBlocks.self),
    BugVariant(
      "batch-rebuilt-on-resend", "A resend holds the values of today under the old number.",
      [
        .crash, .broken(.exactlyOnce), .broken(.decision), .broken(.durableBeforeSent),
        .broken(.fairness),
      ],
      site: BatchRebuiltOnResend.self),
    BugVariant(
      "unanswered-batch-skipped", "A batch that was sent counts as answered.",
      [.crash, .broken(.convergence), .broken(.oneState), .broken(.accounts)],
      site: UnansweredBatchSkipped.self),
    BugVariant(
      "refused-upload-stuck", "An upload that the hub refused once is never tried again.",
      [.broken(.liveness)], site: RefusedUploadStuck.self),
    BugVariant(
      "outbox-emptied", "Batches are thrown away when they are answered.",
      [.broken(.durableBeforeSent)], site: OutboxEmptied.self),
    BugVariant(
      "lock-held-between-steps", "The agent keeps the write lock while it talks to the hub.",
      [.broken(.harmlessness)], site: LockHeldBetweenSteps.self),
  ]

  private static let applies: [BugVariant] = [
    BugVariant(
      "unsent-columns-overwritten", "What a pull brings lies on top of unsent work.",
      [.broken(.oneState), .broken(.convergence), .broken(.decision), .broken(.conservation)],
      site: UnsentColumnsOverwritten.self),
    BugVariant(
      "unsent-rows-removed", "A pull removes a row with everything that was written to it.",
      [.broken(.oneState), .broken(.convergence), .broken(.decision), .broken(.conservation)],
      site: UnsentRowsRemoved.self),
    BugVariant(
      "pins-lost", "Nobody remembers that a pull passed under a column.",
      [.broken(.decision), .broken(.conservation)], site: PinsLost.self),
    BugVariant(
      "base-marker-lost", "What people write after a pull counts as written before it.",
      [.broken(.decision)], site: BaseMarkerLost.self),
    BugVariant(
      "applied-rows-echoed", "What the agent applies is captured as people's work.",
      [.broken(.decision), .broken(.convergence)], site: AppliedRowsEchoed.self),
    BugVariant(
      "cursor-outside-transaction", "The cursor moves before the rows, and not with them.",
      [.broken(.convergence), .broken(.oneState), .broken(.decision)],
      site: CursorOutsideTransaction.self),
    BugVariant(
      "half-a-pull-applied", "The rows of a pull are not written in one transaction.",
      [.broken(.oneState), .broken(.decision), .broken(.convergence)],
      site: HalfAPullApplied.self),
    BugVariant(
      "cursor-forgotten", "The cursor stays where it was.",
      [.broken(.liveness), .broken(.decision)], site: CursorForgotten.self),
    BugVariant(
      "refresh-list-ignored", "Rows whose change did not simply win are not asked for again.",
      [.broken(.liveness), .broken(.oneState), .broken(.convergence)],
      site: RefreshListIgnored.self),
    BugVariant(
      "verdict-changes-row", "The value that won is written with the verdict.",
      [.broken(.oneState), .broken(.convergence), .broken(.decision), .broken(.conservation)],
      site: VerdictChangesRow.self),
    BugVariant(
      "unknown-cells-dropped", "What a site one version behind has no place for is not kept.",
      [.broken(.convergence), .broken(.versionIndependence), .broken(.liveness)],
      site: UnknownCellsDropped.self),
    BugVariant(
      "notices-not-written", "Nobody is told that a change did not win.", [.broken(.accounts)],
      site: NoticesNotWritten.self),
    BugVariant(
      "digests-always-equal", "A pull skips an entry, and the digests are equal all the same.",
      [.broken(.oneState), .broken(.convergence), .broken(.decision)], hub: PullSkipsFirst.self,
      site: DigestsAlwaysEqual.self),
  ]

  private static let durability: [BugVariant] = [
    BugVariant(
      "sidecar-not-read", "A file that went back in time does not show.",
      [
        .crash, .broken(.oneState), .broken(.durableBeforeSent), .broken(.convergence),
        .broken(.decision), .broken(.exactlyOnce),
      ], seams: { SidecarNotRead() }),
    BugVariant(
      "no-barrier", "A batch leaves before it is durable at its site.", tier: .storage,
      [.crash, .broken(.durableBeforeSent)], site: NoBarrier.self),
    BugVariant(
      "apply-not-synced", "What a pull brought is not durable when the sidecar says so.",
      tier: .storage, [.crash, .broken(.durableBeforeSent)], site: ApplyNotSynced.self),
    BugVariant(
      "hub-does-not-sync", "The hub answers what is not durable yet.", tier: .storage,
      // What it forgets may be that a site joined: that one is refused for ever.
      [.crash, .broken(.exactlyOnce), .broken(.fairness)], seams: { HubDoesNotSync() }),
  ]

  private static let restores: [BugVariant] = [
    BugVariant(
      "history-not-begun", "A restored hub goes on in the history that it had.",
      [
        .crash, .broken(.exactlyOnce), .broken(.liveness), .broken(.fairness),
        .broken(.growingTree), .broken(.convergence), .broken(.conservation),
      ], hub: HistoryNotBegun.self),
    BugVariant(
      "former-order-forgotten", "What comes back to a rebuilt hub counts as written today.",
      [.broken(.conservation), .broken(.convergence)], hub: FormerOrderForgotten.self),
    BugVariant(
      "forgotten-not-returned", "A site keeps to itself what a restored hub has forgotten.",
      [
        .broken(.exactlyOnce), .broken(.conservation), .broken(.convergence), .broken(.liveness),
        .broken(.fairness),
      ], site: ForgottenNotReturned.self),
    BugVariant(
      "return-cut-short", "A site returns the first batch that the hub forgot, and no other.",
      [
        .broken(.exactlyOnce), .broken(.conservation), .broken(.convergence), .broken(.liveness),
        .broken(.fairness),
      ], site: ReturnCutShort.self),
    BugVariant(
      "ended-logs-forgotten", "The hub forgets that a log has ended.",
      [.crash, .broken(.exactlyOnce), .broken(.liveness), .broken(.convergence)],
      hub: EndedLogsForgotten.self),
  ]
}
