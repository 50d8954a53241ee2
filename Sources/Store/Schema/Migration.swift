import LMDB
public import WebhookModel

/// How far a migration is.
public struct MigrationProgress: Sendable, Equatable {
    /// The step's number, as DataLayout.md lists it.
    public var step: Int
    /// What the step does.
    public var name: String
    /// Rows that it has looked at since the directory was opened.
    public var rows: Int
    /// Rows in its table.
    public var of: Int
}

/// How a directory of an earlier format is brought to this one.
public struct MigrationOptions: Sendable {
    /// Rows that one transaction looks at.
    public var rowsPerCommit: Int
    /// Called after every transaction that did not end its step.
    public var report: @Sendable (MigrationProgress) -> Void

    public init(
        rowsPerCommit: Int = Limits.migratedRowsPerCommit,
        report: @escaping @Sendable (MigrationProgress) -> Void = { _ in }
    ) {
        self.rowsPerCommit = rowsPerCommit
        self.report = report
    }
}

/// Brings a directory of an earlier format to this one: numbered steps, each in slices with a transaction of their own.
///
/// The format's version is raised in the transaction that begins the migration, so that an earlier program does not
/// open a directory that is half done. `meta` keeps the step and the place in it; a process that ends goes on from
/// there at the next open.
struct Migration {
    /// A number is never given twice.
    enum Step: UInt32, CaseIterable {
        /// Format 2: rows of `due` get a checksum.
        case dueChecksums = 1
        /// Format 2: rows of `parked` get a checksum.
        case parkedChecksums = 2

        /// The first step from a format to the one after it.
        static func first(from version: UInt32) -> Step? { version < 2 ? .dueChecksums : nil }

        var next: Step? { Step(rawValue: rawValue + 1) }

        var name: String {
            switch self {
            case .dueChecksums: "checksums of due deliveries"
            case .parkedChecksums: "checksums of parked deliveries"
            }
        }
    }

    let environment: Environment
    let tables: Tables
    let options: MigrationOptions

    /// Notes that a migration begins, in the transaction that raises the version.
    static func begin(_ step: Step, _ tables: Tables, in transaction: borrowing WriteTransaction) throws(LMDBError) {
        try put(step, after: nil, tables, in: transaction)
    }

    /// Runs what is left of a migration; returns at once where there is none.
    func run() throws(LMDBError) {
        var rows: (step: Step?, count: Int) = (nil, 0)
        while true {
            let transaction = try environment.beginWrite()
            guard let (step, place) = try present(in: transaction) else { return }
            if rows.step != step { rows = (step, 0) }
            let slice = try slice(step, after: place, in: transaction)
            let total = try transaction.count(table(step))
            if let last = slice.last {
                try Migration.put(step, after: last, tables, in: transaction)
            } else if let next = step.next {
                try Migration.put(next, after: nil, tables, in: transaction)
            } else {
                try transaction.delete(tables.meta, MetaKey.migration.key)
            }
            try transaction.commit()
            guard slice.last != nil else { continue }
            rows.count += slice.count
            options.report(
                MigrationProgress(step: Int(step.rawValue), name: step.name, rows: rows.count, of: total))
        }
    }

    private func table(_ step: Step) -> Database {
        switch step {
        case .dueChecksums: tables.due
        case .parkedChecksums: tables.parked
        }
    }

    /// Writes the rows after a place anew, as far as one transaction goes.
    ///
    /// - Returns: the number of rows that it looked at, and the key of the last; nil: the table's end was reached.
    private func slice(
        _ step: Step, after place: Key?, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> (count: Int, last: Key?) {
        var entries: [PendingEntry] = []
        var count = 0
        var last: Key?
        do {
            var cursor = try transaction.cursor(table(step))
            var entry: Cursor.Entry?
            if let place {
                entry = try cursor.seek(place)
                if let found = entry, Key(found.key) == place { entry = try cursor.next() }
            } else {
                entry = try cursor.first()
            }
            while let found = entry, count < options.rowsPerCommit {
                // A malformed row stays as it is: scans step over it.
                if let pending = old(found, step) { entries.append(pending) }
                last = Key(found.key) ?? last
                count += 1
                entry = try cursor.next()
            }
            if entry == nil { last = nil }
        }
        for entry in entries {
            switch step {
            case .dueChecksums: try tables.putDue(entry, in: transaction)
            case .parkedChecksums: try tables.putParked(entry, in: transaction)
            }
        }
        return (count, last)
    }

    /// A row of format 1.
    private func old(_ row: Cursor.Entry, _ step: Step) -> PendingEntry? {
        switch step {
        case .dueChecksums: row.value.count == 2 ? PendingEntry(uncheckedDue: row) : nil
        case .parkedChecksums: row.value.count == 10 ? PendingEntry(uncheckedParked: row) : nil
        }
    }

    // MARK: The place in meta

    private func present(
        in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> (step: Step, place: Key?)? {
        guard let value = try transaction.get(tables.meta, MetaKey.migration.key), value.count >= 4,
            let step = Step(rawValue: value.uint32(at: 0))
        else { return nil }
        return (step, value.count == 4 ? nil : Key(UnsafeRawBufferPointer(rebasing: value[4...])))
    }

    private static func put(
        _ step: Step, after place: Key?, _ tables: Tables, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        let value = try transaction.reserve(tables.meta, MetaKey.migration.key, count: 4 + (place?.count ?? 0))
        value.store(step.rawValue, at: 0)
        place?.withBytes { UnsafeMutableRawBufferPointer(rebasing: value[4...]).copyMemory(from: $0) }
    }
}
