extension ReceiverServer {
    /// Checks which of these hold at this moment.
    public func verify(_ assertions: [Assertion]) -> VerificationReport { control.verify(assertions) }

    /// Waits until this number of requests matches the filter, including earlier ones that are still in the journal
    /// (`ReceiverConfiguration.journalCapacity`). Requests that come during the wait are all counted. After a `reset`
    /// the count starts at zero. Without a journal no earlier request is counted.
    ///
    /// - Returns: what was found: less than `count` if the time was over, the task was cancelled or the receiver
    /// stopped.
    public func wait(forRequests count: Int, matching filter: JournalFilter, timeout: Duration) async -> MatchCount {
        await control.wait(forRequests: count, matching: filter, timeout: timeout)
    }

    /// Compares a producer's ledger with what was received.
    ///
    /// - Parameter path: only what was received there; nil: everywhere.
    public func reconcile(_ ledger: [LedgerEntry], path: PathPattern? = nil) -> Reconciliation {
        control.reconcile(ledger, path: path)
    }
}

extension ReceiverControl {
    func verify(_ assertions: [Assertion]) -> VerificationReport {
        let accounts = accounts()
        let facts = AssertionFacts(
            stats: stats(), endpoints: endpoints(),
            accounts: { text in
                self.accounts(of: LedgerEntry(webhookID: text).id)
            },
            messages: { path in
                let isMeant = accounts.paths.map(path.matches)
                return accounts.count { isMeant[Int($0.endpoint)] }
            })
        return VerificationReport(findings: assertions.map(facts.finding))
    }

    func reconcile(_ ledger: [LedgerEntry], path: PathPattern?) -> Reconciliation {
        let accounts = accounts()
        // Read last, so that a cap that was reached before is seen.
        return Reconciliation(ledger, accounts, path: path, isCapped: stats().uncounted > 0)
    }

    func wait(forRequests count: Int, matching filter: JournalFilter, timeout: Duration) async -> MatchCount {
        await wait(for: .matching(count, MatchTally(filter)), timeout: timeout).count
    }
}
