import CLinux
import Glibc
public import LMDB
import WebhookModel

/// An open data directory: its lock, its LMDB environment, its tables. One per process; closed with its last reference.
public final class DataDirectory: Sendable {
    public let path: String
    public let environment: Environment
    public let tables: Tables
    /// 32 bytes that were chosen when the directory was made, and never change: for names outside the store that must be
    /// stable and must not tell numbers. A copy of the directory has the same.
    public let identityKey: [UInt8]
    private let lock: CInt

    /// Opens the directory, and makes it if it is missing.
    ///
    /// - Parameters:
    ///   - mapBytes: the largest size of the data file.
    ///   - durability: `full`, except in tests.
    ///   - migration: how a directory of an earlier format is brought to this one, before this returns.
    ///   - faults: planned faults; tests only.
    public init(
        path: String, mapBytes: Int, durability: Environment.Durability = .full,
        migration: MigrationOptions = MigrationOptions(), faults: FaultPlan? = nil
    ) throws(StoreError) {
        try DataDirectory.make(path)
        let hadData = access(path + "/data.mdb", F_OK) == 0
        if !hadData, let file = DataDirectory.foreignFile(in: path) {
            throw .foreign(path: path, found: "it contains \(file)")
        }
        let lock = try DataDirectory.takeLock(path)
        let opened = DataDirectory.opened(isNew: !hadData, path, migration) { () throws(LMDBError) in
            try Environment(
                path: path, mapBytes: mapBytes, databases: Limits.storeTables, durability: durability, faults: faults)
        }
        switch opened {
        case .success(let opened):
            self.path = path
            self.lock = lock
            (environment, tables, identityKey) = opened
        case .failure(let error):
            close(lock)
            throw error
        }
    }

    deinit { close(lock) }

    /// Bytes free on its file system; nil if the system does not tell.
    public var freeDiskBytes: Int64? {
        let bytes = clinux_free_bytes(path)
        return bytes < 0 ? nil : bytes
    }

    /// Whether a path names something that is no directory.
    public static func isFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFDIR
    }

    /// Bytes of a directory's data file; 0: there is none.
    public static func dataBytes(in path: String) -> Int {
        var status = stat()
        return stat(path + "/data.mdb", &status) == 0 ? Int(status.st_size) : 0
    }

    private static func make(_ path: String) throws(StoreError) {
        var partial = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            partial += "/" + part
            guard mkdir(partial, 0o700) != 0 else { continue }
            guard errno != EEXIST else {
                guard isFile(partial) else { continue }
                throw .unusable(path: path, reason: "\(partial) is a file")
            }
            throw .unusable(path: path, reason: "cannot make \(partial): \(String(cString: strerror(errno)))")
        }
        guard access(path, R_OK | W_OK | X_OK) == 0 else {
            throw .unusable(path: path, reason: String(cString: strerror(errno)))
        }
    }

    // A mistyped flag must not fill another program's directory.
    private static func foreignFile(in path: String) -> String? {
        guard let directory = opendir(path) else { return nil }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if ![".", "..", "lock.mdb", lockName, "lost+found"].contains(name) { return "“\(name)”" }
        }
        return nil
    }

    private static let lockName = "needletail.lock"

    // flock, because LMDB's own lock file would let a second process in.
    private static func takeLock(_ path: String) throws(StoreError) -> CInt {
        let file = Glibc.open(path + "/" + lockName, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw .unusable(path: path, reason: "cannot open \(lockName): \(String(cString: strerror(errno)))")
        }
        var tries = 0
        while clinux_lock_file(file) != 0 {
            var text = [UInt8](repeating: 0, count: 32)
            let count = pread(file, &text, text.count, 0)
            let owner = String(decoding: text.prefix(max(count, 0)), as: UTF8.self)
            // A child of this process has its open files, and so its locks, until it calls execve(2): some milliseconds.
            guard owner == "\(getpid())", tries < 50 else {
                close(file)
                throw .inUse(path: path, owner: owner.isEmpty ? "another process" : "process \(owner)")
            }
            tries += 1
            usleep(10_000)
        }
        let own = Array("\(getpid())".utf8)
        if ftruncate(file, 0) == 0 { _ = pwrite(file, own, own.count, 0) }
        return file
    }

    private static func opened(
        isNew: Bool, _ path: String, _ migration: MigrationOptions, _ open: () throws(LMDBError) -> Environment
    ) -> Result<(Environment, Tables, [UInt8]), StoreError> {
        do {
            let environment = try open()
            let (tables, identityKey) = try prepare(environment, path: path, isNew: isNew)
            try Migration(environment: environment, tables: tables, options: migration).run()
            return .success((environment, tables, identityKey))
        } catch let error as StoreError {
            return .failure(error)
        } catch let error as LMDBError where error.isForeignFile {
            return .failure(
                .foreign(path: path, found: "data.mdb is not an LMDB file of this version, or is damaged (\(error))"))
        } catch let error as LMDBError {
            return .failure(.database(error))
        } catch {
            return .failure(.unusable(path: path, reason: "\(error)"))
        }
    }

    private static func prepare(_ environment: Environment, path: String, isNew: Bool) throws -> (Tables, [UInt8]) {
        let transaction = try environment.beginWrite()
        // A process that was killed before its first commit stored nothing: the file is still new.
        let isEmpty = isNew || environment.info.lastTransaction == 0
        let tables = try Tables(transaction)
        try checkFormat(transaction, tables, path: path, isNew: isEmpty)
        let identityKey = try identityKey(transaction, tables)
        try transaction.commit()
        return (tables, identityKey)
    }

    // In the store and not in a file beside it: a copy of the store must name things as the original does.
    private static func identityKey(
        _ transaction: borrowing WriteTransaction, _ tables: Tables
    ) throws(LMDBError) -> [UInt8] {
        let present = try transaction.get(tables.meta, MetaKey.identity.key)
        if let present, present.count == Limits.identityKeyBytes { return Array(present) }
        // The system's generator is getrandom(2).
        var chance = SystemRandomNumberGenerator()
        let key = (0..<Limits.identityKeyBytes).map { _ in UInt8.random(in: .min ... .max, using: &chance) }
        let value = try transaction.reserve(tables.meta, MetaKey.identity.key, count: key.count)
        value.copyBytes(from: key)
        return key
    }

    private static func checkFormat(
        _ transaction: borrowing WriteTransaction, _ tables: Tables, path: String, isNew: Bool
    ) throws {
        if let found = try transaction.get(tables.meta, MetaKey.format.key) {
            guard found.count == 12, found.uint64(at: 0) == Format.magic else {
                throw StoreError.foreign(path: path, found: "data.mdb has the format mark of another program")
            }
            let version = found.uint32(at: 8)
            guard version <= Format.version else {
                throw StoreError.newerFormat(path: path, found: version, known: Format.version)
            }
            guard version < Format.version else { return }
            try mark(transaction, tables)
            if let step = Migration.Step.first(from: version) { try Migration.begin(step, tables, in: transaction) }
        } else {
            guard isNew else { throw StoreError.foreign(path: path, found: "data.mdb has no format mark") }
            try mark(transaction, tables)
        }
    }

    private static func mark(_ transaction: borrowing WriteTransaction, _ tables: Tables) throws(LMDBError) {
        let value = try transaction.reserve(tables.meta, MetaKey.format.key, count: 12)
        value.store(Format.magic, at: 0)
        value.store(Format.version, at: 8)
    }
}
