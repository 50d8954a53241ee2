import WebhookModel

/// A receiver without a network, whose time the caller sets. Everything behind the sockets is the production code.
///
/// For tests that step the time, and for measuring the cost of accounts. One thread at a time.
package final class OfflineReceiver {
    private let shared: SharedCore
    private let loop: LoopContext
    private var parser: RequestParser
    private var latestPath: ResolvedPath?

    /// - Parameter now: Unix nanoseconds.
    package init(_ configuration: ReceiverConfiguration, now: Int64 = 0) {
        shared = SharedCore(ReceiverCore(configuration, now: now))
        loop = LoopContext(shared: shared, configuration: configuration)
        parser = RequestParser(
            limits: RequestParser.Limits(headBytes: configuration.headBytes, bodyBytes: configuration.bodyBytes))
    }

    /// A request whose answer has not been written yet.
    package struct Pending {
        fileprivate let decision: Decision
        /// The status of the answer; 0: no usable answer.
        package var status: Int { decision.reply.outcome.status }
    }

    /// Receives a request, which must be whole, and writes its answer `milliseconds` later, or later if the program
    /// says so.
    ///
    /// - Returns: the answer's status; nil: not HTTP.
    @discardableResult
    package func receive(_ text: String, at now: Int64, answeredAfter milliseconds: Int = 0) -> Int? {
        guard let pending = begin(text, at: now) else { return nil }
        end(pending, at: now + Int64(max(milliseconds, pending.decision.delay)) * 1_000_000)
        return pending.status
    }

    /// Receives a request. `end` writes its answer, unless the answer is written at once.
    package func begin(_ text: String, at now: Int64) -> Pending? {
        Array(text.utf8).withUnsafeBytes { begin($0, at: now) }
    }

    package func begin(_ bytes: UnsafeRawBufferPointer, at now: Int64) -> Pending? {
        parser.begin()
        guard case .complete = parser.advance(bytes) else { return nil }
        return Pending(decision: loop.receive(parser, bytes, &latestPath, now: now))
    }

    /// The answer has been written.
    package func end(_ pending: Pending, at now: Int64) {
        guard pending.decision.ticket.isOpen else { return }
        shared.withCore { $0.answered(pending.decision.ticket, pending.decision.reply.outcome, at: now) }
    }

    /// Receives this number of requests to `/orders`, each with a different message, each answered 200 at once.
    package func feed(_ count: Int) {
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        let view = RequestView(
            bytes: nothing, method: nothing, fields: UnsafeBufferPointer(start: nil, count: 0), path: nothing,
            query: nothing, headLength: 0, body: nothing)
        shared.withCore { core in
            let path = core.resolve("/orders")
            for number in 0..<UInt64(count) {
                var request = ReceivedRequest(path, at: Int64(number))
                request.id = EventID(high: 0x0192_0000_0000_0000, low: BodyHash.finish(number))
                _ = core.receive(request, view, excerpt: nil)
            }
        }
    }

    package var stats: ReceiverStats { shared.withCore { $0.stats } }
    package var endpoints: [EndpointStats] { shared.withCore { $0.endpointStats } }
    package var accounts: MessageAccounts { shared.withCore { $0.snapshot } }
    package var journal: [JournalEntry] { shared.withCore { $0.journal.entries } }
}
