package import WebhookModel

/// How a request on a stream ended.
package struct StreamEnd {
    package enum Result: Equatable, Sendable {
        /// The answer is complete.
        case whole
        /// The server did not process the request and says so (RFC 9113, 8.7): it may be sent again.
        case unprocessed
        /// The same, and the server wants it over HTTP/1.1.
        case needsHTTP1
        /// The stream or its connection ended before the answer did.
        case broken
        /// The answer breaks the protocol.
        case malformed
        /// The answer is over its limit; what was received of it counts.
        case tooLarge
    }

    /// The owner's name for the request.
    package let token: Int
    package let result: Result
    let reader: AnswerReader
    /// Its stream.
    let identifier: Int32
    /// All header fields of the answer were received.
    let isHeadWhole: Bool
    /// All of the request was given to the socket.
    let isRequestSent: Bool
    /// Monotonic nanoseconds; 0: no field of the answer came.
    let firstByteAt: Int64

    /// - Parameter written: bytes that the session has given to the socket since its beginning.
    init(_ stream: StreamAnswer, _ result: Result, written: Int) {
        identifier = stream.identifier
        isRequestSent = stream.requestEnd.map { $0 <= written } ?? false
        token = stream.token
        self.result = result
        reader = stream.reader
        isHeadWhole = stream.isHeadWhole
        firstByteAt = stream.firstByteAt
    }

    /// The end of a request of which the socket took only a part, though its answer came: the connection broke.
    init(cutOff end: StreamEnd) {
        token = end.token
        result = .broken
        reader = end.reader
        identifier = end.identifier
        isHeadWhole = end.isHeadWhole
        firstByteAt = end.firstByteAt
        isRequestSent = false
    }

    /// The same end, where the rest of the request was sent after it.
    init(sent end: StreamEnd) {
        token = end.token
        result = end.result
        reader = end.reader
        identifier = end.identifier
        isHeadWhole = end.isHeadWhole
        firstByteAt = end.firstByteAt
        isRequestSent = true
    }

    /// The status of the answer; 0: none came.
    package var status: Int { reader.status }
    package var excerpt: [UInt8] { reader.excerpt }
    package var headers: [UInt8] { reader.headers.bytes }
    package var retryAfter: RetryAfter? { reader.retryAfter }

    /// The outcome of the attempt.
    ///
    /// Once the header section is there, the status counts, whatever ends the rest of the answer (RFC 9112, 8). A success
    /// counts only if the server got the whole request, or ended its own answer in good order without it (RFC 9113, 8.1).
    ///
    /// - Parameter breakage: why the connection broke, if it did.
    package func outcome(breakage: Outcome) -> Outcome {
        let outcome = Outcome(status: reader.status)
        if result == .whole || isHeadWhole && (!outcome.isDelivered || isRequestSent) { return outcome }
        return switch result {
        case .tooLarge: .answerTooLarge
        case .malformed: .answerMalformed
        case .whole, .broken, .unprocessed, .needsHTTP1: breakage
        }
    }

    /// The answer counts, and its end is missing.
    package var isIncomplete: Bool { isHeadWhole && result != .whole }
}
