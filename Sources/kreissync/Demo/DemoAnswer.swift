/// What the product's own commands answer with `--json`, as far as the demo reads it.
enum DemoAnswer {
  struct Refusal: Decodable {
    struct Reason: Decodable {
      let message: String
    }
    let error: Reason
  }

  struct Added: Decodable {
    let site: String
    let join: String
  }

  struct Joined: Decodable {
    let replica: String
  }

  struct Session: Decodable {
    struct Pulled: Decodable {
      let rows: Int
      let casesGranted: Int
    }
    struct Digests: Decodable {
      let replica: String
      let hub: String
      let equal: Bool
    }

    let seq: Int
    let captured: Int
    let coalesced: Int
    let withheld: Int
    let parked: Int
    let pushed: [String: Int]
    let pulled: Pulled
    let digest: Digests

    /// Every captured change has exactly one end.
    var sumsAreEqual: Bool {
      captured == pushed.values.reduce(coalesced + withheld + parked, +)
    }

    /// The verdicts that occurred, the ordinary one first.
    var verdicts: String {
      let words = ["applied", "merged", "overridden", "proposal", "refused", "duplicate"]
      let parts = words.compactMap { word in
        pushed[word].flatMap { $0 == 0 ? nil : "\($0) \(word)" }
      }
      let folded = coalesced == 0 ? [] : ["\(coalesced) coalesced"]
      return (parts + folded).joined(separator: ", ")
    }
  }

  struct SiteStatus: Decodable {
    let state: String
    let reasons: [String]
    let pending: Int
  }

  struct CountyStatus: Decodable {
    struct Site: Decodable {
      let site: String
      let cursor: Int
      let digestEqual: Bool?
    }

    struct Warning: Decodable {
      let label: String
      let count: Int
    }

    let seq: Int
    let sites: [Site]
    let warnings: [Warning]
  }

  struct Log: Decodable {
    let ok: Bool
    let entries: Int
    let treeHead: String
  }

  /// An entry of the ledger (`lost`) or a proposal (`proposed`).
  struct Contest: Decodable {
    struct Side: Decodable {
      let value: Cell
      let site: String
    }

    let table: String
    let column: String?
    let rule: String
    let kept: Side
    let lost: Side?
    let proposed: Side?
  }

  /// A cell as JSON writes it.
  enum Cell: Decodable {
    case null
    case integer(Int64)
    case text(String)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        self = .null
        return
      }
      do {
        self = .text(try container.decode(String.self))
      } catch DecodingError.typeMismatch {
        self = .integer(try container.decode(Int64.self))
      }
    }

    /// For people.
    var display: String {
      switch self {
      case .null: "nothing"
      case .integer(let number): String(number)
      case .text(let text): "“\(text)”"
      }
    }
  }
}
