import HTTPTypes
import Hummingbird
import NIOCore
import WebhookModel

extension AdminRoutes {
    static let mostWaitSeconds = 3_600.0
    private static let standardWaitSeconds = 30.0

    func addChecks(to router: Router<AdminContext>) {
        router.post("await", use: wait)
        router.post("verify", use: verify)
        router.post("reconcile", use: reconcile)
    }

    @Sendable private func wait(_ request: Request, _ context: AdminContext) async throws -> AwaitPayload {
        let query = try AdminQuery(request, ["requests", "accepted", "timeout"] + AdminQuery.filterNames)
        let seconds = try query.number("timeout", 0...AdminRoutes.mostWaitSeconds) ?? AdminRoutes.standardWaitSeconds
        let filter = try query.filter()
        let start = ContinuousClock.now
        let count: MatchCount
        let wanted: Int
        var isCapped = false
        switch (try query.number("requests", 0...Int.max), try query.number("accepted", 0...Int.max)) {
        case (let requests?, nil):
            wanted = requests
            count = try await found(requests: wanted, filter, .seconds(seconds))
        case (nil, let accepted?):
            guard filter == JournalFilter() else {
                throw Problem(
                    .badRequest, "accepted counts messages of all endpoints",
                    mend: "with a filter use requests=N, as in requests=N&status=2xx")
            }
            wanted = accepted
            count = await counted(.accepted(wanted), .seconds(seconds)) { $0.accepted }
            isCapped = control.stats().uncounted > 0
        default:
            throw Problem(.badRequest, "nothing to await", mend: "expected requests=N (and a filter) or accepted=N")
        }
        let payload = AwaitPayload(count, isCapped: isCapped, wanted: wanted, took: start.duration(to: .now))
        guard count.found >= wanted else {
            guard !control.isStopping else {
                throw Problem(.serviceUnavailable, "the receiver stopped: \(count.found) of \(wanted) had arrived")
            }
            throw timeOut(payload, seconds)
        }
        return payload
    }

    private func found(requests: Int, _ filter: JournalFilter, _ timeout: Duration) async throws -> MatchCount {
        // Without a filter the counters suffice, and the journal may be off.
        if filter == JournalFilter() { return await counted(.requests(requests), timeout) { $0.requests } }
        try needJournal()
        return await control.wait(forRequests: requests, matching: filter, timeout: timeout)
    }

    private func counted(
        _ condition: ReceiverCondition, _ timeout: Duration, _ count: (ReceiverCounters) -> Int
    ) async -> MatchCount {
        let isMet = await control.wait(for: condition, timeout: timeout)
        let found = count(control.stats().totals)
        // The condition was met and the counts were reset since; it did occur.
        return MatchCount(found: isMet ? max(found, condition.wanted) : found)
    }

    private func timeOut(_ payload: AwaitPayload, _ seconds: Double) -> Problem {
        let unsure = payload.unseen > 0 ? "; \(payload.unseen) requests had left the journal unseen: inconclusive" : ""
        var problem = Problem(
            .requestTimeout, "\(payload.found) of \(payload.wanted) arrived within \(seconds) s\(unsure)",
            mend: payload.unseen > 0
                ? "start the receiver with a larger --journal"
                : "GET /journal shows what arrived; wait longer with timeout=SECONDS")
        problem.found = payload.found
        problem.inconclusive = payload.inconclusive
        return problem
    }

    @Sendable private func verify(_ request: Request, _ context: AdminContext) async throws -> EditedResponse<
        VerifyPayload
    > {
        let bytes = try await request.body.collect(upTo: ProgramFile.mostBytes)
        let assertions: [Assertion]
        do {
            assertions = try AssertionFile.parse(String(buffer: bytes))
        } catch {
            throw Problem(error, mend: "expected a list such as - {path: /orders, accepted: 500, duplicates: 0}")
        }
        let report = control.verify(assertions)
        return EditedResponse(status: report.holds ? .ok : .conflict, response: VerifyPayload(report))
    }

    @Sendable private func reconcile(
        _ request: Request, _ context: AdminContext
    ) async throws -> EditedResponse<ReconciliationPayload> {
        let query = try AdminQuery(request, ["path"])
        let path = try query.path()
        var reader = LedgerReader()
        let entries: [LedgerEntry]
        do {
            for try await piece in request.body { try reader.take(piece.readableBytesView) }
            entries = try reader.finish()
        } catch let mistake as LedgerFile.Mistake {
            throw Problem(.badRequest, "the ledger, \(mistake)")
        }
        guard !entries.isEmpty else {
            throw Problem(
                .badRequest, "the ledger is empty",
                mend: "expected one message per line, such as {\"id\":\"evt_…\",\"outcome\":\"acknowledged\"}")
        }
        let reconciliation = control.reconcile(entries, path: path)
        return EditedResponse(
            status: reconciliation.verdict == .proven ? .ok : .conflict,
            response: ReconciliationPayload(
                reconciliation,
                texts: texts(reconciliation.lostIDs + reconciliation.phantomIDs + reconciliation.changedIDs)))
    }

    /// The ids as their senders wrote them, if they are still in the journal.
    private func texts(_ ids: [EventID]) -> [EventID: String] {
        guard !ids.isEmpty else { return [:] }
        let wanted = Set(ids)
        var found: [EventID: String] = [:]
        for entry in control.journal() {
            let id = LedgerEntry(webhookID: entry.id).id
            if wanted.contains(id) { found[id] = entry.id }
        }
        return found
    }
}
