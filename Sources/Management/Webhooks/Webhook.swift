public import Store
import WebhookModel

/// An endpoint as clients see it.
public struct Webhook: Sendable {
    public var id: String
    /// The tenant's name.
    public var tenant: String
    public var row: Stored<EndpointRow>

    public enum Status: String, Sendable, CaseIterable {
        case active
        /// Its owner wants everything kept and nothing sent.
        case paused
        /// Its owner wants nothing.
        case disabled
        /// The server stopped sending to it, because it failed for days or answered 410.
        case suspended
    }

    public var status: Status {
        let settings = row.value.settings
        if !settings.enabled { return .disabled }
        if row.value.disabled != nil { return .suspended }
        return settings.paused ? .paused : .active
    }
}
