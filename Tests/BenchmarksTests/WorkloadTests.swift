import Benchmarks
import Testing

@Suite("The workload of the benchmarks")
struct WorkloadTests {
  private let municipality = Workload(municipalityCount: 1)

  @Test func `a municipality has 7,800 rows, a county of forty 312,000`() {
    #expect(municipality.rowCount == 7_800)
    #expect(Workload(municipalityCount: 40).rowCount == 312_000)
  }

  @Test func `a municipality is written with 300 cases and two consents each`() {
    #expect(municipality.rows(ofMunicipality: 0).count == 7_800 + 300 + 600)
  }

  @Test func `a night is 202 operations in a municipality and 8,112 in a county of forty`() {
    let night = DeltaSize.nightly(of: 7_800)
    #expect(night.updates == 156 && night.inserts == 39 && night.deletes == 7)
    var edits = Edits(of: municipality, seed: 1)
    #expect(edits.next(night).count == 202)
    #expect(DeltaSize.nightly(of: 312_000).count == 8_112)
    #expect(DeltaSize.nightly(of: 78_000).count == 2_028)
  }

  @Test(arguments: [1_000, 10_000, 100_000])
  func `so many changes are that many`(count: Int) {
    #expect(DeltaSize.changes(count).count == count)
  }

  @Test func `the conflict set writes the same 1,500 goals whatever the column`() {
    var edits = Edits(of: municipality, seed: 1)
    #expect(edits.goals(1_500, column: "target_date").count == 1_500)
    #expect(edits.goals(1_500, column: "step_owner").count == 1_500)
  }

  @Test func `the same seed makes the same bytes, and another one others`() {
    func bytes(seed: UInt64) -> [UInt8] {
      Workload(municipalityCount: 1, seed: seed).rows(ofMunicipality: 0).changedCells()
    }
    #expect(bytes(seed: 3) == bytes(seed: 3))
    #expect(bytes(seed: 3) != bytes(seed: 4))
  }

  @Test func `rows are as long as the workload says: 2.5 to 3.5 MB in a municipality`() {
    let byteCount = municipality.rows(ofMunicipality: 0).changedCells().count
    #expect((2_500_000...3_500_000).contains(byteCount), "\(byteCount)")
  }
}
