import CaseloadSchema
import Testing

/// Rows that REPLACE evicts: no delete trigger fires for them unless the client has switched
/// recursive triggers on, so notes must tell.
@Suite("Capture: evictions")
struct CaptureEvictionTests {
  private static let phone = UniqueIndex(keys: [UniqueIndex.Key(column: "phone")])
  private static let email = UniqueIndex(
    keys: [
      UniqueIndex.Key(column: "case_id"), UniqueIndex.Key(column: "email", collation: "NOCASE"),
    ])

  @Test("REPLACE of the same key notes the columns that differ", arguments: ClientSetting.all)
  func sameKey(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting)
    try replica.client.run(
      """
      INSERT OR REPLACE INTO person (id, case_id, family_name, email)
        VALUES ('p1', 'c1', 'Muster', 'new@example.org');
      REPLACE INTO person (id, case_id) VALUES ('p3', 'c1');
      """)
    #expect(
      try replica.log
        == ["e p1 [phone email] \(muster)"] + setting.evictions("d p1 \(muster)")
        + ["i p1", "i p3"])
  }

  @Test("REPLACE by equal values notes an empty mask", arguments: ClientSetting.all)
  func equalValues(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting)
    try replica.client.run("INSERT OR REPLACE INTO person SELECT * FROM person WHERE id = 'p1'")
    #expect(
      try replica.log == ["e p1 \(muster)"] + setting.evictions("d p1 \(muster)") + ["i p1"])
  }

  @Test("REPLACE that moves a row notes the case it was in", arguments: ClientSetting.all)
  func replacedIntoAnotherCase(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting)
    try replica.client.run(
      """
      INSERT OR REPLACE INTO person (id, case_id, family_name, phone, email)
        VALUES ('p1', 'c2', 'Muster', '1', 'one@example.org')
      """)
    #expect(
      try replica.log == ["e p1 \(muster)"] + setting.evictions("d p1 \(muster)") + ["i p1"])
  }

  @Test("REPLACE of a case keeps the rows of the case", arguments: ClientSetting.all)
  func replacedParent(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting)
    try replica.client.run(
      "INSERT OR REPLACE INTO case_file (id, opened_on, phase) VALUES ('c1', '2025-01-01', NULL)")
    let was = "in c1 was opened_on=2025-01-01 phase=open"
    // The mask names one column too many: NULL becomes the default only after the trigger.
    #expect(
      try replica.log
        == ["e case_file c1 [phase] \(was)"] + setting.evictions("d case_file c1 \(was)")
        + ["i case_file c1"])
    #expect(try replica.client.count("SELECT count(*) FROM person WHERE case_id = 'c1'") == 2)
    #expect(try replica.client.rows("SELECT phase FROM case_file WHERE id = 'c1'") == [["open"]])
  }

  @Test(
    "REPLACE through a unique index of the client notes the other row", arguments: ClientSetting.all
  )
  func otherRow(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting, uniqueIndexes: [Self.phone])
    try replica.client.run(
      "INSERT OR REPLACE INTO person (id, case_id, phone) VALUES ('p3', 'c1', '2')")
    #expect(try replica.log == ["e p2 \(probe)"] + setting.evictions("d p2 \(probe)") + ["i p3"])
    #expect(try replica.client.rows("SELECT id FROM person ORDER BY id") == [["p1"], ["p3"]])
  }

  @Test("REPLACE of the same key and another row notes both", arguments: ClientSetting.all)
  func sameKeyAndOtherRow(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting, uniqueIndexes: [Self.phone, Self.email])
    try replica.client.run(
      """
      INSERT OR REPLACE INTO person (id, case_id, family_name, phone, email)
        VALUES ('p1', 'c1', 'Muster', '2', 'TWO@EXAMPLE.ORG')
      """)
    let log = try replica.log
    #expect(
      Array(log.prefix(3)) == [
        "e p1 [phone email] \(muster)", "e p2 \(probe)", "e p2 \(probe)",
      ])
    // In which order the two go is SQLite's affair.
    let evicted = setting.evictions("d p1 \(muster)", "d p2 \(probe)")
    #expect(log.dropFirst(3).dropLast().sorted() == evicted)
    #expect(log.last == "i p1")
  }

  @Test("a NULL in a unique index collides with nobody", arguments: ClientSetting.all)
  func nulls(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting, uniqueIndexes: [Self.phone])
    try replica.client.run(
      """
      UPDATE person SET phone = NULL;
      INSERT OR REPLACE INTO person (id, case_id) VALUES ('p3', 'c1');
      """)
    #expect(try replica.log == ["u p1 [phone]", "u p2 [phone]", "i p3"])
  }

  @Test("UPDATE OR REPLACE notes the row it evicts", arguments: ClientSetting.all)
  func updateOrReplace(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting, uniqueIndexes: [Self.phone])
    try replica.client.run("UPDATE OR REPLACE person SET phone = '2' WHERE id = 'p1'")
    #expect(
      try replica.log
        == ["e p2 \(probe)"] + setting.evictions("d p2 \(probe)") + ["u p1 [phone]"])
  }

  @Test(
    "UPDATE OR REPLACE of an id to one that is there notes its row", arguments: ClientSetting.all)
  func updateOrReplaceID(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting)
    try replica.client.run("UPDATE OR REPLACE person SET id = 'p2' WHERE id = 'p1'")
    #expect(
      try replica.log
        == ["e p2 \(probe)"] + setting.evictions("d p2 \(probe)") + ["d p1 \(muster)", "i p2"])
  }

  @Test("OR IGNORE leaves a candidate whose row stands", arguments: ClientSetting.all)
  func ignored(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting, uniqueIndexes: [Self.phone])
    try replica.client.run(
      """
      INSERT OR IGNORE INTO person (id, case_id, phone) VALUES ('p1', 'c1', '9');
      INSERT OR IGNORE INTO person (id, case_id, phone) VALUES ('p3', 'c1', '2');
      UPDATE OR IGNORE person SET phone = '2' WHERE id = 'p1';
      UPDATE OR IGNORE person SET id = 'p2' WHERE id = 'p1';
      """)
    #expect(
      try replica.log == [
        "e p1 [family_name phone email] \(muster)", "e p2 \(probe)", "e p2 \(probe)",
        "e p2 \(probe)",
      ])
    #expect(
      try replica.client.rows("SELECT id, phone FROM person ORDER BY id")
        == [["p1", "1"], ["p2", "2"]])
  }

  @Test("OR FAIL keeps the rows before the failure and a candidate", arguments: ClientSetting.all)
  func failed(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting, uniqueIndexes: [Self.phone])
    #expect(throws: ClientError.self) {
      try replica.client.run(
        "INSERT OR FAIL INTO person (id, case_id) VALUES ('p3', 'c1'), ('p2', 'c1'), ('p4', 'c1')")
    }
    #expect(throws: ClientError.self) {
      try replica.client.run("UPDATE OR FAIL person SET phone = '2', sex = 'male'")
    }
    #expect(
      try replica.log == [
        "i p3", "e p2 [family_name phone email] \(probe)", "e p2 \(probe)",
      ])
    #expect(try replica.client.count("SELECT count(*) FROM person") == 3)
  }

  @Test("UPSERT through a unique index of the client evicts nobody", arguments: ClientSetting.all)
  func upsertThroughIndex(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting, uniqueIndexes: [Self.phone])
    try replica.client.run(
      """
      INSERT INTO person (id, case_id, phone) VALUES ('p3', 'c1', '2')
        ON CONFLICT (phone) DO UPDATE SET sex = 'male'
      """)
    #expect(try replica.log == ["e p2 \(probe)", "u p2 [sex]"])
  }

  @Test(
    "a row that was evicted and inserted again shows its old values", arguments: ClientSetting.all)
  func evictedAndBack(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting, uniqueIndexes: [Self.phone])
    try replica.client.run(
      """
      INSERT OR REPLACE INTO person (id, case_id, phone) VALUES ('p3', 'c1', '2');
      INSERT INTO person (id, case_id, family_name) VALUES ('p2', 'c1', 'Neu');
      """)
    #expect(
      try replica.log
        == ["e p2 \(probe)"] + setting.evictions("d p2 \(probe)") + ["i p3", "i p2"])
  }
}
