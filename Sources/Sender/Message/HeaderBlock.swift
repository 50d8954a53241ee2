import WebhookModel

/// An endpoint's own headers as lines, checked once more where they are made. Made once per endpoint.
struct HeaderBlock {
    /// Each `Name: value`, without a line end.
    let lines: [[UInt8]]

    /// - Throws: the reason, in words, if a header breaks a rule. Settings were checked when they came in; what is sent is
    ///   checked here.
    init(_ headers: [CustomHeader]) throws(EndpointUnusable) {
        guard headers.count <= Limits.customHeaders else {
            throw EndpointUnusable(reason: "more than \(Limits.customHeaders) headers")
        }
        var lines: [[UInt8]] = []
        for header in headers {
            if let mistake = header.mistake { throw EndpointUnusable(reason: "header \"\(header.name)\": \(mistake)") }
            lines.append(Array("\(header.name): \(header.value)".utf8))
        }
        self.lines = lines
    }
}
