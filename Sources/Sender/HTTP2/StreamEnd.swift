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
    /// All header fields of the answer were received.
    let isHeadWhole: Bool
    /// Monotonic nanoseconds; 0: no field of the answer came.
    let firstByteAt: Int64

    init(_ stream: StreamAnswer, _ result: Result) {
        token = stream.token
        self.result = result
        reader = stream.reader
        isHeadWhole = stream.isHeadWhole
        firstByteAt = stream.firstByteAt
    }

    /// The same request with another result.
    init(_ end: StreamEnd, _ result: Result) {
        token = end.token
        self.result = result
        reader = end.reader
        isHeadWhole = end.isHeadWhole
        firstByteAt = end.firstByteAt
    }

    /// The status of the answer; 0: none came.
    package var status: Int { reader.status }
    package var excerpt: [UInt8] { reader.excerpt }
    package var headers: [UInt8] { reader.headers.bytes }
    package var retryAfter: RetryAfter? { reader.retryAfter }
}
