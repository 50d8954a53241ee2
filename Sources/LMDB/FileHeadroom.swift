import Glibc

/// Keeps the data file a little longer than LMDB has written, filled with zeros.
///
/// A commit that lengthens the file waits for the file system's metadata too; one that overwrites does not (ext4: a
/// fifth of a small commit's time). LMDB does not read what follows its last page. Owned by the thread that writes:
/// between its transactions nobody else writes to the file.
public struct FileHeadroom: ~Copyable {
    private let file: CInt
    private let mapBytes: Int
    private var end = 0
    private var usedBefore: Int
    /// The growth of the largest recent commit, in bytes: it decreases by an eighth with each commit.
    private var peak = 0

    /// Bytes written ahead at a time: one commit in some hundreds waits for them.
    static let step = 256 * 1_024
    /// With fewer bytes than this ahead, the next step is written.
    static let least = 64 * 1_024

    /// - Parameter environment: opened. If its file cannot be opened a second time, nothing is written ahead.
    public init(_ environment: Environment) {
        // LMDB's locks are on lock.mdb, so closing this descriptor releases none of them (fcntl(2)).
        file = open(environment.path + "/data.mdb", O_WRONLY | O_CLOEXEC)
        let info = environment.info
        mapBytes = info.mapBytes
        usedBefore = (info.lastPage + 1) * info.pageBytes
    }

    deinit { if file >= 0 { close(file) } }

    /// Writes ahead if the end is near. Call between transactions. A full disk is not an error here: the next commit
    /// reports it.
    public mutating func keep(_ environment: Environment) {
        let info = environment.info
        let used = (info.lastPage + 1) * info.pageBytes
        let growth = used - usedBefore
        usedBefore = used
        peak = max(growth, peak - peak / 8)
        // Large commits would only be written twice, and so would small ones between them.
        guard file >= 0, peak <= FileHeadroom.least, used + FileHeadroom.least > end else { return }
        end = max(Int(lseek(file, 0, SEEK_END)), used)
        guard used + FileHeadroom.least > end, end + FileHeadroom.step <= mapBytes else { return }
        // A page at a time: one long write makes one large folio of the page cache, and ext4 writes all of it for each
        // page of it that a commit changes (measured: 300 KB to disk an event, instead of 60).
        for _ in 0..<FileHeadroom.step / info.pageBytes {
            let written = FileHeadroom.zeros.withUnsafeBytes {
                pwrite(file, $0.baseAddress, info.pageBytes, off_t(end))
            }
            guard written == info.pageBytes else { return }
            end += written
        }
    }

    // The largest page that LMDB has.
    private static let zeros = [UInt8](repeating: 0, count: 64 * 1_024)
}
