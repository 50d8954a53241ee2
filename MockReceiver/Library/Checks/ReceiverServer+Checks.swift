extension ReceiverServer {
    /// Which of these are so at this moment.
    public func verify(_ assertions: [Assertion]) -> VerificationReport { control.verify(assertions) }

    /// Waits until so many requests fit the filter, those that came before included as far as the journal has kept them
    /// (`ReceiverConfiguration.journalCapacity`). Those that come meanwhile are all counted, however many. After a
    /// `reset` the count begins at zero. Without a journal none is seen.
    ///
    /// - Returns: what was found: fewer than `count` where the time was over, the task was cancelled or the receiver stopped.
    public func wait(forRequests count: Int, matching filter: JournalFilter, timeout: Duration) async -> MatchCount {
        await control.wait(forRequests: count, matching: filter, timeout: timeout)
    }

    /// Compares a producer's ledger with what came.
    ///
    /// - Parameter path: only what came there; nil: everywhere.
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
        // Asked for afterwards: a cap that was hit before is seen for sure.
        return Reconciliation(ledger, accounts, path: path, isCapped: stats().uncounted > 0)
    }

    func wait(forRequests count: Int, matching filter: JournalFilter, timeout: Duration) async -> MatchCount {
        await wait(for: .matching(count, MatchTally(filter)), timeout: timeout).count
    }
}
