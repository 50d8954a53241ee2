package import MockReceiver

/// The receiver's totals, as a run needs them.
package struct ReceiverCounts: Sendable, Equatable {
    package var requests = 0
    /// Messages accepted at least once.
    package var accepted = 0
    package var duplicates = 0
    /// Requests answered 5xx on purpose.
    package var failures = 0
    package var unverified = 0
    /// Requests whose body differs from their message's first.
    package var changedBodies = 0
    /// Connections accepted; 0: not known.
    package var connections = 0
    /// A cap was reached, so what is missing in the accounts is unknown.
    package var isInconclusive = false

    package init() {}

    /// The difference from an earlier reading.
    package func since(_ before: ReceiverCounts) -> ReceiverCounts {
        var counts = self
        counts.requests -= before.requests
        counts.accepted -= before.accepted
        counts.duplicates -= before.duplicates
        counts.failures -= before.failures
        counts.unverified -= before.unverified
        counts.changedBodies -= before.changedBodies
        counts.connections -= before.connections
        return counts
    }
}

/// Where the webhooks go, and what can be read there.
package enum ReceiverSide: Sendable {
    case embedded(EmbeddedReceiver)
    case remote(RemoteReceiver)
    case none

    package static func start(_ plan: ReceiverPlan, expectedMessages: Int, seed: UInt64) async throws -> ReceiverSide {
        switch plan {
        case .embedded(let plan):
            .embedded(try await EmbeddedReceiver.start(plan, expectedMessages: expectedMessages, seed: seed))
        case .remote(let address): .remote(try RemoteReceiver(address))
        case .none: .none
        }
    }

    package func stop() async {
        if case .embedded(let receiver) = self { await receiver.stop() }
    }

    package var name: String {
        switch self {
        case .embedded(let receiver): "embedded, port \(receiver.port)"
        case .remote(let receiver): "remote, \(receiver.address): counts only"
        case .none: "none"
        }
    }

    package var isReceiving: Bool {
        if case .none = self { false } else { true }
    }

    /// Whether messages can be told apart, so that loss can be proven.
    package var isExact: Bool {
        if case .embedded = self { true } else { false }
    }

    package func counts() async throws -> ReceiverCounts {
        switch self {
        case .embedded(let receiver): receiver.counts
        case .remote(let receiver): try await receiver.counts()
        case .none: ReceiverCounts()
        }
    }

    /// Every message's account; nil: only counts are known.
    package func accounts() -> MessageAccounts? {
        if case .embedded(let receiver) = self { receiver.accounts } else { nil }
    }

    /// Messages accepted so far, for the closed loop. Without an embedded receiver the loop has no limit.
    package var acceptedCount: @Sendable () -> Int {
        guard case .embedded(let receiver) = self else { return { Int.max / 2 } }
        return { receiver.counts.accepted }
    }
}
