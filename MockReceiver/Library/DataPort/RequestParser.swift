import Glibc

/// Reads HTTP/1.1 requests (RFC 9112) from bytes that arrive in any parts.
///
/// `advance` is given all bytes of the current request so far, always from its first byte; it continues where it
/// stopped. After `complete` the caller drops the request's bytes and calls `begin`. Offsets count from the request's
/// first byte, so the bytes may move between calls.
package struct RequestParser {
    /// A request that exceeds these is refused before it is held in memory.
    package struct Limits {
        package var headBytes: Int
        package var bodyBytes: Int
        package var fields = 128
        /// A chunk's size line with its extensions.
        package var chunkLineBytes = 256

        package init(headBytes: Int, bodyBytes: Int) {
            self.headBytes = headBytes
            self.bodyBytes = bodyBytes
        }
    }

    package enum Step: Equatable {
        /// More bytes are needed.
        case incomplete
        /// A whole request of this length.
        case complete(length: Int)
        /// Not HTTP, or over a limit: answer and close.
        case refused(RequestRefusal)
    }

    package struct Field {
        package var name: Range<Int>
        package var value: Range<Int>
    }

    private let limits: Limits
    package private(set) var head = RequestHead()
    package private(set) var fields: [Field] = []
    /// Where the head ends, including its empty line; 0: it has not ended.
    package private(set) var headLength = 0

    private enum State {
        case requestLine, fields
        case body(length: Int)
        case chunkSize
        case chunk(left: Int)
        case chunkEnd, trailers, complete
    }
    private var state = State.requestLine
    /// The first byte that was not parsed yet, and the first that was not searched for a line end yet.
    private var position = 0
    private var searched = 0
    private var trailersStart = 0
    private var bodyRange = 0..<0
    /// A chunked body without its framing.
    private var unchunked: [UInt8] = []

    package init(limits: Limits) { self.limits = limits }

    /// Starts the next request. Keeps its storage.
    package mutating func begin() {
        head = RequestHead()
        fields.removeAll(keepingCapacity: true)
        unchunked.removeAll(keepingCapacity: unchunked.capacity <= 64 * 1024)
        headLength = 0
        state = .requestLine
        position = 0
        searched = 0
        bodyRange = 0..<0
    }

    package mutating func advance(_ bytes: UnsafeRawBufferPointer) -> Step {
        while true {
            do {
                switch state {
                case .requestLine: guard try readRequestLine(bytes) else { return .incomplete }
                case .fields: guard try readField(bytes) else { return .incomplete }
                case .body(let length): guard readBody(bytes, length) else { return .incomplete }
                case .chunkSize: guard try readChunkSize(bytes) else { return .incomplete }
                case .chunk(let left): guard readChunk(bytes, left) else { return .incomplete }
                case .chunkEnd: guard try readChunkEnd(bytes) else { return .incomplete }
                case .trailers: guard try readTrailer(bytes) else { return .incomplete }
                case .complete: return .complete(length: position)
                }
            } catch {
                return .refused(error)
            }
        }
    }

    /// Whether the client waits for `100 Continue` and the head is whole: true once.
    package mutating func takeContinue() -> Bool {
        defer { if headLength > 0 { head.expectsContinue = false } }
        return headLength > 0 && head.expectsContinue
    }

    /// The whole body, unchunked. `bytes` as in the last `advance`.
    package func withBody<Result>(_ bytes: UnsafeRawBufferPointer, _ use: (UnsafeRawBufferPointer) -> Result) -> Result
    {
        head.isChunked
            ? unchunked.withUnsafeBytes(use) : use(UnsafeRawBufferPointer(rebasing: bytes[bodyRange]))
    }

    /// The value of the first field with this name, without surrounding spaces; empty: there is none.
    ///
    /// - Parameter name: in lower case.
    package func value(of name: [UInt8], in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        withView(bytes) { $0.value(of: name) }
    }

    /// The request's parts, for the call; without a body if only the head is whole. `bytes` as in the last `advance`.
    func withView<Result>(_ bytes: UnsafeRawBufferPointer, _ use: (RequestView) -> Result) -> Result {
        fields.withUnsafeBufferPointer { fields in
            withBody(bytes) { body in
                use(
                    RequestView(
                        bytes: bytes, method: UnsafeRawBufferPointer(rebasing: bytes[head.method]), fields: fields,
                        path: UnsafeRawBufferPointer(rebasing: bytes[head.path]),
                        query: UnsafeRawBufferPointer(rebasing: bytes[head.query]), headLength: headLength, body: body))
            }
        }
    }
}

// MARK: Head

extension RequestParser {
    private mutating func readRequestLine(_ bytes: UnsafeRawBufferPointer) throws(RequestRefusal) -> Bool {
        guard let line = try line(bytes, limit: limits.headBytes, refusal: .targetTooLong) else { return false }
        // RFC 9112 section 2.2: an empty line before the request line is ignored.
        if !line.isEmpty {
            try head.readRequestLine(bytes, line)
            state = .fields
        }
        return true
    }

    private mutating func readField(_ bytes: UnsafeRawBufferPointer) throws(RequestRefusal) -> Bool {
        guard let line = try line(bytes, limit: limits.headBytes, refusal: .headTooLarge) else { return false }
        guard !line.isEmpty else {
            try endHead()
            return true
        }
        guard fields.count < limits.fields else { throw .headTooLarge }
        let field = try HTTPGrammar.field(bytes, line)
        fields.append(field)
        try head.readFraming(bytes, field)
        return true
    }

    private mutating func endHead() throws(RequestRefusal) {
        try head.checkFraming()
        headLength = position
        guard head.contentLength <= limits.bodyBytes else { throw .bodyTooLarge }
        state = head.isChunked ? .chunkSize : .body(length: head.contentLength)
    }

    /// The next line without its CRLF; nil: it is not whole yet. `limit` counts from the request's first byte.
    private mutating func line(
        _ bytes: UnsafeRawBufferPointer, limit: Int, refusal: RequestRefusal
    ) throws(RequestRefusal) -> Range<Int>? {
        let length = bytes.count - searched
        guard length > 0, let start = bytes.baseAddress,
            let found = memchr(start + searched, 0x0A, length)
        else {
            searched = bytes.count
            guard bytes.count <= limit else { throw refusal }
            return nil
        }
        let end = UnsafeRawPointer(found) - start
        guard end < limit else { throw refusal }
        guard end > position, bytes[end - 1] == 0x0D else { throw .malformed("a line does not end with CR LF") }
        defer {
            position = end + 1
            searched = position
        }
        return position..<end - 1
    }
}

// MARK: Body

extension RequestParser {
    private mutating func readBody(_ bytes: UnsafeRawBufferPointer, _ length: Int) -> Bool {
        guard bytes.count - headLength >= length else { return false }
        bodyRange = headLength..<headLength + length
        position = headLength + length
        state = .complete
        return true
    }

    private mutating func readChunkSize(_ bytes: UnsafeRawBufferPointer) throws(RequestRefusal) -> Bool {
        let limit = position + limits.chunkLineBytes
        guard let line = try line(bytes, limit: limit, refusal: .malformed("a chunk's size line is too long")) else {
            return false
        }
        let size = try HTTPGrammar.chunkSize(bytes, line)
        guard unchunked.count + size <= limits.bodyBytes,
            // Framing may exceed a small body, but not a large one.
            position - headLength <= 2 * limits.bodyBytes + 64 * 1024
        else { throw .bodyTooLarge }
        trailersStart = position
        state = size == 0 ? .trailers : .chunk(left: size)
        return true
    }

    private mutating func readChunk(_ bytes: UnsafeRawBufferPointer, _ left: Int) -> Bool {
        let count = min(left, bytes.count - position)
        guard count > 0 else { return false }
        unchunked.append(contentsOf: bytes[position..<position + count])
        position += count
        searched = position
        state = count == left ? .chunkEnd : .chunk(left: left - count)
        return true
    }

    private mutating func readChunkEnd(_ bytes: UnsafeRawBufferPointer) throws(RequestRefusal) -> Bool {
        let refusal = RequestRefusal.malformed("a chunk does not end where its size says")
        guard let line = try line(bytes, limit: position + 2, refusal: refusal) else { return false }
        guard line.isEmpty else { throw refusal }
        state = .chunkSize
        return true
    }

    /// Trailers are read only to find their end (RFC 9110 section 6.5.1).
    private mutating func readTrailer(_ bytes: UnsafeRawBufferPointer) throws(RequestRefusal) -> Bool {
        guard let line = try line(bytes, limit: trailersStart + limits.headBytes, refusal: .headTooLarge) else {
            return false
        }
        if line.isEmpty { state = .complete } else { _ = try HTTPGrammar.field(bytes, line) }
        return true
    }
}
