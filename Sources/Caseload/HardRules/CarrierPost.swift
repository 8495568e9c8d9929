import SyncCore

/// In NRW's KIM Case Management a carrier's post is not attached to its migration counselling: no
/// position of a worker of such a site, and no grant that such a site executes.
///
/// A position's site is its worker's: the one that the worker's row names, else the one that wrote
/// it. The rule judges positions and grants; that a site becomes MBE or JMD afterwards is the
/// county's own entry and its own to weigh.
struct CarrierPost: HardRule {
  func links(of row: RowState, in schema: Schema) -> [RowLink] {
    switch row.table.name {
    case "position":
      schema.link(to: "grant_allocation", row["grant_id"])
        + schema.link(to: "worker", row["worker_id"])
    case "grant_allocation":
      schema.link(to: "programme_period", row["programme_id"])
        + schema.link(to: "site", row["executing_site"])
    case "worker": schema.link(to: "site", Self.site(of: row))
    default: []
    }
  }

  func objection(to edit: RowEdit, in view: DomainView) -> Rule? {
    guard let after = edit.after else { return nil }
    switch edit.table.name {
    case "grant_allocation":
      guard edit.alters("executing_site", "programme_id"), isOfKIM(after, in: view) else {
        return nil
      }
      return isAttached(after["executing_site"], in: view) ? .attachedToCounselling : nil
    case "position":
      guard edit.alters("worker_id", "grant_id"),
        let grant = view.row("grant_allocation", after["grant_id"]), isOfKIM(grant, in: view),
        let worker = view.row("worker", after["worker_id"])
      else { return nil }
      return isAttached(Self.site(of: worker), in: view) ? .attachedToCounselling : nil
    default: return nil
    }
  }

  private func isOfKIM(_ grant: RowState, in view: DomainView) -> Bool {
    let programme = view.row("programme_period", grant["programme_id"])
    return programme?["state"] == .text("05") && programme?["code"] == .text("KIM")
  }

  private func isAttached(_ site: Value, in view: DomainView) -> Bool {
    let site = view.row("site", site)
    return site?["kind"] == .text("carrier") && site?["mbe_jmd"] == .integer(1)
  }

  private static func site(of worker: RowState) -> Value {
    worker["site_id"].isNull ? .text(worker.writer.text) : worker["site_id"]
  }
}
