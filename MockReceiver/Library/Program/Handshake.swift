/// A question by which a sender makes sure that a receiver wants its webhooks, before it sends any.
///
/// A receiver answers it correctly unless its program says otherwise. It carries no message: no account and no counter
/// of messages contains it.
public enum Handshake: String, Sendable, CaseIterable {
    /// WebSub section 5.3, also used by Meta: `GET` with the parameter `hub.challenge`; the answer's body is its value.
    case hub
    /// Microsoft Graph and SharePoint: `POST` or `GET` with the parameter `validationToken`, in any case; the answer's
    /// body is its value as text/plain.
    case validationToken = "validation_token"
    /// Slack: `POST` of `{"type": "url_verification", "challenge": ...}`; the answer's body is the challenge.
    case slack
    /// CloudEvents' HTTP 1.1 Web Hooks section 4: `OPTIONS` with `WebHook-Request-Origin`; the answer has
    /// `WebHook-Allowed-Origin` and `WebHook-Allowed-Rate`.
    case cloudevents

    /// The word used in a program.
    public var word: String { rawValue }
}

/// The methods of requests.
enum RequestMethod {
    /// Those that carry a webhook.
    static let ofWebhooks = ["POST", "PUT", "PATCH"]
    /// Those that a program can name (RFC 9110 section 9, RFC 5789). CONNECT is absent: its target is no path.
    static let all = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]

    static func isOfWebhooks(_ method: some Collection<UInt8>) -> Bool {
        switch method.count {
        case 4: method.elementsEqual("POST".utf8)
        case 3: method.elementsEqual("PUT".utf8)
        case 5: method.elementsEqual("PATCH".utf8)
        default: false
        }
    }
}

extension Conditions {
    /// Whether a rule with them can apply to a message.
    var canHoldForMessages: Bool {
        handshakes.isEmpty && (methods.isEmpty || methods.contains { RequestMethod.ofWebhooks.contains($0) })
    }

    /// Whether a rule with them can apply to a handshake, or to a request of a method that carries no webhook. A rule
    /// without such a condition is for messages only: a receiver that fails is not a receiver that never agreed.
    var canHoldForOthers: Bool {
        !handshakes.isEmpty || methods.contains { !RequestMethod.ofWebhooks.contains($0) }
    }
}
