import LMDB
import Scheduling
import Store
import Threading
import WebhookModel

/// The queue's time: the wall's at start, carried on by the monotonic clock, so that a step of the wall clock neither delays nor
/// repeats anything while the process runs.
struct QueueClock {
    private let offset: Int64

    init(_ start: Instant) { offset = start.wall - start.monotonic }

    /// Unix milliseconds.
    func milliseconds(_ instant: Instant) -> Int64 { (instant.monotonic + offset) / 1_000_000 }
}

/// One round of the writer: commands in order, cut into transactions of bounded size.
struct WriterTurn: ~Copyable {
    let core: WriterCore
    private let clock: QueueClock
    var inbox: [QueueCommand] = []
    private(set) var isStopping = false
    private(set) var tenancyChanged = false
    private(set) var refusalToLog: String?
    private(set) var resumed = false
    private var lastRefusal: String?
    private var replies: [() -> Void] = []
    private var releasedAt: Int64 = 0
    /// Outcomes that wait for company, and since when: monotonic nanoseconds.
    private var reports: [AttemptReport] = []
    private var reportsSince: Int64 = 0
    private var pace = CommitPace()
    /// Events that they tell of.
    private var reportedEvents = 0
    /// One of them lets another delivery go on.
    private var reportsAreUrgent = false

    init(core: WriterCore, clock: QueueClock) {
        self.core = core
        self.clock = clock
    }

    /// So many outcomes go with the next commit. Fewer would add their pages to every small commit, and an event would wait for them:
    /// at 1,000 a second that is every eighth commit instead of each.
    static let companyReports = 8
    /// So many are a commit of their own at once.
    static let fullReports = 512
    /// Milliseconds between looks at the resident set: at full speed some tens of MiB are touched in it.
    static let releaseInterval: Int64 = 100
    /// Resident bytes of files, the map and the program together, above which the map's are given back.
    static let residentBytes = 96 * 1024 * 1024

    /// How long the writer may sleep; 0: there is work.
    func pauseNanoseconds(_ instant: Instant) -> Int64 {
        let now = clock.milliseconds(instant)
        if core.wantsUpkeep(now: now) { return 0 }
        let wake = max(core.nextWake(now: now) - now, 0) * 1_000_000
        guard !reports.isEmpty else { return wake }
        if reportsAreUrgent { return 0 }
        return min(wake, max(reportsSince + WriterTurn.linger - instant.monotonic, 0))
    }

    /// How long to gather before the next round. Not while a delivery may stand behind another: the outcome it waits for is its hint.
    func gatherNanoseconds(_ instant: Instant) -> Int64 {
        isStopping || core.ledger.somebodyIsBehind
            ? 0 : pace.pauseNanoseconds(held: core.ledger.heldCount, now: instant.monotonic)
    }

    private static let linger = Limits.outcomeLingerMilliseconds * 1_000_000

    /// Whether the waiting outcomes go with the next commit, or make one if there is no other.
    private func reportsAreDue(withEvents: Bool) -> Bool {
        guard !reports.isEmpty else { return false }
        let enough = withEvents ? WriterTurn.companyReports : WriterTurn.fullReports
        return isStopping || reportsAreUrgent || reports.count >= enough
            || Instant.now().monotonic - reportsSince >= WriterTurn.linger
    }

    private mutating func takeReports(into work: inout WriterCore.Work) {
        // Most often there are none: the storage changes hands, and no report is copied.
        if work.reports.isEmpty { swap(&work.reports, &reports) } else { work.reports += reports }
        reports.removeAll(keepingCapacity: true)
        reportedEvents = 0
        reportsAreUrgent = false
    }

    /// Performs everything in the inbox, then refills the senders.
    mutating func perform() throws(LMDBError) {
        tenancyChanged = false
        replies.removeAll(keepingCapacity: true)
        var work = WriterCore.Work()
        var events = 0
        pace.begin(at: Instant.now().monotonic, operations: inbox.reduce(0) { $0 + $1.operations })
        for command in inbox {
            switch command {
            case .publish(let batch):
                work.batches.append(batch)
                events += batch.drafts.count
            case .reports(let reports):
                if self.reports.isEmpty {
                    reportsSince = Instant.now().monotonic
                    self.reports = reports
                } else {
                    self.reports += reports
                }
                reportedEvents += reports.reduce(0) { $0 + $1.events }
                reportsAreUrgent = reportsAreUrgent || core.holdsUp(reports)
            case .returned(let deliveries):
                core.takeBack(deliveries, now: clock.milliseconds(.now()))
            case .change(let changes, let reply):
                takeReports(into: &work)
                try commit(&work)
                let result = try core.change(changes, now: clock.milliseconds(.now()))
                tenancyChanged = true
                replies.append { reply(result) }
            case .releaseKeys(let tenant, let endpoint, let key, let reply):
                takeReports(into: &work)
                try commit(&work)
                let now = clock.milliseconds(.now())
                let result = try core.releaseKeys(tenant: tenant, endpoint: endpoint, orderingKey: key, now: now)
                replies.append { reply(result) }
            case .redeliver(let filter, let reply):
                // What was reported before counts: it may be what is asked for.
                takeReports(into: &work)
                try commit(&work)
                core.begin(filter, reply: reply, now: clock.milliseconds(.now()))
            case .stop:
                isStopping = true
            }
            if events + reportedEvents >= Limits.eventsPerCommit {
                takeReports(into: &work)
                try commit(&work)
                events = 0
            }
        }
        inbox.removeAll(keepingCapacity: true)
        if reportsAreDue(withEvents: !work.batches.isEmpty) { takeReports(into: &work) }
        let now = clock.milliseconds(.now())
        if !work.isEmpty || core.wantsUpkeep(now: now) { try commit(&work) }
        if !isStopping { try core.refill(now: now) }
        noteRefusal()
        releasePages(now)
    }

    /// What the writer reads of the map stays in the process's resident set until it is given back: the page cache keeps it.
    private mutating func releasePages(_ now: Int64) {
        guard now - releasedAt >= WriterTurn.releaseInterval else { return }
        releasedAt = now
        core.directory.environment.releaseResidentPages(over: WriterTurn.residentBytes)
    }

    private mutating func commit(_ work: inout WriterCore.Work) throws(LMDBError) {
        let before = Instant.now()
        let now = clock.milliseconds(before)
        guard !work.isEmpty || core.wantsUpkeep(now: now) else { return }
        try core.perform(work, now: now)
        core.statistics.commitNanoseconds += Int(Instant.now().monotonic - before.monotonic)
        WriterTurn.answer(work.batches)
        work = WriterCore.Work()
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

    /// After the new tenancy is visible to all.
    func answerCommands() {
        for reply in replies + core.answers { reply() }
        core.answers.removeAll()
    }

    var statistics: QueueStatistics {
        var statistics = core.statistics
        statistics.inLots = core.ledger.lotCount
        statistics.usedPages = core.space.usedPages
        statistics.mapPages = core.space.mapPages
        statistics.refusal = core.space.refusal
        statistics.held = core.ledger.heldCount
        return statistics
    }

    private mutating func noteRefusal() {
        let refusal = core.space.refusal
        refusalToLog = refusal != nil && lastRefusal == nil ? refusal : nil
        resumed = refusal == nil && lastRefusal != nil
        lastRefusal = refusal
    }

    /// The queue has ended: whoever still waits for an answer to a change gets one. Batches in doubt get none.
    mutating func dismiss() {
        core.dismissRedeliveries()
        for command in inbox {
            switch command {
            case .change(_, let reply): reply(.failure(.stopped))
            case .releaseKeys(_, _, _, let reply): reply(.failure(.stopped))
            case .redeliver(_, let reply): reply(.failure(.stopped))
            case .publish, .reports, .returned, .stop: break
            }
        }
        inbox.removeAll()
    }
}
