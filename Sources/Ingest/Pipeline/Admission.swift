import NIOConcurrencyHelpers

/// How many connections there are: in all, and of those that have not said who they are, also by address. One for all
/// loops.
final class Admission: Sendable {
    fileprivate struct Ledger {
        var open = 0
        var unauthenticated = 0
        var unauthenticatedByAddress: [String: Int] = [:]
    }

    private let configuration: IngestConfiguration
    private let ledger = NIOLockedValueBox(Ledger())

    init(_ configuration: IngestConfiguration) { self.configuration = configuration }

    /// Counts a new connection in. False: it is over a limit and is not counted.
    func admit(address: String) -> Bool {
        ledger.withLockedValue { ledger in
            let atAddress = ledger.unauthenticatedByAddress[address, default: 0]
            guard ledger.open < configuration.connections,
                ledger.unauthenticated < configuration.unauthenticatedConnections,
                atAddress < configuration.unauthenticatedConnectionsPerAddress
            else { return false }
            ledger.open += 1
            ledger.unauthenticated += 1
            ledger.unauthenticatedByAddress[address] = atAddress + 1
            return true
        }
    }

    /// An admitted connection has said who it is.
    func authenticated(address: String) {
        ledger.withLockedValue { $0.forgetUnauthenticated(address) }
    }

    /// An admitted connection is gone.
    func leave(address: String, wasAuthenticated: Bool) {
        ledger.withLockedValue { ledger in
            ledger.open -= 1
            if !wasAuthenticated { ledger.forgetUnauthenticated(address) }
        }
    }
}

extension Admission.Ledger {
    fileprivate mutating func forgetUnauthenticated(_ address: String) {
        unauthenticated -= 1
        let left = unauthenticatedByAddress[address, default: 1] - 1
        unauthenticatedByAddress[address] = left > 0 ? left : nil
    }
}
