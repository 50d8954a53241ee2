/// Which tenant each event belongs to, if some tenants get more events than others.
///
/// A round contains each tenant as often as its weight says, spread evenly. Event n takes place n of its round. So a
/// tenant's events come at even gaps, and the tenant of an event follows from its number.
package struct TenantMix: Sendable {
    private let round: [UInt32]

    /// - Parameter shares: tenants by index, and how often each comes in a round. Tenants in no share get no events.
    package init(_ shares: [(tenants: Range<Int>, weight: Int)]) {
        var places: [(place: Double, tenant: Int)] = []
        for share in shares {
            for tenant in share.tenants {
                for turn in 0..<share.weight {
                    places.append(((Double(turn) + 0.5) / Double(share.weight), tenant))
                }
            }
        }
        precondition(!places.isEmpty, "a mix of no tenants")
        places.sort { ($0.place, $0.tenant) < ($1.place, $1.tenant) }
        round = places.map { UInt32($0.tenant) }
    }

    /// Events of one round.
    package var roundCount: Int { round.count }

    /// Index of the tenant that this event belongs to.
    package func tenant(of sequence: Int) -> Int { Int(round[sequence % round.count]) }
}

/// A group of tenants whose latencies are measured separately.
package struct TenantGroup: Sendable, Equatable {
    package var name: String
    /// By index.
    package var tenants: Range<Int>
    /// False: their receiver does not answer, on purpose. Events that wait for it are neither lost nor late.
    package var isAnswered: Bool

    package init(_ name: String, _ tenants: Range<Int>, isAnswered: Bool = true) {
        self.name = name
        self.tenants = tenants
        self.isAnswered = isAnswered
    }
}
