import Threading

/// Counts connections over all loops and applies their limits: all connections, unauthenticated ones, and unauthenticated ones
/// of one network.
package final class Admission: Sendable {
    fileprivate struct Counts {
        var open = 0
        var unauthenticated = 0
        var unauthenticatedByNetwork: [ClientNetwork: Int] = [:]
    }

    private let configuration: IngestConfiguration
    private let counts = Locked(Counts())

    package init(_ configuration: IngestConfiguration) { self.configuration = configuration }

    /// Counts a new connection. False: it is over a limit and is not counted.
    package func admit(_ network: ClientNetwork) -> Bool {
        counts.withLock { counts in
            let ofNetwork = counts.unauthenticatedByNetwork[network, default: 0]
            guard counts.open < configuration.connections,
                counts.unauthenticated < configuration.unauthenticatedConnections,
                ofNetwork < configuration.unauthenticatedConnectionsPerAddress
            else { return false }
            counts.open += 1
            counts.unauthenticated += 1
            counts.unauthenticatedByNetwork[network] = ofNetwork + 1
            return true
        }
    }

    /// An admitted connection has authenticated.
    package func authenticated(_ network: ClientNetwork) {
        counts.withLock { $0.removeUnauthenticated(network) }
    }

    /// An admitted connection is gone.
    package func leave(_ network: ClientNetwork, wasAuthenticated: Bool) {
        counts.withLock { counts in
            counts.open -= 1
            if !wasAuthenticated { counts.removeUnauthenticated(network) }
        }
    }
}

extension Admission.Counts {
    fileprivate mutating func removeUnauthenticated(_ network: ClientNetwork) {
        unauthenticated -= 1
        let left = unauthenticatedByNetwork[network, default: 1] - 1
        unauthenticatedByNetwork[network] = left > 0 ? left : nil
    }
}
