package import LMDB
import WebhookModel

/// Snapshots of other processes, of which one that does not end pins every page that is freed: the file then grows by all that is written.
///
/// Slots of ended processes are freed once a minute, and as soon as the file grows fast.
package struct ReaderWatch {
    /// What there is to tell.
    package enum News: Equatable {
        /// The slots of so many ended processes were freed.
        case dead(Int)
        /// A snapshot is old, and the file grew by so many bytes since it was first seen.
        case old(Reader, seconds: Int64, behind: UInt64, grown: Int)
    }

    private var checkedAt = Int64.min
    private var checkedPage = 0
    /// The oldest snapshot, when it was first seen, and how long the file was then.
    private var oldest: Reader?
    private var seenAt: Int64 = 0
    private var seenPage = 0
    private var toldAt = Int64.min

    package init() {}

    /// Looks at the table of readers when it is time.
    ///
    /// - Parameter now: Unix milliseconds.
    package mutating func look(_ environment: Environment, now: Int64) throws(LMDBError) -> [News] {
        let info = environment.info
        let growth = (info.lastPage - checkedPage) * info.pageBytes
        let isDue = now - Limits.readerCheckMilliseconds >= checkedAt || now < checkedAt
        guard isDue || growth >= Limits.readerGrowthBytes else { return [] }
        checkedAt = now
        checkedPage = info.lastPage
        let dead = try environment.removeDeadReaders()
        return (dead > 0 ? [.dead(dead)] : [])
            + follow(try environment.oldestReader(), info, now: now)
    }

    private mutating func follow(_ reader: Reader?, _ info: Environment.Info, now: Int64) -> [News] {
        guard let reader, reader == oldest else {
            oldest = reader
            seenAt = now
            seenPage = info.lastPage
            toldAt = .min
            return []
        }
        let grown = (info.lastPage - seenPage) * info.pageBytes
        guard grown >= Limits.readerGrowthBytes, now - Limits.readerLineMilliseconds >= toldAt || now < toldAt else {
            return []
        }
        toldAt = now
        let behind = UInt64(info.lastTransaction) - min(reader.transaction, UInt64(info.lastTransaction))
        return [.old(reader, seconds: (now - seenAt) / 1_000, behind: behind, grown: grown)]
    }
}
