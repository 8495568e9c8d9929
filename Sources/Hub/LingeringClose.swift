import HummingbirdCore
import Logging
import NIOCore

// A site whose certificate is refused must learn that, or it would call the hub unreachable and try
// for ever. In TLS 1.3 the refusal crosses the site's first request on the way: the hub closes with
// bytes unread, the kernel answers them with a reset, and the reset destroys the alert in the
// site's receive buffer. So the hub ends its own half first, throws away what still comes, and
// closes when the other end has, or after a second.

/// A child channel whose last words arrive.
struct LingeringChannel<Inner: ServerChildChannel>: ServerChildChannel {
  let inner: Inner

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Inner.Value> {
    channel.eventLoop.makeCompletedFuture {
      try channel.pipeline.syncOperations.addHandler(LingeringClose())
    }.flatMap {
      inner.setup(channel: channel, logger: logger)
    }
  }

  func handle(value: Inner.Value, logger: Logger) async {
    await inner.handle(value: value, logger: logger)
  }
}

/// Stands between the socket and TLS. Open → lingering → closed; lingering is left out when the
/// other end has finished already.
private final class LingeringClose: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer

  private var hasInputEnded = false
  private var lingering: Lingering?

  private struct Lingering {
    var promises: [EventLoopPromise<Void>]
    let deadline: Scheduled<Void>
  }

  private static let secondsMax: Int64 = 1

  func close(
    context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?
  ) {
    guard mode == .all, !hasInputEnded, context.channel.isActive else {
      return context.close(mode: mode, promise: promise)
    }
    if lingering != nil {
      if let promise { lingering?.promises.append(promise) }
      return
    }
    let deadline = context.eventLoop.assumeIsolated().scheduleTask(
      in: .seconds(Self.secondsMax)
    ) {
      context.close(mode: .all, promise: nil)
    }
    lingering = Lingering(promises: promise.map { [$0] } ?? [], deadline: deadline)
    context.close(mode: .output, promise: nil)
    context.read()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if lingering == nil { context.fireChannelRead(data) }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if lingering == nil { context.fireChannelReadComplete() } else { context.read() }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event {
      hasInputEnded = true
      if lingering != nil { return context.close(mode: .all, promise: nil) }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    lingering?.deadline.cancel()
    for promise in lingering?.promises ?? [] { promise.succeed() }
    lingering?.promises = []
    context.fireChannelInactive()
  }
}
