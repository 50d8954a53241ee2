import DurableQueue
import Glibc
import LMDB
import Settings
import Store
import WebhookModel

/// The dead letters of a stopped server, for the operator's command, which opens the data directory itself.
public final class DeadLetterDesk {
    private let directory: DataDirectory
    private let names: EndpointNames

    /// Why the command cannot use a directory.
    public struct Refusal: Error, CustomStringConvertible {
        public let description: String
    }

    /// - Throws: `Refusal` where there is no store, where it cannot be read, or where a server has opened it.
    public init(data path: String) throws {
        // Opening a directory creates a store in it: a mistyped path must not become an empty store.
        if access(path + "/data.mdb", F_OK) != 0 { throw DeadLetterDesk.refusal(of: path, errno) }
        do {
            directory = try DataDirectory(path: path, mapBytes: DeadLetterDesk.mapBytes(path))
        } catch StoreError.inUse(_, let owner) {
            throw Refusal(
                description:
                    "a server uses \(path) (\(owner)), and two processes would damage it; stop the server, run this, start it again"
            )
        }
        let tables = directory.tables
        names = try directory.environment.read { snapshot throws(LMDBError) in try EndpointNames(tables, in: snapshot) }
    }

    /// One dead letter as a line of text.
    public struct Line: Sendable, CustomStringConvertible {
        public var description: String
    }

    /// Calls `show` for each that matches, in commit order.
    ///
    /// - Returns: whether more than `limit` match.
    public func list(_ words: DeadLetterWords, limit: Int, now: Int64, show: (Line) -> Void) throws -> Bool {
        let (filter, tables) = (try words.filter(now: now), directory.tables)
        let byNumber = Dictionary(uniqueKeysWithValues: names.endpoints.map { ($0.number, $0) })
        var walk = DeadLetterWalk(try query(filter))
        var left = limit
        while !walk.isOver {
            let slice = walk
            // A snapshot for each slice, because a long listing must not keep old pages in use.
            let (next, lines) = try directory.environment.read { snapshot throws(LMDBError) in
                var walk = slice
                let letters = try walk.next(tables, found: 256, scanned: 2_048, in: snapshot)
                var lines: [Line] = []
                for letter in letters {
                    let reading = try tables.event(at: letter.delivery.position, in: snapshot)
                    lines.append(Line(letter, byNumber[letter.delivery.endpoint], reading))
                }
                return (walk, lines)
            }
            walk = next
            for line in lines {
                guard left > 0 else { return true }
                show(line)
                left -= 1
            }
        }
        return false
    }

    /// Schedules what matches again: it is due when the server runs.
    ///
    /// - Returns: the number scheduled, and the number skipped because their endpoint was removed.
    public func redeliver(
        _ words: DeadLetterWords, now: Int64
    ) throws -> (scheduled: Int, withoutEndpoint: Int) {
        let filter = try words.filter(now: now)
        let known = Set(names.endpoints.filter { !$0.isRemoved }.map(\.number))
        var redelivery = Redelivery(try query(filter), trigger: filter.trigger, now: now)
        while !redelivery.isOver {
            let transaction = try directory.environment.beginWrite()
            _ = try redelivery.next(directory.tables, dueAt: now + 1, isKnown: known.contains, in: transaction)
            try transaction.commit()
        }
        return (redelivery.result.deliveries, redelivery.result.withoutEndpoint)
    }

    /// Counts all dead letters by the outcome of their last attempt: `3 connectRefused, 1 timedOut`, the most first.
    ///
    /// - Returns: nil: there are no dead letters.
    public func countsByOutcome() throws -> String? {
        let tables = directory.tables
        var walk = DeadLetterWalk(DeadLetterQuery())
        var counts: [Outcome: Int] = [:]
        while !walk.isOver {
            let slice = walk
            let (next, letters) = try directory.environment.read { snapshot throws(LMDBError) in
                var walk = slice
                let letters = try walk.next(tables, found: 2_048, scanned: 2_048, in: snapshot)
                return (walk, letters)
            }
            walk = next
            for letter in letters { counts[letter.outcome, default: 0] += 1 }
        }
        guard !counts.isEmpty else { return nil }
        return counts.sorted { ($1.value, $0.key.name) < ($0.value, $1.key.name) }
            .map { "\($0.value) \($0.key.name)" }.joined(separator: ", ")
    }

    /// Why the data file of a directory is not there.
    private static func refusal(of path: String, _ code: CInt) -> Refusal {
        if DataDirectory.isFile(path) {
            return Refusal(description: "\(path) is a file; expected the directory of the server for --data")
        }
        guard code == ENOENT else {
            let reason = String(cString: strerror(code))
            let mend = code == EACCES ? "; run this as the user of the server" : ""
            return Refusal(description: "\(path) cannot be read: \(reason)\(mend)")
        }
        return Refusal(
            description: "\(path) contains no Needletail store; expected the directory of the server for --data")
    }

    /// The store's numbers for what a filter names.
    private func query(_ filter: DeadLetterFilter) throws -> DeadLetterQuery {
        do throws(TenancyError) { return try filter.query(names) } catch {
            guard case .unknownTenant(let name) = error else { throw error }
            let known = names.tenants.sorted()
            let hint =
                known.isEmpty ? "" : NearestName.hint(for: name, among: known, manual: "it has \(known.count) tenants")
            throw Refusal(description: "this store has no tenant \"\(name)\"\(hint)")
        }
    }

    // Address space, not disk. It must be enough for the writes of these transactions, whatever the limit of the server
    // is.
    static func mapBytes(_ path: String) -> Int {
        max(ServerConfiguration().queue.mapBytes, DataDirectory.dataBytes(in: path) * 2)
    }
}

extension DeadLetterDesk.Line {
    /// `12-3  2027-01-31T12:00:00Z  refusedStatus 500  9 attempts  acme/orders  order.placed  evt_…`
    init(_ letter: DeadLetter, _ endpoint: EndpointNames.Entry?, _ reading: EventReading) {
        let status = letter.status > 0 ? " \(letter.status)" : ""
        let place = endpoint.map { "\($0.tenant)/\($0.name)" } ?? "(endpoint removed)"
        var event = "(event unreadable)"
        if case .event(let found) = reading {
            let type = found.bytes[found.record.type.range]
            event = "\(String(decoding: type, as: UTF8.self))  \(found.id)"
        }
        description = [
            DeadLetterWords.written(letter.delivery),
            LogLine.time(seconds: Int(letter.at / 1_000), nanoseconds: Int(letter.at % 1_000) * 1_000_000),
            "\(letter.outcome.name)\(status)",
            "\(letter.attempts) attempts", place, event,
        ].joined(separator: "  ")
    }
}
