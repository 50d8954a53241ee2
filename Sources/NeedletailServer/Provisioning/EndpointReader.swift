import Settings
import WebhookModel
import WebhookSigning
import Yams

/// Reads one endpoint of a provisioning file.
struct EndpointReader {
    let notes: ProvisioningNotes
    let secrets: SecretSources
    let allowHTTP: Bool

    static let keys =
        [
            "name", "url", "events", "signature", "secret", "secret_file", "secret_env", "secrets", "body", "headers",
            "window",
            "timeout", "retry", "rate", "enabled", "ordering", "on_dead_letter", "batch",
        ] + ConnectionReader.keys
    static let nameBytes = 1...128

    func endpoint(_ node: Node, of tenant: ProvisioningSection, _ names: inout UniqueNames) -> DesiredEndpoint? {
        let label = "endpoint \"\(ProvisioningSection.writtenName(node))\" of \(tenant.label)"
        let section = ProvisioningSection(
            node, label: label, keys: EndpointReader.keys, notes: notes, number: tenant.number)
        guard let section else { return nil }
        let name = section.text("name", needed: true)
        if let name {
            names.take(name, section)
            if !EndpointReader.nameBytes.contains(name.utf8.count) { section.note("name", "is longer than 128 bytes") }
        }
        let url = self.url(section)
        let signing = SigningReader(section: section, sources: secrets).read()
        let message = MessageReader(section: section, sources: secrets)
        let body = message.body()
        let headers = message.headers(beside: signing?.scheme)
        let subscription = self.subscription(section)
        let retry = RetryReader(section: section).policy()
        let rate = RateReader(section: section).rate()
        let window = section.integer("window", 1...Limits.endpointWindowMost) ?? Limits.endpointWindow
        let timeout = section.duration("timeout", Limits.attemptMillisecondsLeast...Limits.attemptMillisecondsMost)
        let enabled = section.truth("enabled") ?? true
        let connection = ConnectionReader(
            section: section, sources: secrets, isSecure: url?.hasPrefix("https:") ?? true
        ).read()
        guard let name, let url, let signing else { return nil }
        var settings = Endpoint.Settings(
            url: url, subscription: subscription, scheme: signing.scheme.written, secrets: [], retry: retry,
            window: window,
            timeout: timeout ?? Limits.attemptMilliseconds, enabled: enabled)
        settings.rate = rate
        settings.secrets = signing.secrets
        settings.body = body
        settings.headers = headers
        OrderReader(section: section).read(into: &settings)
        settings.connection = connection
        return DesiredEndpoint(name: name, settings: settings)
    }

    private func url(_ section: ProvisioningSection) -> String? {
        guard let url = section.text("url", needed: true) else { return nil }
        do {
            let read = try EndpointURL(url)
            if !read.isSecure, !allowHTTP {
                section.note("url", "http is not allowed; write https://…, or set sender.allow_http (--allow-http)")
            }
            return read.canonical
        } catch {
            section.note("url", error.description)
            return nil
        }
    }

    private func subscription(_ section: ProvisioningSection) -> Subscription {
        guard let texts = section.texts("events") else { return .all }
        if texts.isEmpty { section.note("events", "is empty; leave it out for all events, or set enabled: false") }
        return Subscription(
            texts.compactMap { text in
                let pattern = Subscription.Pattern(text)
                if pattern == nil {
                    section.note(
                        "events",
                        "\"\(text)\" is not a pattern; give an exact type (task.done), a prefix (task.*) or *")
                }
                return pattern
            })
    }
}
