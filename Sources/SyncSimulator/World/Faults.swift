/// Where on a change's way something can go wrong.
package enum PipelinePoint: String, Sendable, CaseIterable, Comparable {
  case localWrite = "L"
  case capture = "C"
  case readLog = "R"
  case send = "S"
  case receive = "H"
  case validate = "V"
  case commit = "K"
  case acknowledge = "A"
  case pull = "P"
  case apply = "Y"
  case maintain = "M"
  case operate = "X"

  package static func < (left: PipelinePoint, right: PipelinePoint) -> Bool {
    allCases.firstIndex(of: left)! < allCases.firstIndex(of: right)!
  }
}

/// One line of the fault table: a fault, the points at which it is to be met, and who produces it.
package struct FaultClass: Sendable {
  /// Whether a point is met, and by which tier.
  package enum Reach: Sendable, Equatable {
    case model
    case storage
    case both
    /// Nobody produces it here, because …
    case leftOut(String)

    /// Whether this tier produces it.
    package func includes(_ tier: Tier) -> Bool {
      switch self {
      case .both: true
      case .model: tier == .model
      case .storage: tier == .storage
      case .leftOut: false
      }
    }
  }

  /// `F` and this number name it.
  package let number: Int
  package let title: String
  package let points: [(point: PipelinePoint, reach: Reach)]
}

/// A fault at a point: what `--report` counts.
package struct FaultCell: Hashable, Comparable, Sendable {
  package let fault: Int
  package let point: PipelinePoint

  package static func < (left: FaultCell, right: FaultCell) -> Bool {
    (left.fault, left.point) < (right.fault, right.point)
  }
}
