import NIOConcurrencyHelpers
import NIOCore

/// The events of a `GET /stream`: `stats` at most four times a second, with the requests that came since, newest last.
///
/// Its memory is limited: a slow reader gets fewer, larger updates, and is told how many requests it missed.
struct EventStream {
    private let control: ReceiverControl
    private let filter: JournalFilter
    private var last: Int
    private var since: Int64
    private var isFirst = true
    private var waiting: [ByteBuffer] = []

    /// The most requests of one update.
    static let mostRequests = 50
    private static let pause = Duration.milliseconds(250)
    /// Without requests an update is sent this often, so that the reader sees that the receiver is alive.
    private static let heartbeat = Duration.seconds(2)

    init(_ control: ReceiverControl, _ filter: JournalFilter) {
        self.control = control
        self.filter = filter
        since = control.stats().since
        last = filter.after ?? max(0, (control.journal().first?.number ?? 0) - EventStream.mostRequests)
    }

    /// The next event's bytes; nil: the receiver stops.
    mutating func next() async throws -> ByteBuffer? {
        while waiting.isEmpty {
            if !isFirst {
                try await Task.sleep(for: EventStream.pause)
                let total = control.stats().totals.requests
                _ = await control.wait(for: .requests(total + 1), timeout: EventStream.heartbeat)
                guard !control.isStopping else { return nil }
            }
            isFirst = false
            try gather()
        }
        return waiting.removeFirst()
    }

    private mutating func gather() throws {
        let moment = control.moment()
        if moment.stats.since != since {
            since = moment.stats.since
            last = 0
            waiting.append(ByteBuffer(string: "event: reset\ndata: {}\n\n"))
        }
        let new = moment.entries.prefix { $0.number > last }
        let shown = new.lazy.filter(filter.matches).prefix(EventStream.mostRequests)
        if let newest = new.first { last = newest.number }
        for entry in shown.reversed() { waiting.append(try event("request", JournalPayload(entry))) }
        waiting.append(try event("stats", StatsPayload(moment.stats)))
    }

    private func event(_ name: String, _ value: some Encodable) throws -> ByteBuffer {
        var buffer = ByteBuffer(string: "event: \(name)\ndata: ")
        buffer.writeImmutableBuffer(try AdminJSON.line(value))
        buffer.writeString("\n\n")
        return buffer
    }
}

/// How many streams are open.
final class StreamGate: Sendable {
    static let most = 64
    private let open = NIOLockedValueBox(0)

    /// A place, released when the value is deallocated; nil: all are taken.
    func enter() -> Place? {
        open.withLockedValue { open in
            guard open < StreamGate.most else { return nil }
            open += 1
            return Place(self)
        }
    }

    final class Place: Sendable {
        private let gate: StreamGate
        init(_ gate: StreamGate) { self.gate = gate }
        deinit { gate.open.withLockedValue { $0 -= 1 } }
    }
}
