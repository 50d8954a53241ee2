internal import CLMDB
import Glibc

extension Environment {
    /// With fewer free bytes than this, a failed write is taken for a full disk.
    private static let leastFreeBytes: UInt = 1 << 20

    /// The code of a commit: ENOSPC where LMDB reports a full disk as EIO.
    ///
    /// On a full disk the system writes a part of a commit's pages and reports a short count, and `mdb_page_flush`
    /// turns that into EIO. No meta page points at those pages, so the transaction simply does not exist. If the write
    /// of the meta page itself fails, LMDB refuses to begin any transaction (MDB_PANIC), and the code stays EIO.
    func meaning(ofCommit code: CInt) -> CInt {
        code == EIO && isDiskFull && mayGoOn ? ENOSPC : code
    }

    private var isDiskFull: Bool {
        var file: CInt = -1
        var numbers = statvfs()
        guard mdb_env_get_fd(handle, &file) == 0, fstatvfs(file, &numbers) == 0 else { return false }
        return numbers.f_bavail * numbers.f_frsize < Environment.leastFreeBytes
    }

    private var mayGoOn: Bool {
        var probe: OpaquePointer?
        guard mdb_txn_begin(handle, nil, 0, &probe) == 0 else { return false }
        mdb_txn_abort(probe)
        return true
    }
}
