package import Settings
package import WebhookModel

/// The result of a look-up.
package enum NameAnswer: Sendable, Equatable {
    /// Not empty, in the order of preference.
    case found([IPAddress])
    case failed(NameFailure)
}

/// Why a name has no addresses.
package enum NameFailure: Sendable, Equatable {
    /// The name, or an address of it, does not exist.
    case notFound
    /// The name servers could not be reached, or refused.
    case serverFailed
    /// No answer within the deadline.
    case timedOut

    package var outcome: Outcome {
        switch self {
        case .notFound: .nameNotFound
        case .serverFailed: .nameServerFailed
        case .timedOut: .nameTimedOut
        }
    }
}
