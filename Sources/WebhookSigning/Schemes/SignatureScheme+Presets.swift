// The schemes of known senders. Sources: standardwebhooks.com (specification 1.0.0); docs.svix.com;
// docs.stripe.com/webhooks#verify-manually; docs.github.com "Validating webhook deliveries"; getconvoy.io "Signatures"
// (the advanced form); api.slack.com "Verifying requests from Slack"; shopify.dev "Verify the webhook". x-pt, x-webhook
// and x-signature are in use without a public page.
extension SignatureScheme {
    /// Standard Webhooks 1.0, symmetric. The default.
    public static let standard = webhooks("standard", headers: "webhook")
    /// Standard Webhooks 1.0, asymmetric: receivers hold the public half only.
    public static let standardEd25519 = webhooks("standard-ed25519", headers: "webhook", .ed25519, .ed25519, "v1a,")
    public static let svix = webhooks("svix", headers: "svix")
    public static let stripe = preset(
        "stripe", [("Stripe-Signature", "t={timestamp},{signature}")], signs: "{timestamp}.{body}", prefix: "v1=",
        separator: ",")
    /// One value: the newest secret signs.
    public static let github = preset(
        "github",
        [
            ("X-Hub-Signature-256", "{signature}"), ("X-GitHub-Event", "{type}"), ("X-GitHub-Delivery", "{id}"),
        ], signs: "{body}", prefix: "sha256=")
    public static let xPT = preset(
        "x-pt", [("X-PT-Signature", "t={timestamp},{signature}")], signs: "{timestamp}{body}", prefix: "v1=",
        separator: ",")
    /// One value: the newest secret signs.
    public static let xWebhook = preset(
        "x-webhook",
        [
            ("X-Webhook-Signature", "{signature}"), ("X-Webhook-Event", "{type}"), ("X-Webhook-ID", "{id}"),
        ], signs: "{body}")
    /// One value: the newest secret signs.
    public static let xSignature = preset(
        "x-signature", [("X-Signature", "{signature}"), ("X-Timestamp", "{timestamp}")], signs: "{timestamp}{body}",
        prefix: "sha256=")
    public static let convoy = preset(
        "convoy", [("X-Convoy-Signature", "t={timestamp},{signature}")], signs: "{timestamp},{body}", prefix: "v1=",
        separator: ",")
    /// One value: the newest secret signs.
    public static let slack = preset(
        "slack", [("X-Slack-Signature", "{signature}"), ("X-Slack-Request-Timestamp", "{timestamp}")],
        signs: "v0:{timestamp}:{body}", prefix: "v0=")
    /// One value: the newest secret signs.
    public static let shopify = preset(
        "shopify",
        [
            ("X-Shopify-Hmac-SHA256", "{signature}"), ("X-Shopify-Topic", "{type}"), ("X-Shopify-Webhook-Id", "{id}"),
        ], signs: "{body}", encoding: .base64)

    /// Every preset.
    public static let all = [
        standard, standardEd25519, svix, stripe, github, xPT, xWebhook, xSignature, convoy, slack, shopify,
    ]

    /// The preset with this name; nil: there is none.
    public static func named(_ name: String) -> SignatureScheme? { all.first { $0.name == name } }

    private static func webhooks(
        _ name: String, headers: String, _ algorithm: Algorithm = .sha256, _ secretForm: SecretForm = .whsec,
        _ version: String = "v1,"
    ) -> SignatureScheme {
        preset(
            name,
            [
                ("\(headers)-id", "{id}"), ("\(headers)-timestamp", "{timestamp}"),
                ("\(headers)-signature", "{signature}"),
            ], signs: "{id}.{timestamp}.{body}", algorithm: algorithm, encoding: .base64, secretForm: secretForm,
            prefix: version, separator: " ")
    }

    private static func preset(
        _ name: String, _ headers: [(String, String)], signs: String, algorithm: Algorithm = .sha256,
        encoding: Encoding = .hex, secretForm: SecretForm = .raw, prefix: String = "", separator: String? = nil
    ) -> SignatureScheme {
        do throws(SignatureSchemeError) {
            var read: [Header] = []
            for (name, value) in headers { read.append(Header(name, try MessageTemplate(value))) }
            return try SignatureScheme(
                name: name, headers: read, signs: MessageTemplate(signs), algorithm: algorithm, encoding: encoding,
                secretForm: secretForm, prefix: prefix, separator: separator)
        } catch {
            preconditionFailure("the preset \(name): \(error)")
        }
    }
}
