internal import CLMDB
import Glibc

extension Environment {
    /// Free bytes below which a failed write is put down to want of room.
    private static let leastFreeBytes: UInt = 1 << 20

    /// A commit's answer, ENOSPC where LMDB calls want of room EIO.
    ///
    /// The system writes what still fits of a commit's pages and reports a short count; `mdb_page_flush` makes EIO of
    /// it. No meta page points at those pages, so the transaction is only not there. A failed write of the meta page
    /// itself is another matter: LMDB then refuses to begin any transaction (MDB_PANIC), and EIO stands.
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
