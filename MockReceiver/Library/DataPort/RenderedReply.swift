import NIOCore

/// A reply as bytes, made once per rule: requests share them.
enum RenderedReply: Sendable {
    /// The same answer for a connection that stays and for one that closes.
    case answer(status: Int, keepAlive: ByteBuffer, closing: ByteBuffer)
    case reset

    init(_ reply: Behaviour.Reply) {
        switch reply {
        case .reset: self = .reset
        case .answer(let answer):
            self = .answer(
                status: answer.status, keepAlive: RenderedReply.bytes(answer, closing: false),
                closing: RenderedReply.bytes(answer, closing: true))
        }
    }

    /// 0 for a reset.
    var status: Int {
        switch self {
        case .answer(let status, _, _): status
        case .reset: 0
        }
    }

    /// An answer in HTTP/1.1 form (RFC 9112). No Date: a hundred thousand answers a second may share these bytes.
    static func bytes(_ answer: Answer, closing: Bool) -> ByteBuffer {
        // RFC 9110 section 8.6: a 204 carries no Content-Length; a 304 need not.
        let hasBody = answer.status != 204 && answer.status != 304
        var text = "HTTP/1.1 \(answer.status) \(reason(answer.status))\r\n"
        for header in answer.headers { text += "\(header.name): \(header.value)\r\n" }
        if hasBody { text += "content-length: \(answer.body.utf8.count)\r\n" }
        if closing { text += "connection: close\r\n" }
        text += "\r\n"
        if hasBody { text += answer.body }
        return ByteBuffer(string: text)
    }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 410: "Gone"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Status \(status)"
        }
    }
}
