import ReplicaStorage
import SyncCore
import Testing

/// Tables that other programs drop or make anew come back, and so do their rows.
@Suite("Table repair")
struct TableRepairTests {
  /// Pulls what the refresh list asks for.
  private func pull(_ replica: ReplicaFixture, at seq: Int64) throws -> ApplyOutcome {
    let asked = try replica.refreshList()
    return try replica.apply(replica.hub.scope(at: seq, items: asked.map(replica.hub.whole)))
  }

  @Test("a dropped table is made anew, and its rows are asked for, not taken for deleted")
  func dropped() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("DROP TABLE person")
    #expect(try replica.file.installCapture(at: 1) == [.tableRebuilt])
    #expect(try replica.build() == CaptureTally())
    #expect(try replica.refreshList() == [person("p1"), person("p2"), person("p3")])
    #expect(try pull(replica, at: 20).isEqual)
    #expect(try replica.value("family_name", of: person("p1")) == "Muster")
    #expect(try replica.file.installCapture(at: 2).isEmpty)
    // It captures again.
    try replica.client.run("UPDATE person SET phone = '3' WHERE id = 'p1'")
    #expect(try replica.settle(at: 30).isEqual)
    #expect(replica.hub.rows[person("p1")]?.values[1] == .text("3"))
  }

  @Test("a table that the hub alone writes comes back, too")
  func hubOnly() throws {
    let replica = try ReplicaFixture()
    replica.hub.put(RowKey(table: 1, id: RowID("s1")), in: "", ["Stelle"])
    let site = RowKey(table: 1, id: RowID("s1"))
    try replica.apply(replica.hub.scope(at: 15, items: [replica.hub.whole(site)]))
    try replica.client.run("DROP TABLE site")
    #expect(try replica.file.installCapture(at: 1) == [.tableRebuilt])
    #expect(try pull(replica, at: 20).isEqual)
    #expect(try replica.value("name", of: site) == "Stelle")
  }

  @Test("a column that a rebuilt table lacks comes back with its values; new rows are found")
  func columnGone() throws {
    let replica = try ReplicaFixture()
    try replica.client.run(
      """
      CREATE TABLE other AS SELECT id, case_id, family_name, email, born_on, born_about, memo,
        children FROM person;
      DROP TABLE person;
      ALTER TABLE other RENAME TO person;
      INSERT INTO person (id, case_id, family_name) VALUES ('p9', 'c1', 'Neu')
      """)
    let events = try replica.file.installCapture(at: 1)
    #expect(events == [.tableRebuilt, .scrubFound])
    try replica.build()
    #expect(try replica.lastChanges().map(\.row) == [person("p9")])
    for change in try replica.lastChanges() { replica.hub.take(change) }
    try replica.answer()
    #expect(try pull(replica, at: 20).isEqual)
    #expect(try replica.value("phone", of: person("p1")) == "1")
  }

  @Test("a table of that name without its key is kept beside")
  func foreign() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("DROP TABLE person; CREATE TABLE person (nr INTEGER, text TEXT)")
    try replica.client.run("INSERT INTO person VALUES (7, 'mine')")
    #expect(try replica.file.installCapture(at: 1) == [.tableRebuilt])
    #expect(try pull(replica, at: 20).isEqual)
    #expect(try replica.client.rows("SELECT nr, text FROM person_set_aside") == [["7", "mine"]])
    #expect(try replica.file.installCapture(at: 2).isEmpty)
  }

  @Test("edits that waited in a dropped table's rows do not stop anything")
  func unsent() throws {
    let replica = try ReplicaFixture()
    try replica.client.run(
      """
      UPDATE person SET phone = 'mine' WHERE id = 'p1';
      DELETE FROM person WHERE id = 'p2';
      INSERT INTO person (id, case_id, phone) VALUES ('p8', 'c1', '8');
      DROP TABLE person
      """)
    #expect(try replica.file.installCapture(at: 1) == [.tableRebuilt])
    try replica.build()
    // The deletion is known; what stood in the others went with the table.
    #expect(try replica.lastChanges().map { "\($0.row.id) \($0.kind)" } == ["p2 delete"])
    for change in try replica.lastChanges() { replica.hub.take(change) }
    try replica.answer()
    #expect(try pull(replica, at: 20).isEqual)
  }
}
