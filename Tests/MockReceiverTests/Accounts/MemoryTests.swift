import Foundation
import MockReceiver
import Testing

/// What the accounts of many messages take: by their own account always, and by the kernel's where `NEEDLETAIL_MESSAGES=10000000` asks for
/// the figure of the manual. Run that alone: the kernel counts what other tests take too.
@Suite(.timeLimit(.minutes(5))) struct MemoryTests {
    private static let asked = ProcessInfo.processInfo.environment["NEEDLETAIL_MESSAGES"].flatMap(Int.init)
    private static let messages = asked ?? 100_000

    @Test func aMessageTakesTheDocumentedMemory() throws {
        let before = try residentBytes()
        let feeder = receiver(messageCap: Self.messages)
        feeder.feed(Self.messages)
        let used = try residentBytes() - before
        let stats = feeder.stats
        let each = "\(used / 1_000_000) MB, \(used / Self.messages) bytes each"
        print(
            "accounts: \(Self.messages) messages, \(each); the process has \((used + before) / 1_000_000) MB resident")
        #expect(stats.messages == Self.messages && !stats.inconclusive)
        // 88 for the record, 4 to 12 for its index, which is a power of two.
        #expect((88...102).contains(stats.accountBytes / Self.messages))
        if Self.asked != nil { #expect(used <= Self.messages * 110) }
    }

    @Test func beyondTheCapReportsAreInconclusive() {
        let feeder = receiver(messageCap: 1_000)
        feeder.feed(1_001)
        #expect(feeder.stats.messages == 1_000)
        #expect(feeder.stats.uncounted == 1)
        #expect(feeder.stats.inconclusive)
    }

    private func receiver(messageCap: Int) -> OfflineReceiver {
        var configuration = ReceiverConfiguration()
        configuration.messageCap = messageCap
        return OfflineReceiver(configuration)
    }

    /// Of proc(5), `statm`: pages.
    private func residentBytes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return try #require(Int(text.split(separator: " ")[1])) * Int(getpagesize())
    }
}
