import Crypto
import SwiftASN1
package import SyncProtocol
import X509

/// A P-256 key and the certificate that names it, as two PEM files of mode 0600.
///
/// The key is written first and never written over: a creation that was cut off is completed with
/// the key that is already there, so a fingerprint that was handed out once stays true.
struct KeyFile: Sendable {
  let keyPath: String
  let certificatePath: String

  /// A PEM key or certificate of P-256 is below 1 KiB.
  static let byteCountMax = 64 << 10

  init(directory: String, name: String) {
    keyPath = "\(directory)/\(name).key"
    certificatePath = "\(directory)/\(name).crt"
  }

  func load() throws(IdentityError) -> (key: P256.Signing.PrivateKey, certificate: Certificate) {
    guard let key = try existingKey() else { throw .missing(path: keyPath) }
    guard let certificate = try existingCertificate() else {
      throw .missing(path: certificatePath)
    }
    guard certificate.publicKey == Certificate.PublicKey(key.publicKey) else {
      throw .keyDoesNotMatch(path: certificatePath)
    }
    return (key, certificate)
  }

  /// Makes what is missing, durably.
  func create(
    sign: (P256.Signing.PrivateKey) throws -> Certificate
  ) throws(IdentityError) -> (key: P256.Signing.PrivateKey, certificate: Certificate) {
    do {
      try DurableFile.makeDirectory(directory)
      if try existingKey() == nil {
        try DurableFile.write(Array(P256.Signing.PrivateKey().pemRepresentation.utf8), to: keyPath)
      }
      if try existingCertificate() == nil, let key = try existingKey() {
        let pem = try sign(key).serializeAsPEM().pemString
        try DurableFile.write(Array(pem.utf8), to: certificatePath)
      }
    } catch let error as FileFailure {
      throw .file(error)
    } catch let error as IdentityError {
      throw error
    } catch {
      throw .unsigned(path: certificatePath)
    }
    return try load()
  }

  private var directory: String {
    String(keyPath[..<(keyPath.lastIndex(of: "/") ?? keyPath.startIndex)])
  }

  private func existingKey() throws(IdentityError) -> P256.Signing.PrivateKey? {
    guard let pem = try text(of: keyPath) else { return nil }
    do {
      return try P256.Signing.PrivateKey(pemRepresentation: pem)
    } catch {
      throw .malformed(path: keyPath)
    }
  }

  private func existingCertificate() throws(IdentityError) -> Certificate? {
    guard let pem = try text(of: certificatePath) else { return nil }
    do {
      return try Certificate(pemEncoded: pem)
    } catch {
      throw .malformed(path: certificatePath)
    }
  }

  private func text(of path: String) throws(IdentityError) -> String? {
    do {
      let bytes = try DurableFile.read(path, byteCountMax: Self.byteCountMax)
      return bytes.map { String(decoding: $0, as: UTF8.self) }
    } catch {
      throw .file(error)
    }
  }
}

/// A key or a certificate in the hub's directory that cannot be used.
package enum IdentityError: Error, Sendable, CustomStringConvertible {
  case file(FileFailure)
  case missing(path: String)
  case malformed(path: String)
  case keyDoesNotMatch(path: String)
  case unsigned(path: String)

  package var description: String {
    switch self {
    case .file(let failure): failure.description
    case .missing(let path):
      "\(path) is missing; restore it from the backup, or run kreissync hub init for a new hub"
    case .malformed(let path): "\(path) is no intact PEM file; restore it from the backup"
    case .keyDoesNotMatch(let path):
      "\(path) belongs to another key than the one beside it; restore both from one backup"
    case .unsigned(let path): "\(path) could not be signed; repeat the command"
    }
  }
}

extension P256.Signing.PublicKey {
  /// SHA-256 of the DER of the SubjectPublicKeyInfo: what pins and tables of keys hold.
  var keyHash: [UInt8] { Array(SHA256.hash(data: derRepresentation)) }
}
