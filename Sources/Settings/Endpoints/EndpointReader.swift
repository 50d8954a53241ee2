package import WebhookModel
import WebhookSigning

/// Reads one endpoint, field by field.
package struct EndpointReader {
    /// What differs between the documents that endpoints come from.
    package struct Rules: Sendable {
        package var sources: SettingsSources
        /// Whether `http://` is accepted.
        package var allowHTTP: Bool
        /// Whether the secret may be absent, to be generated for a new endpoint.
        package var mayLackSecret: Bool
        /// Why nothing can ever be delivered to a URL with these settings: a predicate of it; nil: something may. Nil as a
        /// whole: not known here.
        package var refusal: (@Sendable (EndpointURL, EndpointConnection?) -> String?)?

        package init(sources: SettingsSources, allowHTTP: Bool, mayLackSecret: Bool = false) {
            self.sources = sources
            self.allowHTTP = allowHTTP
            self.mayLackSecret = mayLackSecret
        }
    }

    let rules: Rules
    let notes: SettingsNotes

    package static let keys =
        [
            "name", "url", "events", "signature", "secret", "secret_file", "secret_env", "secrets", "body", "headers",
            "window", "timeout", "retry", "rate", "enabled", "paused", "ordering", "on_dead_letter", "batch",
        ] + ConnectionReader.keys

    package init(_ rules: Rules, notes: SettingsNotes) {
        self.rules = rules
        self.notes = notes
    }

    /// - Parameters:
    ///   - tenant: the section of its tenant, where it stands in one: for messages, and for `{n}`.
    ///   - names: the endpoints of the same tenant that were read before.
    /// - Returns: nil after a mistake.
    package func endpoint(
        _ node: SettingsNode, at path: String, of tenant: SettingsSection? = nil, _ names: inout UniqueNames
    ) -> DesiredEndpoint? {
        let name = "endpoint \"\(SettingsSection.writtenName(node))\""
        let subject = tenant.map { "\(name) of \($0.subject)" } ?? name
        let section = SettingsSection(node, subject: subject, path: path, keys: EndpointReader.keys, notes: notes)
        guard var section else { return nil }
        section.number = tenant?.number
        return endpoint(section, &names)
    }

    private func endpoint(_ section: SettingsSection, _ names: inout UniqueNames) -> DesiredEndpoint? {
        let name = section.text("name", needed: true)
        if let name {
            names.take(name, section)
            if name.utf8.count > Limits.endpointNameBytes {
                section.note("name", "is longer than \(Limits.endpointNameBytes) bytes")
            }
        }
        let url = self.url(section)
        let signing = SigningReader(section: section, sources: rules.sources, mayLackSecret: rules.mayLackSecret).read()
        let message = MessageReader(section: section, sources: rules.sources)
        let body = message.body()
        let headers = message.headers(beside: signing?.scheme)
        let subscription = self.subscription(section)
        let retry = RetryReader(section: section).policy()
        let rate = RateReader(section: section).rate()
        let (order, batch) = OrderReader(section: section).read(beside: body)
        let window = section.integer("window", 1...Limits.endpointWindowMost) ?? Limits.endpointWindow
        let timeout = section.duration("timeout", Limits.attemptMillisecondsLeast...Limits.attemptMillisecondsMost)
        let enabled = section.truth("enabled") ?? true
        let connection = ConnectionReader(
            section: section, sources: rules.sources, isSecure: url?.isSecure ?? true
        ).read()
        if let url, let reason = rules.refusal?(url, connection) {
            section.note("url", "\(Shown.name(url.canonical)) \(reason)")
        }
        guard let name, let url, let signing else { return nil }
        var settings = Endpoint.Settings(
            url: url.canonical, subscription: subscription, scheme: signing.scheme.written, secrets: [], retry: retry,
            window: window, timeout: timeout ?? Limits.attemptMilliseconds, enabled: enabled)
        settings.paused = section.truth("paused") ?? false
        settings.rate = rate
        settings.secrets = signing.secrets
        settings.body = body
        settings.headers = headers
        settings.order = order
        settings.batch = batch
        settings.connection = connection
        return DesiredEndpoint(name: name, settings: settings)
    }

    private func url(_ section: SettingsSection) -> EndpointURL? {
        guard let text = section.text("url", needed: true) else { return nil }
        do throws(EndpointURLError) {
            let url = try EndpointURL(text)
            if !url.isSecure, !rules.allowHTTP {
                section.invalid(
                    "url", text, expected: "an https URL: http needs sender.allow_http (--allow-http) of the server")
            }
            return url
        } catch {
            section.invalid("url", error.hidesText ? nil : text, expected: error.expected)
            return nil
        }
    }

    private func subscription(_ section: SettingsSection) -> Subscription {
        guard let texts = section.texts("events") else { return .all }
        if texts.isEmpty {
            section.note("events", "is empty; leave it out for all events, or set enabled to false")
        }
        return Subscription(
            texts.compactMap { text in
                let pattern = Subscription.Pattern(text)
                if pattern == nil {
                    section.invalid("events", text, expected: "an exact type (task.done), a prefix (task.*) or *")
                }
                return pattern
            })
    }
}

/// Notes the second use of a name.
package struct UniqueNames {
    private let what: String
    private var seen: Set<String> = []

    /// - Parameter what: what bears the name: `endpoint`.
    package init(of what: String) { self.what = what }

    package mutating func take(_ name: String, _ section: SettingsSection) {
        if !seen.insert(name).inserted {
            section.note("name", .duplicate, "\"\(name)\" is already used by another \(what); names must be unique")
        }
    }
}
