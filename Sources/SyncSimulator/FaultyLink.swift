import ReplicaAgent
import SyncCore
import SyncProtocol

/// A line between a site and its hub that loses, repeats and cuts; the hub answers in this process.
final class FaultyLink: HubLink {
  private let hub: (ProtocolRequest) -> ProtocolResponse
  private var generator: SeededGenerator
  /// Of a hundred exchanges so many meet a fault.
  var faultPercent: Int
  private(set) var faultCount = 0
  /// The path of the requests whose answers are lost.
  var deafTo: String?
  /// Sees each request at the moment in which it leaves the site.
  var observer: ((ProtocolRequest) -> Void)?
  /// Sees each answer that leaves the hub, whether it arrives or not.
  var answerObserver: ((ProtocolRequest, ProtocolResponse) -> Void)?

  init(
    seed: UInt64, faultPercent: Int, answer: @escaping (ProtocolRequest) -> ProtocolResponse
  ) {
    hub = answer
    self.faultPercent = faultPercent
    generator = SeededGenerator(seed: seed)
  }

  private func answer(_ request: ProtocolRequest) -> ProtocolResponse {
    let response = hub(request)
    answerObserver?(request, response)
    return response
  }

  func exchange(_ request: ProtocolRequest) throws(LinkFailure) -> ProtocolResponse {
    observer?(request)
    if request.path == deafTo {
      _ = answer(request)
      throw LinkFailure(cause: .unreachable, detail: "the answer was lost")
    }
    guard generator.chance(faultPercent) else { return answer(request) }
    faultCount += 1
    switch Int.random(in: 0..<3, using: &generator) {
    case 0:
      throw LinkFailure(cause: .unreachable, detail: "the request was lost")
    case 1:
      _ = answer(request)
      throw LinkFailure(cause: .unreachable, detail: "the answer was lost")
    default:
      // A proxy sent the request twice; the site sees the second answer.
      _ = answer(request)
      return answer(request)
    }
  }
}
