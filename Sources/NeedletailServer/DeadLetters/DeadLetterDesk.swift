import DurableQueue
import Glibc
import LMDB
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

    /// - Throws: `Refusal` where there is no store, or a server has opened it.
    public init(data path: String) throws {
        // Opening a directory creates a store in it: a mistyped path must not become an empty store.
        guard access(path + "/data.mdb", F_OK) == 0 else {
            throw Refusal(
                description:
                    "\(path) contains no Needletail store; expected the directory of the server for --data")
        }
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
        var walk = DeadLetterWalk(try filter.query(names))
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
        var redelivery = Redelivery(try filter.query(names), trigger: filter.trigger, now: now)
        while !redelivery.isOver {
            let transaction = try directory.environment.beginWrite()
            _ = try redelivery.next(directory.tables, dueAt: now + 1, isKnown: known.contains, in: transaction)
            try transaction.commit()
        }
        return (redelivery.result.deliveries, redelivery.result.withoutEndpoint)
    }

    // Address space, not disk. It must be enough for the writes of these transactions, whatever the limit of the server
    // is.
    static func mapBytes(_ path: String) -> Int {
        var status = stat()
        let size = stat(path + "/data.mdb", &status) == 0 ? Int(status.st_size) : 0
        return max(ServerConfiguration().queue.mapBytes, size * 2)
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
