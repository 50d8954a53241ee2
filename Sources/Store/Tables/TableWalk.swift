import LMDB

extension Tables {
    /// Visits the rows of a table in key order, until `visit` says no.
    ///
    /// A snapshot steps over what stands on a damaged page: it restarts at the last commit (`Transaction.goOnAfterDamage`),
    /// finds the first row behind the page, and goes on there. A write transaction cannot go on.
    ///
    /// - Parameters:
    ///   - place: the first key of interest; an empty key is the beginning.
    ///   - skipped: gets one place for each damaged page.
    func walk(
        _ table: Database, from place: Key = Key(), in transaction: borrowing some Transaction & ~Copyable,
        skipped: inout SkippedRows, _ visit: (Cursor.Entry) throws(LMDBError) -> Bool
    ) throws(LMDBError) {
        var next: Key? = place
        while let from = next {
            var last = from
            do throws(LMDBError) {
                var cursor = try transaction.cursor(table)
                var entry = from.count == 0 ? try cursor.first() : try cursor.seek(from)
                while let present = entry {
                    if let key = Key(present.key) { last = key }
                    guard try visit(present) else { return }
                    entry = try cursor.next()
                }
                return
            } catch {
                guard error.isCorruption, try transaction.goOnAfterDamage() else { throw error }
                last.withBytes { skipped.add(table, $0) }
                next = try firstReadable(table, after: last, in: transaction)
            }
        }
    }

    /// The first key behind the damaged page that follows a key. Looks ever further ahead, then between the last two
    /// places: some hundred look-ups.
    ///
    /// - Returns: nil: nothing behind it can be read.
    private func firstReadable(
        _ table: Database, after key: Key, in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> Key? {
        if key.count > 16, let found = try firstReadable(table, besides: key, in: transaction) { return found }
        var damaged = key.leadingBits
        var step: UInt128 = 1
        var readable: UInt128?
        while readable == nil {
            let (place, isOver) = damaged.addingReportingOverflow(step)
            guard !isOver else { return nil }
            if try canSeek(table, Key(leadingBits: place), in: transaction) {
                readable = place
            } else {
                damaged = place
                step = step.multipliedReportingOverflow(by: 2).partialValue
                guard step > 0 else { return nil }
            }
        }
        guard var found = readable else { return nil }
        while found - damaged > 1 {
            let middle = damaged + (found - damaged) / 2
            if try canSeek(table, Key(leadingBits: middle), in: transaction) {
                found = middle
            } else {
                damaged = middle
            }
        }
        return Key(leadingBits: found)
    }

    /// The same among keys that share the first sixteen bytes: the endpoints of one event in `due`.
    private func firstReadable(
        _ table: Database, besides key: Key, in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> Key? {
        let prefix = Key(leadingBits: key.leadingBits)
        func place(_ number: UInt32) -> Key {
            var key = prefix
            key.append(number)
            return key
        }
        var damaged = key.withBytes { bytes in
            (16..<20).reduce(UInt32(0)) { $0 << 8 | UInt32($1 < bytes.count ? bytes[$1] : 0) }
        }
        guard damaged < .max, try canSeek(table, place(.max), in: transaction) else { return nil }
        var found = UInt32.max
        while found - damaged > 1 {
            let middle = damaged + (found - damaged) / 2
            if try canSeek(table, place(middle), in: transaction) { found = middle } else { damaged = middle }
        }
        return place(found)
    }

    private func canSeek(
        _ table: Database, _ place: Key, in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> Bool {
        do throws(LMDBError) {
            var cursor = try transaction.cursor(table)
            _ = try cursor.seek(place)
            return true
        } catch {
            guard error.isCorruption, try transaction.goOnAfterDamage() else { throw error }
            return false
        }
    }
}

extension Key {
    /// The first sixteen bytes as a number; a shorter key counts as filled up with zeros.
    fileprivate var leadingBits: UInt128 {
        withBytes { bytes in
            var bits: UInt128 = 0
            for index in 0..<16 { bits = bits << 8 | UInt128(index < bytes.count ? bytes[index] : 0) }
            return bits
        }
    }

    fileprivate init(leadingBits bits: UInt128) {
        self.init(UInt64(truncatingIfNeeded: bits >> 64))
        append(UInt64(truncatingIfNeeded: bits))
    }
}
