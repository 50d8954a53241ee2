/// Selects requests: every given part must match.
public struct JournalFilter: Sendable, Equatable {
    public var path: PathPattern?
    /// The `webhook-id`, exactly.
    public var id: String?
    public var verdict: Verdict?
    /// The status of the answer; 0: reset.
    public var statuses: ClosedRange<Int>?
    /// The attempt number of the message at its path, from 1.
    public var attempts: ClosedRange<Int>?
    public var header: HeaderCondition?
    /// A text that the kept part of the body contains.
    public var bodyText: String?
    /// Only requests after this number of the journal.
    public var after: Int?

    public init(
        path: PathPattern? = nil, id: String? = nil, verdict: Verdict? = nil, statuses: ClosedRange<Int>? = nil,
        attempts: ClosedRange<Int>? = nil, header: HeaderCondition? = nil, bodyText: String? = nil, after: Int? = nil
    ) {
        self.path = path
        self.id = id
        self.verdict = verdict
        self.statuses = statuses
        self.attempts = attempts
        self.header = header
        self.bodyText = bodyText
        self.after = after
    }

    public func matches(_ entry: JournalEntry) -> Bool {
        (path?.matches(entry.path) ?? true) && (id.map { JournalEntry.kept(id: $0) == entry.id } ?? true)
            && (verdict.map { $0 == entry.verdict } ?? true) && (statuses?.contains(entry.status) ?? true)
            && (attempts?.contains(entry.attempt) ?? true) && (after.map { entry.number > $0 } ?? true)
            && (header.map { wanted in
                entry.headerLines.contains { $0.name == wanted.name && wanted.value.matches($0.value.utf8) }
            }
                ?? true)
            && (bodyText.map { entry.body.firstRange(of: Array($0.utf8)) != nil } ?? true)
    }
}

extension JournalEntry {
    /// The request line: `POST /orders?x=1 HTTP/1.1`.
    var requestLine: Substring { text.prefix { $0 != "\r\n" } }

    /// Header names in lower case and values, in the order of arrival, as far as they were kept.
    package var headerLines: [(name: String, value: String)] {
        text.split(separator: "\r\n").dropFirst().compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon].lowercased(), JournalEntry.trimmed(line[line.index(after: colon)...]))
        }
    }

    /// Without spaces at either end (RFC 9110 section 5.5).
    private static func trimmed(_ value: Substring) -> String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(value.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }

    private var text: String { String(decoding: head, as: UTF8.self) }
}

/// How many requests match a filter.
public struct MatchCount: Sendable, Equatable {
    public internal(set) var found = 0
    /// Requests that had left the journal before the count began: `found` is then a lower bound.
    public internal(set) var unseen = 0

    public var isExact: Bool { unseen == 0 }
}

/// Counts the requests that match a filter: first those in the journal, then each as it arrives.
struct MatchTally {
    let filter: JournalFilter
    private(set) var count = MatchCount()

    init(_ filter: JournalFilter) { self.filter = filter }

    /// - Parameter entries: newest first.
    mutating func begin(with entries: [JournalEntry]) {
        let oldest = entries.last.map(\.number) ?? 1
        count = MatchCount(found: 0, unseen: max(0, oldest - max(0, filter.after ?? 0) - 1))
        for entry in entries { take(entry) }
    }

    /// Requests that carry no message are passed over, as in every other count.
    mutating func take(_ entry: JournalEntry) { if entry.isMessage, filter.matches(entry) { count.found += 1 } }
}
