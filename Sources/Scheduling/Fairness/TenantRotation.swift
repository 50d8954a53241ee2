import DequeModule
import WebhookModel

/// Whose turn it is: deficit round-robin over tenants that have something ready (Shreedhar and Varghese, 1995), then
/// round-robin over a tenant's lanes.
///
/// A delivery costs one unit. A tenant whose turn begins gets its weight in units and keeps the turn until they are
/// spent or nothing of it is ready; what it did not spend is forfeit. Every operation is O(1).
///
/// Turns share out what starts, not what is under way: a tenant of many endpoints that never answer would in the end hold
/// every transfer. So none has more in flight than twice what is free (a dynamic threshold, Choudhury and Hahne, 1998):
/// alone it gets two thirds, and somebody else always finds room. A weight multiplies it. Who is over it rests until attempts end.
struct TenantRotation {
    private struct Share {
        /// Lanes with something ready, in turn.
        var ready = Deque<Int>()
        /// Units left of this turn.
        var deficit = 0
        var weight = 1
        /// Lanes in all, ready or not: the share is dropped with the last.
        var lanes = 0
        /// Stands in `turns`.
        var hasTurn = false
        /// Stands in `resting`.
        var isResting = false
        var inFlight = 0

        func isOver(free: Int) -> Bool { inFlight >= max(TenantRotation.leastInFlight, 2 * free * weight) }
    }

    private var shares: [TenantNumber: Share] = [:]
    /// Tenants with something ready, each once.
    private var turns = Deque<TenantNumber>()
    /// Tenants with something ready that have too much in flight.
    private var resting = Deque<TenantNumber>()

    /// A tenant may always have this number in flight: one endpoint's window.
    static let leastInFlight = Limits.endpointWindow

    /// Tenants that have lanes.
    var tenants: Int { shares.count }

    mutating func laneAdded(_ tenant: TenantNumber) { shares[tenant, default: Share()].lanes += 1 }

    /// Sets a tenant's share. Its present turn goes on as it began.
    mutating func weigh(_ tenant: TenantNumber, _ weight: Int) {
        shares[tenant, default: Share()].weight = max(1, weight)
    }

    /// The lane is not listed any more and will not be again.
    mutating func laneDropped(_ tenant: TenantNumber) {
        shares[tenant]?.lanes -= 1
        if shares[tenant]?.lanes == 0 { shares[tenant] = nil }
    }

    /// Puts a lane at the end of its tenant's order. The caller keeps it from standing there twice.
    mutating func list(_ lane: Int, of tenant: TenantNumber) {
        let needsTurn = Self.append(lane, to: &shares[tenant, default: Share()])
        if needsTurn { turns.append(tenant) }
    }

    /// Takes the lane whose turn it is; it is no longer listed. `settle` must follow, after the lane is listed again if
    /// it is to be.
    ///
    /// - Parameter free: transfers that nobody has.
    mutating func take(free: Int) -> (lane: Int, tenant: TenantNumber)? {
        while let tenant = turns.first {
            guard !shares[tenant]!.isOver(free: free) else {
                shares[tenant]!.hasTurn = false
                shares[tenant]!.isResting = true
                resting.append(turns.removeFirst())
                continue
            }
            guard let lane = shares[tenant]!.ready.popFirst() else { return nil }
            return (lane, tenant)
        }
        return nil
    }

    /// A delivery of the tenant is no longer in flight.
    mutating func ended(_ tenant: TenantNumber, free: Int) {
        shares[tenant]?.inFlight -= 1
        for _ in 0..<min(resting.count, Limits.restingTenantsLookedAt) {
            let next = resting.removeFirst()
            guard let share = shares[next], !share.ready.isEmpty else {
                shares[next]?.isResting = false
                continue
            }
            guard !share.isOver(free: free) else {
                resting.append(next)
                continue
            }
            shares[next]!.isResting = false
            shares[next]!.hasTurn = true
            shares[next]!.deficit = share.weight
            turns.append(next)
        }
    }

    /// Ends what `take` began.
    ///
    /// - Parameter spent: whether the lane started something; if not, its tenant keeps the unit.
    mutating func settle(_ tenant: TenantNumber, spent: Bool) {
        switch Self.charge(&shares[tenant, default: Share()], spent: spent) {
        case .stays: break
        case .yields: turns.append(turns.removeFirst())
        case .leaves: turns.removeFirst()
        }
    }

    private enum TurnEnd { case stays, yields, leaves }

    /// Whether the tenant has no turn yet and must get one.
    private static func append(_ lane: Int, to share: inout Share) -> Bool {
        share.ready.append(lane)
        guard !share.hasTurn, !share.isResting else { return false }
        share.hasTurn = true
        share.deficit = share.weight
        return true
    }

    private static func charge(_ share: inout Share, spent: Bool) -> TurnEnd {
        if spent {
            share.deficit -= 1
            share.inFlight += 1
        }
        guard !share.ready.isEmpty else {
            share.hasTurn = false
            return .leaves
        }
        guard share.deficit <= 0 else { return .stays }
        share.deficit = share.weight
        return .yields
    }
}
