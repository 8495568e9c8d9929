import HubService
import HummingbirdCore
import Logging
import NIOCore
import NIOTLS
import Synchronization

/// The shell around ``ConnectionTable``: counts a listener's connections and closes what must go.
final class ConnectionDoor: Sendable {
  private struct State {
    var table: ConnectionTable<ObjectIdentifier>
    var channels: [ObjectIdentifier: any Channel] = [:]
  }

  private let state: Mutex<State>

  init(connectionCountMax: Int) {
    state = Mutex(State(table: ConnectionTable(countMax: connectionCountMax)))
  }

  fileprivate func opened(_ channel: any Channel) {
    let id = ObjectIdentifier(channel)
    let closing = state.withLock { state -> (any Channel)? in
      switch state.table.open(id, from: channel.remoteAddress?.ipAddress ?? "") {
      case .stays: break
      case .isClosed: return channel
      case .staysInsteadOf(let other):
        defer { state.channels[id] = channel }
        return state.channels.removeValue(forKey: other)
      }
      state.channels[id] = channel
      return nil
    }
    closing?.close(promise: nil)
    channel.closeFuture.whenComplete { _ in self.closed(id) }
  }

  /// The connection has shown whose it is.
  func named(_ channel: any Channel, as site: Caller) {
    let closing = state.withLock { state in
      state.table.name(ObjectIdentifier(channel), as: site).flatMap {
        state.channels.removeValue(forKey: $0)
      }
    }
    closing?.close(promise: nil)
  }

  private func closed(_ id: ObjectIdentifier) {
    state.withLock { state in
      state.table.close(id)
      state.channels[id] = nil
    }
  }
}

/// A child channel that came in by a door.
struct GuardedChannel<Inner: ServerChildChannel>: ServerChildChannel {
  let inner: Inner
  let door: ConnectionDoor

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Inner.Value> {
    inner.setup(channel: channel, logger: logger).map { value in
      door.opened(channel)
      return value
    }
  }

  func handle(value: Inner.Value, logger: Logger) async {
    await inner.handle(value: value, logger: logger)
  }
}

/// A child channel inside TLS whose handshake has a deadline. Without one a stranger would hold a
/// connection for as long as its idle time, and for ever by sending a byte now and then.
struct PunctualChannel<Inner: ServerChildChannel>: ServerChildChannel {
  let inner: Inner
  let secondsMax: Int64

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Inner.Value> {
    channel.eventLoop.makeCompletedFuture {
      try channel.pipeline.syncOperations.addHandler(HandshakeDeadline(secondsMax: secondsMax))
    }.flatMap {
      inner.setup(channel: channel, logger: logger)
    }
  }

  func handle(value: Inner.Value, logger: Logger) async {
    await inner.handle(value: value, logger: logger)
  }
}

private final class HandshakeDeadline: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  private let secondsMax: Int64
  private var deadline: Scheduled<Void>?

  init(secondsMax: Int64) {
    self.secondsMax = secondsMax
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let channel = context.channel
    deadline = context.eventLoop.scheduleTask(in: .seconds(secondsMax)) {
      channel.close(promise: nil)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case TLSUserEvent.handshakeCompleted = event { deadline?.cancel() }
    context.fireUserInboundEventTriggered(event)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    deadline?.cancel()
  }
}
