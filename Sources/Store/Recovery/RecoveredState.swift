import LMDB
public import WebhookModel

/// What the writer needs in memory to go on from the last commit. Nothing is repaired: LMDB's last commit decides.
public struct RecoveredState: Sendable {
    public var counters = Counters()
    public var tenants: [Stored<Tenant>] = []
    public var keys: [UInt32: Stored<APIKey>] = [:]
    public var endpoints: [Stored<EndpointRow>] = []
    /// Rows whose secrets are not sealed under the key in use.
    public var endpointsToSeal: [Stored<EndpointRow>] = []
    public var endpointsWithParked: [EndpointNumber] = []
    /// Endpoints with sequences, with deliveries behind a head, and with keys that a dead letter holds.
    public var endpointsWithHeads: [EndpointNumber] = []
    public var endpointsWithBehind: [EndpointNumber] = []
    public var endpointsWithHolds: [EndpointNumber] = []
    /// Endpoints with deliveries that wait to be batched, and with batches.
    public var gatheringByEndpoint: [EndpointNumber: [GatheredEntry]] = [:]
    public var endpointsWithBatches: [EndpointNumber] = []
    public var pendingCount = PendingCount()
    /// The time of the last commit, Unix milliseconds (at most a minute old when the process ended); where an older
    /// program wrote the store, when the last event was accepted. 0: none.
    public var lastCommitAt: Int64 = 0
    /// Malformed rows that the recovery stepped over.
    public var skipped = SkippedRows()
    /// Deliveries that are not final, by endpoint; those of removed endpoints too.
    public var pendingByEndpoint: [EndpointNumber: Int] = [:]
}

extension DataDirectory {
    /// Reads configuration and counts. Costs by tenant and endpoint, and a cursor's step for each pending delivery.
    ///
    /// - Parameter seal: opens what is sealed.
    /// - Throws: `damaged` where a configuration row cannot be read, `sealed` where it cannot be opened: starting
    ///   without it would drop its deliveries.
    public func recover(seal: SecretSeal? = nil) throws(StoreError) -> RecoveredState {
        do {
            return try environment.read { transaction in try state(in: transaction, seal) }
        } catch let error as StoreError {
            throw error
        } catch let error as LMDBError {
            throw .database(error)
        } catch {
            throw .damaged(path: path, what: "\(error)")
        }
    }

    /// Rewrites rows, sealed: 1,000 in a transaction. After a crash the next start seals the rest.
    public func reseal(_ rows: [Stored<EndpointRow>], seal: SecretSeal) throws(StoreError) {
        do throws(LMDBError) {
            var rest = rows[...]
            while !rest.isEmpty {
                let transaction = try environment.beginWrite()
                for row in rest.prefix(1_000) { try tables.put(row, seal: seal, in: transaction) }
                try transaction.commit()
                rest = rest.dropFirst(1_000)
            }
        } catch {
            throw .database(error)
        }
    }

    private func state(in transaction: borrowing ReadTransaction, _ seal: SecretSeal?) throws -> RecoveredState {
        var state = RecoveredState()
        try rows(tables.tenants, transaction) { number, value in
            state.tenants.append(try whole(TenantCoding.decode(number, value), "tenant \(number)"))
        }
        try rows(tables.keys, transaction) { number, value in
            state.keys[number] = try whole(APIKeyCoding.decode(value), "API key \(number)")
        }
        try rows(tables.endpoints, transaction) { number, value in
            let decoded = try whole(endpoint(number, value, seal), "endpoint \(number)")
            state.endpoints.append(decoded.row)
            if !decoded.isCurrent { state.endpointsToSeal.append(decoded.row) }
        }
        state.counters = try counters(transaction)
        state.lastCommitAt = try newestTime(transaction)
        state.pendingCount = try tables.pendingCount(in: transaction)
        state.endpointsWithParked = try tables.endpoints(in: tables.parked, transaction, skipped: &state.skipped)
        state.endpointsWithHeads = try tables.endpoints(in: tables.heads, transaction, skipped: &state.skipped)
        state.endpointsWithBehind = try tables.endpoints(in: tables.behind, transaction, skipped: &state.skipped)
        state.endpointsWithHolds = try tables.endpoints(in: tables.holds, transaction, skipped: &state.skipped)
        state.endpointsWithBatches = try tables.endpoints(in: tables.batches, transaction, skipped: &state.skipped)
        // Few for each endpoint: when there are enough for a batch, one is formed.
        for number in try tables.endpoints(in: tables.gathering, transaction, skipped: &state.skipped) {
            var entries: [GatheredEntry] = []
            state.skipped += try tables.scanGathering(of: number, in: transaction) { entry in
                entries.append(entry)
                return true
            }
            state.gatheringByEndpoint[number] = entries
        }
        state.pendingByEndpoint = try tables.pendingByEndpoint(
            withBatches: Set(state.endpointsWithBatches), in: transaction, skipped: &state.skipped)
        return state
    }

    private func endpoint(
        _ number: UInt32, _ value: UnsafeRawBufferPointer, _ seal: SecretSeal?
    ) throws(StoreError) -> EndpointCoding.Decoded? {
        do throws(SealError) {
            return try EndpointCoding(seal: seal).decode(number, value)
        } catch {
            throw .sealed(path: path, what: "a secret of endpoint \(number) \(error)")
        }
    }

    private func counters(_ transaction: borrowing ReadTransaction) throws -> Counters {
        var counters = Counters()
        counters.nextPosition = try counter(.nextPosition, transaction) ?? 1
        counters.nextTenant = UInt32(truncatingIfNeeded: try counter(.nextTenant, transaction) ?? 1)
        counters.nextEndpoint = UInt32(truncatingIfNeeded: try counter(.nextEndpoint, transaction) ?? 1)
        counters.nextAPIKey = UInt32(truncatingIfNeeded: try counter(.nextAPIKey, transaction) ?? 1)
        var cursor = try transaction.cursor(tables.events)
        if let last = try cursor.last(), last.key.count == 8 {
            counters.nextPosition = max(counters.nextPosition, last.key.uint64(at: 0) + 1)
        }
        return counters
    }

    private func newestTime(_ transaction: borrowing ReadTransaction) throws(LMDBError) -> Int64 {
        let stored = Int64(bitPattern: try counter(.lastCommit, transaction) ?? 0)
        var cursor = try transaction.cursor(tables.events)
        // Where it is stored it counts alone: events may have been accepted while the clock was wrong.
        guard stored == 0, let last = try cursor.last(), let header = EventHeader(last.value) else { return stored }
        return header.acceptedAt
    }

    private func counter(_ key: MetaKey, _ transaction: borrowing ReadTransaction) throws(LMDBError) -> UInt64? {
        guard let value = try transaction.get(tables.meta, key.key), value.count == 8 else { return nil }
        return value.uint64(at: 0)
    }

    private func rows(
        _ table: Database, _ transaction: borrowing ReadTransaction,
        _ visit: (UInt32, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var cursor = try transaction.cursor(table)
        while let entry = try cursor.next() {
            guard entry.key.count == 4 else { throw StoreError.damaged(path: path, what: "a key of \(table.name)") }
            try visit(entry.key.uint32(at: 0), entry.value)
        }
    }

    private func whole<Value>(_ value: Value?, _ what: String) throws(StoreError) -> Value {
        guard let value else { throw .damaged(path: path, what: "the row of \(what)") }
        return value
    }
}
