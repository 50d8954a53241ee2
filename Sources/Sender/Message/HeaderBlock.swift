import WebhookModel

/// An endpoint's own headers as libcurl wants lines: `Name: value` and a NUL, one after another. Made once per endpoint.
struct HeaderBlock {
    private(set) var bytes: [UInt8] = []
    /// Where each line begins.
    private(set) var starts: [Int] = []

    /// - Throws: what is wrong, in words. Settings were checked when they came in; what the wire gets is checked where it is made.
    init(_ headers: [CustomHeader]) throws(EndpointUnusable) {
        guard headers.count <= Limits.customHeaders else {
            throw EndpointUnusable(reason: "more than \(Limits.customHeaders) headers")
        }
        for header in headers {
            if let mistake = header.mistake { throw EndpointUnusable(reason: "header \"\(header.name)\": \(mistake)") }
            starts.append(bytes.count)
            bytes += header.name.utf8
            bytes += ": ".utf8
            bytes += header.value.utf8
            bytes.append(0)
        }
    }
}
