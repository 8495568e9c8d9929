import HubService
import SyncCore
import Testing

/// What a monitor of the Nagios family reads.
@Suite("Report for monitors")
struct PluginReportTests {
  private func report(_ items: [PluginReport.Item]) -> PluginReport {
    PluginReport(
      items: items,
      measures: [
        PluginReport.Measure("sites", 3),
        PluginReport.Measure("free", 7, unit: "B", warning: "9:", critical: "5:"),
      ], fine: "all is well")
  }

  private func item(_ number: Int, _ light: Light) -> PluginReport.Item {
    PluginReport.Item("08118 Stelle \(number)", Sign("reason_\(number)", light))
  }

  @Test("without a sign it is one line, and state 0")
  func fine() {
    #expect(report([]).state.rawValue == 0)
    #expect(report([]).text == "KREISSYNC OK - all is well | sites=3;;;0 free=7B;9:;5:;0")
  }

  @Test("a sign that asks for nobody stands below, and the state stays 0")
  func green() {
    let report = report([item(1, .green)])
    #expect(report.state.rawValue == 0)
    #expect(
      report.text == """
        KREISSYNC OK - all is well | sites=3;;;0 free=7B;9:;5:;0
        green: 08118 Stelle 1: reason_1
        """)
  }

  @Test("the worst stands first and makes the number")
  func order() {
    let yellow = report([item(1, .yellow), item(2, .green)])
    #expect(yellow.state.rawValue == 1)
    #expect(yellow.text.hasPrefix("KREISSYNC WARNING - 08118 Stelle 1: reason_1 | sites"))
    let red = report([item(1, .green), item(2, .yellow), item(3, .red), item(4, .yellow)])
    #expect(red.state.rawValue == 2)
    #expect(
      red.text == """
        KREISSYNC CRITICAL - 08118 Stelle 3: reason_3; 08118 Stelle 2: reason_2; \
        08118 Stelle 4: reason_4 | sites=3;;;0 free=7B;9:;5:;0
        red: 08118 Stelle 3: reason_3
        yellow: 08118 Stelle 2: reason_2
        yellow: 08118 Stelle 4: reason_4
        green: 08118 Stelle 1: reason_1
        """)
  }

  @Test("of many signs the first line has three and a count, and the lines have an end")
  func many() {
    let lines = report((1...250).map { item($0, .yellow) }).text.split(separator: "\n")
    #expect(lines[0].contains("Stelle 3: reason_3; and 247 more | sites=3"))
    #expect(lines.count == 102)
    #expect(lines[101] == "and 150 more: see kreissync hub status")
  }

  @Test("a name can begin neither performance data nor a line, and not fill the screen")
  func names() {
    let name = "A|b\n\u{2028}\u{1B}[31m" + String(repeating: "ä", count: 500)
    let text = report([PluginReport.Item(name, Sign("parked", .yellow))]).text
    #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count == 2)
    #expect(text.filter { $0 == "|" }.count == 1)
    #expect(text.hasPrefix("KREISSYNC WARNING - A b   [31mää") && text.count < 250)
  }

  @Test("a look that came to nothing says why and what to do")
  func unknown() {
    let message = "there is no hub at /var/lib/" + String(repeating: "x", count: 100)
    #expect(
      PluginReport.unknown(message + "|\n", cure: "check --data")
        == "KREISSYNC UNKNOWN - \(message)  \ncheck --data")
    #expect(PluginReport.State.unknown.rawValue == 3)
  }
}
