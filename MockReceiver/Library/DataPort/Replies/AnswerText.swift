import NIOCore

// Answers in HTTP/1.1 form (RFC 9112). Without Date, so that a hundred thousand answers per second can share these
// bytes.
extension Answer {
    /// The whole answer.
    func bytes(closing: Bool) -> ByteBuffer {
        ByteBuffer(string: head(length: hasBody ? body.utf8.count : nil, closing: closing) + text)
    }

    /// RFC 9110 section 8.6: a 204 carries no Content-Length; a 304 need not.
    var hasBody: Bool { status != 204 && status != 304 }
    var text: String { hasBody && !isForHead ? body : "" }
    /// Bytes of the body, or of the body that an answer to GET would have.
    var bodyLength: Int { hasBody ? body.utf8.count : 0 }

    /// Status line and header lines with the empty line; arguments as for `fields`.
    func head(length: Int?, closing: Bool = false, framing: String = "") -> String {
        statusLine + fields(length: length, closing: closing, framing: framing)
    }

    /// Header lines with the empty line.
    ///
    /// - Parameters:
    ///   - length: nil: no `content-length`.
    ///   - framing: other lines about the body, each with its line end.
    func fields(length: Int?, closing: Bool = false, framing: String = "") -> String {
        var text = ""
        for header in headers { text += "\(header.name): \(header.value)\r\n" }
        if let retryAfter { text += "retry-after: \(retryAfter.text)\r\n" }
        if let length { text += "content-length: \(length)\r\n" }
        if closing { text += "connection: close\r\n" }
        return text + framing + "\r\n"
    }

    var statusLine: String { "HTTP/1.1 \(status) \(reason)\r\n" }

    private var reason: String {
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
