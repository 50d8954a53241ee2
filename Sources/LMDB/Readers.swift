internal import CLMDB
import Glibc
import Synchronization

/// A slot in the table of readers that another process uses, or a thread of this one.
public struct Reader: Sendable, Equatable {
    public var process: Int32
    public var thread: UInt
    /// The commit that its snapshot shows: the pages that were freed after it cannot be used again.
    public var transaction: UInt64

    /// One line of mdb_reader_list: process, thread (hexadecimal), transaction; nil where it has no snapshot.
    init?(line: Substring) {
        let fields = line.split(separator: " ")
        guard fields.count == 3, let process = Int32(fields[0]), let thread = UInt(fields[1], radix: 16),
            let transaction = UInt64(fields[2])
        else { return nil }
        self.process = process
        self.thread = thread
        self.transaction = transaction
    }
}

/// A read transaction that was begun and reset (mdb_txn_reset): it shows nothing and pins nothing, and keeps its slot.
struct OwnSlot {
    var transaction: OpaquePointer?
    var isTaken = false
}

extension Environment {
    /// Frees the reader slots of processes that ended without giving them back (mdb_reader_check): each pins freed
    /// pages.
    ///
    /// - Returns: how many there were.
    @discardableResult
    public func removeDeadReaders() throws(LMDBError) -> Int {
        var dead: CInt = 0
        try check(mdb_reader_check(handle, &dead), "mdb_reader_check")
        return Int(dead)
    }

    /// The snapshot that shows the earliest commit (mdb_reader_list); nil: there is none. The slots of ended processes
    /// count until they are freed.
    public func oldestReader() throws(LMDBError) -> Reader? {
        var text = ""
        let code = withUnsafeMutablePointer(to: &text) { text in
            mdb_reader_list(
                handle,
                { line, context in
                    guard let line, let context else { return -1 }
                    context.assumingMemoryBound(to: String.self).pointee += String(cString: line)
                    return 0
                }, text)
        }
        guard code >= 0 else { throw LMDBError(code: code, operation: "mdb_reader_list") }
        return text.split(separator: "\n").compactMap { Reader(line: $0) }.min { $0.transaction < $1.transaction }
    }

    // MARK: The slot of the thread that writes

    // Other processes may take every slot. A reader can be told to come again; the writer cannot go on without a look.
    func keepSlot() throws(LMDBError) {
        var raw: OpaquePointer?
        try check(mdb_txn_begin(handle, nil, CUnsignedInt(MDB_RDONLY), &raw), "mdb_txn_begin for the writer's slot")
        mdb_txn_reset(raw)
        ownSlot.transaction = raw
    }

    /// The kept slot, with a snapshot of the last commit; nil: this is not the thread that writes, or it uses it.
    func takeOwnSlot() throws(LMDBError) -> OpaquePointer? {
        guard UInt(pthread_self()) == writer.load(ordering: .relaxed), !ownSlot.isTaken,
            let transaction = ownSlot.transaction
        else { return nil }
        try check(mdb_txn_renew(transaction), "mdb_txn_renew")
        ownSlot.isTaken = true
        return transaction
    }

    func returnOwnSlot() {
        mdb_txn_reset(ownSlot.transaction)
        ownSlot.isTaken = false
    }
}
