import LMDB
import Store
import WebhookModel

extension WriterCore {
    /// Applies commands in one transaction of their own: each all or none. Their replies are answered with this turn's output.
    ///
    /// - Returns: whether anything was written.
    @discardableResult
    func change(
        _ commands: [(changes: [TenancyChange], reply: CommandReply<[TenancyResult]>)], now: Int64
    ) throws(LMDBError) -> Bool {
        var plan = TenancyPlan(counters: registry.counters, removedAt: trusted.value)
        var answers: [() -> Void] = []
        for (changes, reply) in commands {
            var attempt = plan
            do throws(TenancyError) {
                var results: [TenancyResult] = []
                for change in changes { results.append(try attempt.apply(change, beside: registry, now: now)) }
                plan = attempt
                answers.append { reply.send(.success(results)) }
            } catch {
                answers.append { reply.send(.failure(error)) }
            }
        }
        do throws(LMDBError) {
            if !plan.edits.isEmpty { try write(plan) }
        } catch {
            guard error.isNoSpace || error.isMapFull else { throw error }
            statistics.failedCommits += 1
            answers = commands.map { command in { command.reply.send(.failure(.storageFull)) } }
            plan = TenancyPlan(counters: registry.counters, removedAt: trusted.value)
        }
        adopt(plan)
        output.answers += answers
        return !plan.edits.isEmpty
    }

    private func write(_ plan: TenancyPlan) throws(LMDBError) {
        let transaction = try directory.environment.beginWrite()
        for edit in plan.edits {
            switch edit {
            case .tenant(let row): try tables.put(row, in: transaction)
            case .endpoint(let row), .retireEndpoint(let row):
                try tables.put(row, seal: configuration.seal, in: transaction)
            case .removeEndpoint(let number): try tables.removeEndpoint(number, in: transaction)
            case .key(let row, let number): try tables.put(row, number: number, in: transaction)
            case .removeKey(let number): try tables.removeAPIKey(number, in: transaction)
            }
        }
        try tables.putCounters(plan.counters, in: transaction)
        try transaction.commit()
        statistics.commits += 1
    }

    /// Memory follows what was committed: only the rows that changed, and the endpoints that inherit from a changed tenant.
    private func adopt(_ plan: TenancyPlan) {
        registry.counters = plan.counters
        for edit in plan.edits {
            switch edit {
            case .tenant(let row): put(row)
            case .endpoint(let row):
                let number = row.value.number
                let before = registry.record(number)
                registry.put(row)
                // A pause is about the URL that asked for it.
                if let before, before.endpoint.settings.url != row.value.settings.url {
                    _ = registry.update(number) { $0.pausedUntil = .min }
                }
                dispatch.changed(number, &registry)
                guard let before else { continue }
                if before.isGivenUp { takeUpAgain(number) }
                settle(number, before: before.endpoint.settings)
                note(row.value, before: before)
            case .retireEndpoint(let row):
                registry.put(row)
                noteRemoval(of: row.value.number)
            case .removeEndpoint(let number): forget(number)
            case .key(let row, let number): registry.put(row, number: number)
            case .removeKey(let number): registry.removeKey(number)
            }
        }
        output.edits += plan.edits
    }

    /// The row of an endpoint is gone. Nothing waits for it; what is found all the same has no endpoint.
    func forget(_ number: EndpointNumber) {
        for entry in dispatch.remove(number, &registry) {
            pending.findings.orphans.append(Waiting(pending: entry, entry: .due(entry.dueAt)))
        }
        gatherings.removed(registry)
    }

    // MARK: What is said

    /// Says what a change of an endpoint's settings keeps, and what it does not.
    private func note(_ row: EndpointRow, before: EndpointRecord) {
        let name = (before.endpoint.tenantName, before.endpoint.name)
        if before.removedAt != nil {
            output.notices.append(.restored(tenant: name.0, endpoint: name.1, waiting: before.pending))
        }
        if before.endpoint.settings.enabled, !row.settings.enabled {
            output.notices.append(.switchedOff(tenant: name.0, endpoint: name.1, waiting: before.pending))
        }
    }

    private func noteRemoval(of number: EndpointNumber) {
        if configuration.removedHold == 0 { pending.nextGiveUp = 0 }
        guard let record = registry.record(number) else { return }
        output.notices.append(
            .removed(
                tenant: record.endpoint.tenantName, endpoint: record.endpoint.name, waiting: record.pending,
                hold: configuration.removedHold))
    }

    func put(_ row: Stored<Tenant>) {
        retryRates.put(row.value.number, perSecond: row.value.settings.retriesPerSecond)
        let (released, changed) = registry.put(row)
        dispatch.refill(released)
        for number in changed { dispatch.changed(number, &registry) }
    }
}
