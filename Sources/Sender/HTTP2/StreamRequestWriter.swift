import Settings
import WebhookModel

/// Renders messages and begins their requests on HTTP/2 sessions.
final class StreamRequestWriter {
    private let renderer = MessageRenderer(kept: Limits.keptMessageBytes)
    private let userAgent: String

    init(userAgent: String) { self.userAgent = userAgent }

    /// Renders, signs and begins a request.
    ///
    /// - Returns: the stream; nil: the session takes no request.
    func begin(_ order: AttemptOrder, token: Int, on session: HTTP2Session) -> Int32? {
        let fields = fields(of: order.target)
        renderer.render(order.delivery, seconds: order.startedAt / 1_000, target: order.target)
        fields.beginMessage()
        // The first line is the content type, which most messages to a host have in common.
        for index in 0..<renderer.lineCount { fields.add(line: renderer.line(index), isIndexed: index == 0) }
        let body = renderer.body
        fields.addLength(body.count)
        return session.begin(token, fields, body: body)
    }

    private func fields(of target: EndpointTarget) -> RequestFields {
        if let fields = target.requestFields { return fields }
        let fields = RequestFields(
            authority: target.url.hostField, path: target.url.requestTarget,
            defaults: target.headers.defaults(userAgent: userAgent), lines: target.headers.lines)
        target.requestFields = fields
        return fields
    }
}
