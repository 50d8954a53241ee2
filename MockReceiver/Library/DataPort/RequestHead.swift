/// What a request's head says about its path and its framing. Offsets count from the request's first byte.
package struct RequestHead {
    package private(set) var method = 0..<0
    /// The target's path without its query.
    package private(set) var path = 0..<0
    /// What follows the path's `?`.
    private(set) var query = 0..<0
    /// Whether the connection stays open after the answer.
    package private(set) var keepsAlive = true
    package private(set) var isChunked = false
    var expectsContinue = false
    /// 0: the head has none.
    var contentLength: Int { declaredLength ?? 0 }

    private var isOld = false
    private var hosts = 0
    private var declaredLength: Int?

    /// Reads `METHOD SP target SP HTTP/1.x` (RFC 9112 section 3).
    mutating func readRequestLine(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) throws(RequestRefusal) {
        let parts = try HTTPGrammar.requestLine(bytes, line)
        method = parts.method
        switch HTTPGrammar.version(bytes, parts.version) {
        case .current: isOld = false
        case .old:
            isOld = true
            keepsAlive = false
        case .other: throw .unknownVersion
        case .none: throw .malformed("the request line does not end with HTTP/1.1")
        }
        path = try HTTPGrammar.path(bytes, parts.target)
        query = min(path.upperBound + 1, parts.target.upperBound)..<parts.target.upperBound
    }

    /// Records the field if it concerns framing.
    mutating func readFraming(_ bytes: UnsafeRawBufferPointer, _ field: RequestParser.Field) throws(RequestRefusal) {
        switch field.name.count {
        case 4 where HTTPGrammar.equal(bytes, field.name, "host"):
            hosts += 1
        case 6 where HTTPGrammar.equal(bytes, field.name, "expect"):
            guard HTTPGrammar.equal(bytes, field.value, "100-continue") else { throw .unknownExpectation }
            expectsContinue = !isOld
        case 10 where HTTPGrammar.equal(bytes, field.name, "connection"):
            if HTTPGrammar.lists("close", bytes, field.value) { keepsAlive = false }
            if isOld, HTTPGrammar.lists("keep-alive", bytes, field.value) { keepsAlive = true }
        case 14 where HTTPGrammar.equal(bytes, field.name, "content-length"):
            guard let length = HTTPGrammar.decimal(bytes, field.value) else {
                throw .malformed("content-length is not a number")
            }
            guard declaredLength ?? length == length else { throw .malformed("two different content-lengths") }
            declaredLength = length
        case 17 where HTTPGrammar.equal(bytes, field.name, "transfer-encoding"):
            guard !isChunked else { throw .malformed("two transfer-encodings") }
            guard HTTPGrammar.equal(bytes, field.value, "chunked") else { throw .unknownEncoding }
            isChunked = true
        default: break
        }
    }

    /// Checks the combination of the fields. It is strict, because a proxy in between might interpret an ambiguous
    /// request differently (RFC 9112 section 11.2, request smuggling).
    func checkFraming() throws(RequestRefusal) {
        if !isOld && hosts != 1 { throw .malformed("HTTP/1.1 needs exactly one host field") }
        if isChunked && declaredLength != nil { throw .malformed("both transfer-encoding and content-length") }
        if isChunked && isOld { throw .malformed("HTTP/1.0 has no transfer-encoding") }
    }
}

/// Why a request is refused before it is whole: an answer in the 400s or 500s, after which the connection is closed.
package enum RequestRefusal: Error, Equatable {
    case malformed(String)
    case targetTooLong
    case headTooLarge
    case bodyTooLarge
    case wrongMethod
    case unknownExpectation
    case unknownEncoding
    case unknownVersion

    var answer: Answer {
        switch self {
        case .malformed(let what): Answer(status: 400, body: "malformed request: \(what)\n")
        case .targetTooLong: Answer(status: 414, body: "the request line is too long\n")
        case .headTooLarge: Answer(status: 431, body: "the head is too large\n")
        case .bodyTooLarge: Answer(status: 413, body: "the body is too large\n")
        case .wrongMethod:
            Answer(
                status: 405, headers: [Answer.Header("allow", RequestMethod.ofWebhooks.joined(separator: ", "))],
                body: "webhooks are POSTed\n")
        case .unknownExpectation: Answer(status: 417, body: "only expect: 100-continue is supported\n")
        case .unknownEncoding: Answer(status: 501, body: "only transfer-encoding: chunked is supported\n")
        case .unknownVersion: Answer(status: 505, body: "only HTTP/1.1 and HTTP/1.0 are supported\n")
        }
    }
}
