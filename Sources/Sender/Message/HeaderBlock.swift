import WebhookModel
import WebhookSigning

/// An endpoint's own headers as lines, checked once more where they are made. Made once per endpoint.
///
/// A request has one field of each name (RFC 9110, 5.3). The owner's replaces ours. Those of the signature scheme replace
/// both, because receivers verify them. Fields that describe the message or the connection can be set by neither
/// (`HeaderRules`).
struct HeaderBlock {
    /// Each `Name: value`, without a line end.
    let lines: [[UInt8]]
    /// The names that the owner or the scheme sets, in lower case.
    private let names: Set<String>

    /// - Parameter scheme: the signature scheme, whose lines are written for each message.
    /// - Throws: the reason, in words, if a header breaks a rule. Settings were checked when they came in; what is sent is
    ///   checked here.
    init(_ headers: [CustomHeader], beside scheme: SignatureScheme) throws(EndpointUnusable) {
        guard headers.count <= Limits.customHeaders else {
            throw EndpointUnusable(reason: "more than \(Limits.customHeaders) headers")
        }
        var lines: [[UInt8]] = []
        var names = Set(scheme.headers.map { $0.name.lowercased() })
        for header in headers {
            if let mistake = header.mistake { throw EndpointUnusable(reason: "header \"\(header.name)\": \(mistake)") }
            guard names.insert(header.name.lowercased()).inserted else { continue }
            lines.append(Array("\(header.name): \(header.value)".utf8))
        }
        self.lines = lines
        self.names = names
    }

    /// The fields that every request has unless the owner or the scheme sets them, by name.
    ///
    /// - Parameter userAgent: of the program.
    func defaults(userAgent: String) -> [(name: String, value: String)] {
        [(name: "User-Agent", value: userAgent), (name: "Accept", value: "*/*")]
            .filter { !names.contains($0.name.lowercased()) }
    }
}
