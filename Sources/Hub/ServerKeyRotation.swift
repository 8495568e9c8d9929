import Crypto
package import SyncCore
import SyncProtocol
import X509

/// How the hub's own key is replaced without losing a site.
///
///     server.key                          the sites know one pin
///     server.key, server-next.key         each hello announces both; sites keep them
///     server.key (the next one's place)   sites that kept both go on; the old key is gone
///
/// The next certificate begins to be valid when the switch is due: no other record of it is needed.
/// Every step is durable before the next begins; ``ServerIdentity/current(directory:now:)``
/// finishes a switch that was killed.
extension ServerIdentity {
  private static let nextName = "server-next"

  /// Makes the next identity, to take over at `switchAt`; one that is there already is kept.
  package static func createNext(
    directory: String, switchAt: Milliseconds
  ) throws(IdentityError) -> ServerIdentity {
    try create(directory: directory, name: nextName, validFrom: switchAt)
  }

  /// The identity that is to take over; nil where none is made, or its making was cut off.
  package static func next(directory: String) throws(IdentityError) -> ServerIdentity? {
    let files = files(directory, nextName)
    guard try exists(files.keyPath), try exists(files.certificatePath) else { return nil }
    return try load(directory: directory, name: nextName)
  }

  /// The identity that counts now: a switch that is due, or was begun, is done first.
  package static func current(
    directory: String, now: Milliseconds
  ) throws(IdentityError) -> ServerIdentity {
    if let next = try next(directory: directory) {
      if next.validFrom <= now { try switchToNext(directory: directory) }
    } else {
      try finishSwitch(directory: directory)
    }
    return try load(directory: directory)
  }

  /// Puts the next identity in the present one's place, whose key is gone then.
  ///
  /// - Precondition: there is a next one.
  package static func switchToNext(directory: String) throws(IdentityError) {
    let (next, present) = (files(directory, nextName), files(directory, name))
    try move(next.keyPath, to: present.keyPath)
    try move(next.certificatePath, to: present.certificatePath)
  }

  /// The key is in its place and the certificate is not.
  private static func finishSwitch(directory: String) throws(IdentityError) {
    let (next, present) = (files(directory, nextName), files(directory, name))
    guard try exists(next.certificatePath), try !exists(next.keyPath) else { return }
    try move(next.certificatePath, to: present.certificatePath)
  }

  private static func files(_ directory: String, _ name: String) -> KeyFile {
    KeyFile(directory: directory, name: name)
  }

  private static func exists(_ path: String) throws(IdentityError) -> Bool {
    do {
      return try DurableFile.read(path, byteCountMax: KeyFile.byteCountMax) != nil
    } catch {
      throw .file(error)
    }
  }

  private static func move(_ path: String, to target: String) throws(IdentityError) {
    // Another process may have done it in this very moment: the same key stands there.
    guard try exists(path) else { return }
    do {
      try DurableFile.move(path, to: target)
    } catch {
      throw .file(error)
    }
  }
}
