import CLinux
import Glibc
public import LMDB

/// An open data directory: its lock, its LMDB environment, its tables. One per process; closed with its last reference.
public final class DataDirectory: Sendable {
    public let path: String
    public let environment: Environment
    public let tables: Tables
    private let lock: CInt

    /// Opens the directory, making it where it is missing.
    ///
    /// - Parameters:
    ///   - mapBytes: the quota of the data file.
    ///   - faults: planned faults; tests only.
    public init(path: String, mapBytes: Int, faults: FaultPlan? = nil) throws(StoreError) {
        try DataDirectory.make(path)
        let hadData = access(path + "/data.mdb", F_OK) == 0
        if !hadData, let stranger = DataDirectory.stranger(in: path) {
            throw .foreign(path: path, found: "it holds \(stranger)")
        }
        let lock = try DataDirectory.takeLock(path)
        let opened = DataDirectory.open(path, mapBytes: mapBytes, faults: faults, isNew: !hadData)
        switch opened {
        case .success(let opened):
            self.path = path
            self.lock = lock
            (environment, tables) = opened
        case .failure(let error):
            close(lock)
            throw error
        }
    }

    deinit { close(lock) }

    /// Bytes free on its file system; nil where the system does not tell.
    public var freeDiskBytes: Int64? {
        let bytes = clinux_free_bytes(path)
        return bytes < 0 ? nil : bytes
    }

    private static func make(_ path: String) throws(StoreError) {
        var partial = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            partial += "/" + part
            guard mkdir(partial, 0o700) != 0, errno != EEXIST else { continue }
            throw .unusable(path: path, reason: "cannot make \(partial): \(String(cString: strerror(errno)))")
        }
        guard access(path, R_OK | W_OK | X_OK) == 0 else {
            throw .unusable(path: path, reason: String(cString: strerror(errno)))
        }
    }

    // A directory of somebody else's must not be filled by a mistyped flag.
    private static func stranger(in path: String) -> String? {
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

    // flock and not LMDB's own lock file: LMDB would let a second process in.
    private static func takeLock(_ path: String) throws(StoreError) -> CInt {
        let file = Glibc.open(path + "/" + lockName, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw .unusable(path: path, reason: "cannot open \(lockName): \(String(cString: strerror(errno)))")
        }
        guard clinux_lock_file(file) == 0 else {
            var text = [UInt8](repeating: 0, count: 32)
            let count = pread(file, &text, text.count, 0)
            close(file)
            let owner = String(decoding: text.prefix(max(count, 0)), as: UTF8.self)
            throw .inUse(path: path, owner: owner.isEmpty ? "another process" : "process \(owner)")
        }
        let own = Array("\(getpid())".utf8)
        if ftruncate(file, 0) == 0 { _ = pwrite(file, own, own.count, 0) }
        return file
    }

    private static func open(
        _ path: String, mapBytes: Int, faults: FaultPlan?, isNew: Bool
    ) -> Result<(Environment, Tables), StoreError> {
        do {
            let environment = try Environment(path: path, mapBytes: mapBytes, databases: Tables.most, faults: faults)
            return .success((environment, try prepare(environment, path: path, isNew: isNew)))
        } catch let error as StoreError {
            return .failure(error)
        } catch let error as LMDBError where error.isForeignFile {
            return .failure(
                .foreign(path: path, found: "data.mdb is no LMDB file of this version, or is damaged (\(error))"))
        } catch let error as LMDBError {
            return .failure(.database(error))
        } catch {
            return .failure(.unusable(path: path, reason: "\(error)"))
        }
    }

    private static func prepare(_ environment: Environment, path: String, isNew: Bool) throws -> Tables {
        let transaction = try environment.beginWrite()
        // Killed between making the file and the first commit: nothing was ever stored, so it is new still.
        let isEmpty = isNew || environment.info.lastTransaction == 0
        let tables = try Tables(transaction)
        try checkFormat(transaction, tables, path: path, isNew: isEmpty)
        try transaction.commit()
        return tables
    }

    private static func checkFormat(
        _ transaction: borrowing WriteTransaction, _ tables: Tables, path: String, isNew: Bool
    ) throws {
        if let found = try transaction.get(tables.meta, MetaKey.format.key) {
            guard found.count == 12, found.uint64(at: 0) == Format.magic else {
                throw StoreError.foreign(path: path, found: "data.mdb has another program's format mark")
            }
            let version = found.uint32(at: 8)
            guard version <= Format.version else {
                throw StoreError.newerFormat(path: path, found: version, known: Format.version)
            }
        } else {
            guard isNew else { throw StoreError.foreign(path: path, found: "data.mdb has no format mark") }
            let value = try transaction.reserve(tables.meta, MetaKey.format.key, count: 12)
            value.store(Format.magic, at: 0)
            value.store(Format.version, at: 8)
        }
    }
}
