public import Store
import WebhookModel

/// A delivery as clients see it.
public struct Delivery: Sendable {
    public var id: String
    /// The tenant's name.
    public var tenant: String
    /// The id and the name of its webhook; nil: the webhook's row is gone.
    public var webhook: (id: String, name: String)?
    public var listed: DeliveryListed
}

/// An attempt as clients see it.
public struct DeliveryAttempt: Sendable {
    public var id: String
    /// The id of its delivery; of a batch, that of its first event.
    public var delivery: String
    public var stored: StoredAttempt
    /// Whether the caller may see what the receiver answered.
    public var showsAnswer: Bool
}

/// The states of deliveries that a list can be asked for.
public enum DeliveryStateFilter: String, Sendable, CaseIterable {
    case pending, failing, delivered, dead, cancelled
    /// Failing or dead.
    case failed

    public var phases: Set<DeliveryPhase> {
        switch self {
        case .failed: [.failing, .dead]
        case .pending: [.pending]
        case .failing: [.failing]
        case .delivered: [.delivered]
        case .dead: [.dead]
        case .cancelled: [.cancelled]
        }
    }
}
