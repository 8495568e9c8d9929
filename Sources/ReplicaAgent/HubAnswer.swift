package import SyncProtocol

extension Result<ProtocolResponse, LinkFailure> {
  /// The hub's answer, if it is one that grants what was asked.
  ///
  /// - Throws: ``SessionError``, or ``ProtocolError`` where a refusal cannot be read.
  func accepted() throws -> ProtocolResponse {
    let response: ProtocolResponse
    switch self {
    case .success(let answer):
      response = answer
    case .failure(let failure):
      switch failure.cause {
      case .unreachable: throw SessionError.unreachable(failure.detail)
      case .wrongIdentity: throw SessionError.wrongIdentity(failure.detail)
      case .certificateUnusable: throw SessionError.certificateUnusable(failure.detail)
      case .certificateRefused: throw SessionError.certificateRefused(failure.detail)
      }
    }
    guard response.status == 200 else {
      let refusal: ProtocolError.Lenient = try WireJSON.decode(response.body)
      throw SessionError.refused(
        code: refusal.error.code, message: refusal.error.message, hint: refusal.error.hint)
    }
    return response
  }
}

extension HubLink {
  /// Sends a further goodbye under the number of a session that went through.
  ///
  /// - Throws: ``SessionError``.
  package func report(_ goodbye: ByeRequest) throws {
    let _: ByeResponse = try ask(ProtocolPath.bye, goodbye)
  }

  /// Asks for the site's hand-overs or answers one, under the number of a session that went
  /// through.
  ///
  /// - Throws: ``SessionError``.
  package func handovers(_ request: HandoverRequest) throws -> [WireHandover] {
    let answer: HandoverResponse = try ask(ProtocolPath.handover, request)
    return answer.handovers
  }

  /// Sends one control message and reads the answer.
  ///
  /// - Throws: ``SessionError``; an answer that cannot be read is no mistake of the site's.
  func ask<Answer: Decodable>(_ path: String, _ message: some Encodable) throws -> Answer {
    let request = ProtocolRequest(
      path: path, contentType: .json, body: try WireJSON.encode(message))
    let outcome: Result<ProtocolResponse, LinkFailure>
    do {
      outcome = .success(try exchange(request))
    } catch {
      outcome = .failure(error)
    }
    do {
      return try WireJSON.decode(outcome.accepted().body)
    } catch is ProtocolError {
      throw SessionError.unfitAnswer(path)
    }
  }
}
