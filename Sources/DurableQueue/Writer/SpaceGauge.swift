import LMDB
import Store
import WebhookModel

/// Whether there is room for new events: looked at once a second, and after a commit that failed for want of it.
struct SpaceGauge {
    private(set) var refusal: String?
    private(set) var usedPages = 0
    private(set) var mapPages = 0
    private var lookedAt = Int64.min
    private let reserve: Int64

    init(reserve: Int64) { self.reserve = reserve }

    func isDue(now: Int64) -> Bool { now - Limits.spaceCheckMilliseconds >= lookedAt || now < lookedAt }

    /// Looks at the map and at the disk.
    mutating func look(_ directory: DataDirectory, now: Int64) throws(LMDBError) {
        lookedAt = now
        let info = directory.environment.info
        mapPages = info.mapBytes / info.pageBytes
        usedPages =
            info.lastPage + 1
            - (try directory.environment.read { snapshot throws(LMDBError) in try snapshot.freePages() })
        let percent = usedPages * 100 / mapPages
        if percent >= Limits.ingestMapPercent {
            refusal = "the map is \(percent) % full (queue.map_size); ingest resumes below \(Limits.ingestMapPercent) %"
        } else if let free = directory.freeDiskBytes, free < reserve {
            refusal =
                "the disk has \(free / 1_048_576) MiB free, below the reserve of \(reserve / 1_048_576) MiB"
                + " (queue.disk_reserve); ingest resumes above it"
        } else {
            refusal = nil
        }
    }

    /// A commit found no room: refuse until the next look says otherwise.
    mutating func close(_ error: LMDBError, now: Int64) {
        refusal = "a commit found no room: \(error)"
        lookedAt = now
    }
}
