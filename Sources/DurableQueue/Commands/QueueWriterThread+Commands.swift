public import Store
public import WebhookModel

extension QueueWriterThread {
    /// Changes tenants, endpoints or keys, all or none. Several callers' changes share a commit.
    ///
    /// - Returns: one result for each change, in order, when all are durable: the row as it is now, with its number and revision.
    /// - Throws: the first change that is refused; `stopped` where the queue ends meanwhile.
    @discardableResult
    public func change(_ changes: [TenancyChange]) async throws(TenancyError) -> [TenancyResult] {
        try await ask { .change(changes, $0) }
    }

    /// Releases the events behind a dead letter of an endpoint with `on_dead_letter: hold`. The dead letter stays one.
    ///
    /// - Parameter orderingKey: of this key; nil: of every held key of the endpoint. They are released in slices, beside everything else.
    /// - Returns: how many keys were held, when all are durable.
    /// - Throws: an unknown name; `storageFull` or `stopped`, after which some keys may be released and others not.
    public func releaseKeys(
        tenant: String, endpoint: String, orderingKey: String? = nil
    ) async throws(TenancyError) -> Int {
        try await ask { .releaseKeys(tenant: tenant, endpoint: endpoint, orderingKey: orderingKey, $0) }
    }

    /// Schedules dead letters again: each is due at once, in a new round of its endpoint's policy. They are scheduled in slices, beside
    /// everything else.
    ///
    /// - Returns: how many, when all are durable.
    /// - Throws: an unknown name; `stopped`, after which some may be scheduled and others not.
    public func redeliver(_ filter: DeadLetterFilter) async throws(TenancyError) -> Redelivered {
        try await ask { .redeliver(filter, $0) }
    }

    /// The same for dead letters that a query chooses. Those of endpoints that are not in the query's numbers are not touched.
    ///
    /// - Parameter trigger: what the first attempt of each is recorded with.
    public func redeliver(
        _ query: DeadLetterQuery, trigger: AttemptTrigger
    ) async throws(TenancyError) -> Redelivered {
        try await ask { .redeliverFound(query, trigger, $0) }
    }

    /// Delivers one delivery again, or cancels it.
    ///
    /// - Returns: what became of it, when it is durable.
    public func perform(
        _ action: DeliveryAction, on delivery: DeliveryID
    ) async throws(TenancyError) -> DeliveryActionResult {
        try await ask { .delivery(action, delivery, $0) }
    }

    private func ask<Value: Sendable>(
        _ command: (CommandReply<Value>) -> QueueCommand
    ) async throws(TenancyError) -> Value {
        let result = await withCheckedContinuation { continuation in
            // A mailbox that is closed drops the command, and with it the reply: its caller is told `stopped`.
            post(command(CommandReply { continuation.resume(returning: $0) }))
        }
        return try result.get()
    }
}
