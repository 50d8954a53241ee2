import Store
import WebhookModel

/// Work for transactions to come: what was found, what is to be released or removed, and how far each has come.
struct PendingUpkeep {
    var sweep: RetentionSweep
    var nextSweep: Int64 = 0
    /// Attempt results whose transaction found no room: they come first in the next.
    var deferredReports: [AttemptReport] = []
    var findings = Refill.Findings()
    /// When endpoints are next looked for whose deliveries have waited long enough, Unix milliseconds.
    var nextGiveUp: Int64 = 0
    /// Endpoints that were given up, whose deliveries on disk are still to become dead letters.
    var purges: [EndpointNumber] = []
    /// Removed endpoints whose rows are to be removed.
    var doomed: [EndpointNumber] = []
    /// Endpoints whose settings were changed while they had sequences or gathered deliveries: some are still to be released.
    var unsettled: [EndpointNumber] = []
    /// Entries that came into the due index and are due: handed over with the next refill.
    var toHand: [PendingEntry] = []
    /// Endpoints whose pause is to be stored.
    var holds: Set<EndpointNumber> = []
    var jobs: [UpkeepJob] = []
    var verification = Verification()
    /// The time that is stored as that of the last commit, Unix milliseconds.
    var lastCommitAt: Int64 = 0
    var sliceSize = SliceSize()
    /// Parking goes on, slice by slice, until the lots are nearly empty.
    var isParking = false
    /// After a commit that found no room: upkeep and deferred results are not tried before. Unix milliseconds.
    var retryAt = Int64.min

    init(sweep: RetentionSweep) { self.sweep = sweep }

    /// Whether a transaction has something to do though no command came. Batches and parking are asked elsewhere.
    func isDue(now: Int64) -> Bool {
        !deferredReports.isEmpty || !findings.isEmpty || !purges.isEmpty || !jobs.isEmpty || !unsettled.isEmpty
            || isParking || !holds.isEmpty || verification.hasRepairs || now >= min(nextSweep, nextGiveUp)
    }
}

/// What the writer says to the outside after a turn.
package struct TurnOutput {
    /// For owners and operators.
    package var notices: [Notice] = []
    /// Rows that changed, in order: the published view follows them.
    package var edits: [TenancyEdit] = []
    /// To be called once all else of the turn is visible.
    package var answers: [() -> Void] = []
}
