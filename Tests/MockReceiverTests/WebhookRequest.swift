import WebhookModel
import WebhookSigning

/// A webhook as a sender would write it.
struct WebhookRequest {
    var path = "/orders"
    var id: String? = EventID(high: 1, low: 1).webhookID
    var body = #"{"order":1}"#
    var headers: [String] = []
    /// Signs with it, at `timestamp`.
    var secret: SigningSecret?
    var timestamp: Int64 = 0

    var text: String {
        var lines = ["POST \(path) HTTP/1.1", "Host: receiver", "Content-Length: \(body.utf8.count)"] + headers
        if let id { lines.append("Webhook-Id: \(id)") }
        if let id, let secret, let secrets = try? SecretSet([secret]) {
            lines.append("webhook-timestamp: \(timestamp)")
            let signature = Signer(secrets).signature(id: id, timestamp: timestamp, body: body.utf8)
            lines.append("webhook-signature: \(signature)")
        }
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    static func numbered(_ number: UInt64, path: String = "/orders") -> WebhookRequest {
        WebhookRequest(path: path, id: EventID(high: 7, low: number).webhookID)
    }
}
