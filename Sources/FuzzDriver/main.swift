import CFuzzer
import FuzzTargets
import Glibc

/// Runs libFuzzer on one decoder of the table.
///
///     FuzzDriver --list
///     FUZZED_DECODER=batch FuzzDriver [libFuzzer's own options, folders and files]
///
/// A program with a main of its own, because libFuzzer's takes no name. The name stands in the
/// environment, because libFuzzer starts itself anew for some of its work, with options of its own.
/// Made for `deploy/fuzz.sh`, which builds and calls it.
private enum FuzzDriver {
  static func main() -> CInt {
    guard !CommandLine.arguments.contains("--list") else {
      for decoder in DecoderTable.all { print(decoder.name, decoder.byteCountMax) }
      return 0
    }
    guard let name = getenv("FUZZED_DECODER"),
      let decoder = DecoderTable.decoder(named: String(cString: name))
    else {
      say("FUZZED_DECODER names no decoder; see FuzzDriver --list")
      return 64
    }
    Fuzzing.decoder = decoder
    var argumentCount = CommandLine.argc
    var start: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    return LLVMFuzzerRunDriver(&argumentCount, &start, Fuzzing.run)
  }
}

/// What libFuzzer calls, a C function without a context.
private enum Fuzzing {
  // Written once, before libFuzzer starts, which runs on one thread.
  nonisolated(unsafe) static var decoder: FuzzedDecoder?

  static let run: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { start, count in
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    do throws(BrokenLaw) {
      _ = try decoder?.examine(bytes)
    } catch {
      say(error.description)
      abort()
    }
    return 0
  }
}

/// On standard error, where libFuzzer writes, too.
private func say(_ line: String) {
  let bytes = Array("\(line)\n".utf8)
  _ = write(STDERR_FILENO, bytes, bytes.count)
}

exit(FuzzDriver.main())
