package import LMDB
import Scheduling
import Store
package import Threading
import WebhookModel

/// One turn of the writer: commands in order, cut into transactions of bounded size. The shell gives the clock, and does the waiting.
package struct WriterTurn: ~Copyable {
    package let core: WriterCore
    private let readClock: () -> Instant
    private var clock: QueueClock
    private let senders: [DispatchPort]
    package var inbox: [QueueCommand] = []
    package private(set) var isStopping = false
    private(set) var refusalToLog: String?
    private(set) var resumed = false
    private var lastRefusal: String?
    private var releasedAt: Int64 = 0
    /// Attempt results that are gathered for a commit, and since when: monotonic nanoseconds.
    private var reports: [AttemptReport] = []
    private var reportsSince: Int64 = 0
    private var pace = CommitPace()
    /// Events that the results are about.
    private var reportedEvents = 0
    /// One of the results lets another delivery go on.
    private var reportsAreUrgent = false

    /// - Parameters:
    ///   - senders: where due deliveries go, by the sender's number.
    ///   - readClock: gives times that do not go back.
    package init(core: WriterCore, senders: [DispatchPort], clock readClock: @escaping () -> Instant) {
        self.core = core
        self.senders = senders
        self.readClock = readClock
        clock = QueueClock(readClock())
    }

    private mutating func now() -> Int64 { now(readClock()) }

    private mutating func now(_ instant: Instant) -> Int64 {
        let now = clock.milliseconds(instant)
        core.follow(now: now, wall: instant.wallMilliseconds)
        return now
    }

    // MARK: Waiting

    /// How long the writer may sleep until a bell, nanoseconds; 0: there is work.
    package mutating func pauseNanoseconds() -> Int64 {
        let instant = readClock()
        let now = self.now(instant)
        if core.wantsUpkeep(now: now) { return 0 }
        let wake = max(core.nextWake(now: now) - now, 0) * 1_000_000
        guard !reports.isEmpty else { return wake }
        if reportsAreUrgent { return 0 }
        return min(wake, max(reportsSince + WriterTurn.linger - instant.monotonic, 0))
    }

    /// How long to gather before the next turn, nanoseconds. Not while a delivery may be behind another: the result that it waits for is
    /// its hint.
    package func gatherNanoseconds() -> Int64 {
        isStopping || core.dispatch.hasBehind
            ? 0 : pace.pauseNanoseconds(held: core.dispatch.heldCount, now: readClock().monotonic)
    }

    private static let linger = Limits.outcomeLingerMilliseconds * 1_000_000

    /// Whether the gathered results go with the next commit, or make one if there is no other.
    private func reportsAreDue(withEvents: Bool) -> Bool {
        guard !reports.isEmpty else { return false }
        let enough = withEvents ? Limits.reportsBesideEvents : Limits.reportsPerCommit
        return isStopping || reportsAreUrgent || reports.count >= enough
            || readClock().monotonic - reportsSince >= WriterTurn.linger
    }

    private mutating func takeReports(into work: inout Work) {
        // Most often there are none: the storage changes hands, and no report is copied.
        if work.reports.isEmpty { swap(&work.reports, &reports) } else { work.reports += reports }
        reports.removeAll(keepingCapacity: true)
        reportedEvents = 0
        reportsAreUrgent = false
    }

    // MARK: The turn

    /// Performs everything in the inbox, then refills the senders.
    ///
    /// - Throws: what is fatal: a commit is in doubt. Commands that were not answered are answered as `stopped` when they are dropped.
    package mutating func perform() throws(LMDBError) {
        var commands: [QueueCommand] = []
        swap(&commands, &inbox)
        var work = Work()
        var events = 0
        // All changes of a turn share one commit, before the publishes that came after the first of them.
        var changes: [(changes: [TenancyChange], reply: CommandReply<[TenancyResult]>)] = []
        for case .change(let list, let reply) in commands { changes.append((list, reply)) }
        pace.begin(at: readClock().monotonic, operations: commands.reduce(0) { $0 + $1.operations })
        for command in commands {
            switch command {
            case .publish(let batch):
                work.batches.append(batch)
                events += batch.drafts.count
            case .reports(let reports):
                gather(reports)
            case .returned(let deliveries):
                core.takeBack(deliveries, now: now())
            case .change:
                guard !changes.isEmpty else { continue }
                takeReports(into: &work)
                try commit(&work)
                try core.change(changes, now: now())
                changes = []
            case .releaseKeys(let tenant, let endpoint, let key, let reply):
                // What was reported before counts: it may be what holds a key.
                takeReports(into: &work)
                try commit(&work)
                core.beginRelease(tenant: tenant, endpoint: endpoint, orderingKey: key, reply)
            case .redeliver(let filter, let reply):
                // What was reported before counts: it may be what is asked for.
                takeReports(into: &work)
                try commit(&work)
                core.begin(filter, reply, now: now())
            case .redeliverFound(let query, let trigger, let reply):
                takeReports(into: &work)
                try commit(&work)
                core.begin(query, trigger, reply, now: now())
            case .delivery(let action, let delivery, let reply):
                // What was reported before counts: it may be what ends this delivery.
                takeReports(into: &work)
                try commit(&work)
                core.begin(action, delivery, reply)
            case .stop:
                isStopping = true
            }
            if events + reportedEvents >= Limits.eventsPerCommit {
                takeReports(into: &work)
                try commit(&work)
                events = 0
            }
        }
        commands.removeAll(keepingCapacity: true)
        if inbox.isEmpty { swap(&commands, &inbox) }
        if reportsAreDue(withEvents: !work.batches.isEmpty) { takeReports(into: &work) }
        try commit(&work)
        if !isStopping {
            try core.refill(now: now())
            try core.verify(now: now())
        }
        handOver()
        noteRefusal()
        releasePages(now())
    }

    private mutating func gather(_ reports: [AttemptReport]) {
        if self.reports.isEmpty {
            reportsSince = readClock().monotonic
            self.reports = reports
        } else {
            self.reports += reports
        }
        reportedEvents += reports.reduce(0) { $0 + $1.events }
        reportsAreUrgent = reportsAreUrgent || core.unblocks(reports)
    }

    /// What the writer reads of the map stays in the process's resident set until it is given back: the page cache keeps it.
    private mutating func releasePages(_ now: Int64) {
        guard now - releasedAt >= Limits.residentCheckMilliseconds else { return }
        releasedAt = now
        core.directory.environment.releaseResidentPages(over: Limits.residentFileBytes)
    }

    private mutating func commit(_ work: inout Work) throws(LMDBError) {
        let before = readClock()
        let now = self.now(before)
        guard !work.isEmpty || core.wantsUpkeep(now: now) else { return }
        let hasJob = !core.pending.jobs.isEmpty
        try core.perform(work, now: now)
        let took = readClock().monotonic - before.monotonic
        core.statistics.commitNanoseconds += Int(took)
        if hasJob { core.pending.sliceSize.follow(took) }
        WriterTurn.answer(work.batches)
        work = Work()
        handOver()
    }

    /// Gives decided batches back, one delivery per port.
    private static func answer(_ batches: [EventBatch]) {
        var ports: [(port: ReceiptPort, batches: [EventBatch])] = []
        for batch in batches {
            if let index = ports.firstIndex(where: { $0.port === batch.receipts }) {
                ports[index].batches.append(batch)
            } else {
                ports.append((batch.receipts, [batch]))
            }
        }
        for (port, batches) in ports { port.deliver(batches) }
    }

    /// Gives the senders what leaves for them: after each commit, for a turn may have many.
    private func handOver() {
        for (sender, port) in senders.enumerated() {
            let outgoing = core.dispatch.takeOutgoing(sender)
            if !outgoing.isEmpty { port.offer(outgoing) }
        }
    }

    /// What is said to the outside, since the last call.
    package mutating func takeOutput() -> TurnOutput {
        defer { core.output = TurnOutput() }
        return core.output
    }

    package var statistics: QueueStatistics {
        var statistics = core.statistics
        statistics.inLots = core.dispatch.lotCount
        statistics.usedPages = core.space.usedPages
        statistics.mapPages = core.space.mapPages
        statistics.refusal = core.space.refusal
        statistics.held = core.dispatch.heldCount
        return statistics
    }

    private mutating func noteRefusal() {
        let refusal = core.space.refusal
        refusalToLog = refusal != nil && lastRefusal == nil ? refusal : nil
        resumed = refusal == nil && lastRefusal != nil
        lastRefusal = refusal
    }
}
