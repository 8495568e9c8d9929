import Foundation

/// JSON as the protocol writes it: snake_case keys in ascending order, so that equal messages are
/// equal bytes.
package enum WireJSON {
  package static func encode(_ message: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(message))
  }

  /// A refusal's bytes. Its fields are texts, which always encode.
  package static func encode(refusal: ProtocolError) -> [UInt8] {
    do {
      return try encode(refusal)
    } catch {
      preconditionFailure("three texts did not encode: \(error)")
    }
  }

  /// - Throws: ``ProtocolError`` `bad_request` if the bytes are no such message.
  package static func decode<Message: Decodable>(
    _ bytes: [UInt8], as _: Message.Type = Message.self
  )
    throws(ProtocolError) -> Message
  {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      return try decoder.decode(Message.self, from: Data(bytes))
    } catch {
      throw ProtocolError(
        .badRequest, "the body is not the JSON that this address takes",
        hint: "see schemas/openapi.yaml")
    }
  }
}
