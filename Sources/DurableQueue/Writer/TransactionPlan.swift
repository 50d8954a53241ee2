import Store
package import WebhookModel

/// What one transaction takes and comes to. Each feature writes its part, and applies it to memory after the commit.
struct TransactionPlan {
    // MARK: What it takes
    let now: Int64
    let work: Work
    /// Entries of the lots that move to `parked`.
    var parking: [PendingEntry] = []
    /// Endpoints whose time for a batch has come.
    var forming: [EndpointNumber] = []

    // MARK: What it comes to
    /// The number of the transaction in LMDB.
    var number: UInt64 = 0
    var reports = ReportPlan()
    var health = HealthPlan()
    var publishes: PublishPlan
    var batches = BatchPlan()
    /// Nil: this transaction has none.
    var upkeep: UpkeepPlan?
    var counts: PendingCount?

    init(_ work: Work, nextPosition: UInt64, now: Int64) {
        self.work = work
        self.now = now
        publishes = PublishPlan(nextPosition: nextPosition)
    }
}

/// Publishes and attempt results of one transaction.
package struct Work {
    package var batches: [EventBatch] = []
    package var reports: [AttemptReport] = []
    var setAside: [SetAside] = []

    package init(batches: [EventBatch] = [], reports: [AttemptReport] = []) {
        self.batches = batches
        self.reports = reports
    }

    init(setAside: [SetAside]) { self.setAside = setAside }

    package var isEmpty: Bool { batches.isEmpty && reports.isEmpty }
}

/// Which upkeep a transaction does: less after a step met a damaged page.
enum UpkeepScope {
    case all
    case withoutSweep
    case none
}
