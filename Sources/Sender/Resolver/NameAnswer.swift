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
    /// The name's own servers fail, while others answer.
    case serverFailed
    /// No answer yet, or servers that fail since a moment ago: whose fault it is will show.
    case undecided
    /// The machine had no descriptor or memory for the look-up, or no name server answers anything.
    case lacking(Shortage)

    /// The outcome of an attempt that ends because of it; nil: it is not the name's fault, or not known to be, so it
    /// ends no attempt.
    package var outcome: Outcome? {
        switch self {
        case .notFound: .nameNotFound
        case .serverFailed: .nameServerFailed
        case .undecided, .lacking: nil
        }
    }

    package var shortage: Shortage? {
        if case .lacking(let shortage) = self { shortage } else { nil }
    }
}
