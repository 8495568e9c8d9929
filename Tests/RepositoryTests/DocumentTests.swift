import Foundation
import Testing

/// The five documents, each where it is used.
enum Documents {
  static let paths = [
    "README.md", "Sources/README.md", "Tests/README.md", "schemas/README.md", "deploy/README.md",
  ]
}

@Suite("Documents")
struct DocumentTests {
  @Test("stand where they are used", arguments: Documents.paths)
  func exist(path: String) {
    #expect(Repository.exists(path))
  }

  @Test("the door has at most 200 lines")
  func door() throws {
    #expect(try Repository.file("README.md").lines.count <= 201)
  }

  @Test("lead nowhere that does not exist", arguments: Documents.paths)
  func links(path: String) throws {
    expectNone(try deadLinks(in: Repository.file(path)))
  }

  @Test("the map of the sources names every target")
  func map() throws {
    let targets = try Package.sourceTargets(in: try Repository.file("Package.swift"))
    let map = try Repository.file("Sources/README.md").text
    #expect(targets.count >= 12)
    #expect(unnamed(targets, in: map) == [])
  }

  @Test("the checks see a dead link and a missing name")
  func samples() throws {
    let text = """
      [a](README.md#words) [b](https://example.org/x) [c](nowhere.md) [d](#here)
      ![e](../nowhere.png "title") [f](../Package.swift)
      ```
      [g](nowhere.md)
      ```
      """
    let findings = try deadLinks(in: TextFile(path: "Sources/README.md", text: text))
    #expect(findings.map(\.line) == [1, 2])
    #expect(unnamed(["Hub", "HubStorage"], in: "only `HubStorage`") == ["Hub"])
  }

  private func deadLinks(in document: TextFile) throws -> [Finding] {
    let folder = document.path.split(separator: "/").dropLast().joined(separator: "/")
    return try document.textMatches(#"\]\(([^)\s#]+)(?:#[^)\s]*)?(?:\s+"[^"]*")?\)"#)
      .compactMap { match in
        let target = match.captured
        guard !target.contains("://"), !target.hasPrefix("mailto:"),
          !document.isInCodeBlock(match.index)
        else { return nil }
        let place = path(folder, target)
        // Whether a document exists is the business of the test of that name.
        guard !Documents.paths.contains(place), !Repository.exists(place) else { return nil }
        return document.finding("\(target) does not exist", at: match.index)
      }
  }

  private func path(_ folder: String, _ target: String) -> String {
    let whole = URL(filePath: "/\(folder)/\(target)").standardizedFileURL
    return String(whole.path(percentEncoded: false).dropFirst())
  }

  private func unnamed(_ targets: [String], in map: String) -> [String] {
    targets.filter { !map.contains("`\($0)`") }
  }
}

extension TextFile {
  fileprivate func isInCodeBlock(_ index: Int) -> Bool {
    lines[..<index].count { $0.hasPrefix("```") } % 2 == 1
  }
}
