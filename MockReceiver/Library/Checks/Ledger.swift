import Foundation
public import WebhookModel

/// What a producer recorded about one message: the outcome of sending it.
public struct LedgerEntry: Sendable, Equatable {
    /// The message's id; foreign ids are hashed as the receiver does.
    public let id: EventID
    /// The id is a hash of what the producer wrote, because that was not an `evt_…` id.
    public let isForeign: Bool
    public let outcome: Outcome
    /// `BodyHash` of the body, if the producer gives it.
    public let bodyHash: UInt64?
    /// Its line in the file, from 1; 0: it is not from a file.
    public let line: UInt32

    public enum Outcome: UInt8, Sendable, CaseIterable {
        /// The sender promised to deliver it.
        case acknowledged
        /// The sender refused, and the message need not arrive.
        case refused
        /// No answer came: it may arrive or not.
        case unknown
    }

    public init(id: EventID, outcome: Outcome = .acknowledged, bodyHash: UInt64? = nil, line: UInt32 = 0) {
        self.init((id, false), outcome, bodyHash, line)
    }

    private init(_ identity: (id: EventID, isForeign: Bool), _ outcome: Outcome, _ bodyHash: UInt64?, _ line: UInt32) {
        (id, isForeign) = identity
        self.line = line
        self.outcome = outcome
        self.bodyHash = bodyHash
    }

    /// - Parameter webhookID: the text of the id header.
    public init(webhookID: String, outcome: Outcome = .acknowledged, bodyHash: UInt64? = nil, line: UInt32 = 0) {
        let identity = Array(webhookID.utf8).withUnsafeBytes { EventID.of(webhookID: $0) }
        self.init(identity, outcome, bodyHash, line)
    }

    /// Combines two lines about one message: a retry's acknowledgement overrides the doubt before it.
    func joined(_ other: LedgerEntry) -> LedgerEntry {
        LedgerEntry(
            (id, isForeign), outcome.weight >= other.outcome.weight ? outcome : other.outcome,
            bodyHash ?? other.bodyHash, min(line, other.line))
    }
}

extension LedgerEntry.Outcome {
    fileprivate var weight: Int {
        switch self {
        case .refused: 0
        case .unknown: 1
        case .acknowledged: 2
        }
    }
}

/// A producer's ledger as NDJSON: one message per line. Several lines with the same id are one message: acknowledged
/// overrides unknown, and unknown overrides refused.
///
/// ```
/// {"id":"evt_…","outcome":"acknowledged","hash":"0123456789abcdef"}
/// {"id":"msg_1","outcome":"unknown","body":"{\"n\":1}"}
/// ```
/// `outcome` is `acknowledged` (the default), `refused` or `unknown`. `hash` is the body's ``BodyHash`` in 16 hex
/// digits. The `body` itself may be given instead. Without both, bodies are not compared. Other members are ignored.
public enum LedgerFile {
    /// The most entries: 80 bytes each while they are compared.
    public static let mostEntries = 10_000_000
    /// The most bytes of one line.
    public static let mostLineBytes = 1 << 20

    /// Why a ledger cannot be used.
    public struct Mistake: Error, Equatable, CustomStringConvertible {
        /// From 1.
        public let line: Int
        public let text: String
        public var description: String { "line \(line): \(text)" }
    }

    /// nil: the line is empty.
    static func entry(_ bytes: some Collection<UInt8>, line: Int) throws(Mistake) -> LedgerEntry? {
        guard bytes.contains(where: { $0 > 0x20 }) else { return nil }
        guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else {
            throw Mistake(
                line: line,
                text:
                    "not a JSON object; expected one message per line, such as {\"id\":\"evt_…\",\"outcome\":\"acknowledged\"}"
            )
        }
        guard let id = object["id"] as? String, !id.isEmpty else {
            throw Mistake(line: line, text: "id is missing; expected the text of the webhook-id header")
        }
        let outcome = try outcome(object["outcome"], line)
        let place = UInt32(clamping: line)
        if let body = object["body"] {
            guard let text = body as? String else {
                throw Mistake(
                    line: line,
                    text: "body: expected a string with the bytes that were sent, or use hash")
            }
            return LedgerEntry(webhookID: id, outcome: outcome, bodyHash: BodyHash.of(Array(text.utf8)), line: place)
        }
        guard let written = object["hash"] else { return LedgerEntry(webhookID: id, outcome: outcome, line: place) }
        guard let digits = written as? String, digits.utf8.count == 16, let hash = UInt64(digits, radix: 16) else {
            throw Mistake(
                line: line, text: "hash: expected 16 hex digits, the body's BodyHash; or use body with the body itself")
        }
        return LedgerEntry(webhookID: id, outcome: outcome, bodyHash: hash, line: place)
    }

    private static func outcome(_ written: Any?, _ line: Int) throws(Mistake) -> LedgerEntry.Outcome {
        guard let written else { return .acknowledged }
        let word = written as? String ?? ""
        guard let outcome = LedgerEntry.Outcome.allCases.first(where: { "\($0)" == word }) else {
            let known = LedgerEntry.Outcome.allCases.map { "\($0)" }
            throw Mistake(line: line, text: "outcome: \(NearWord.unknown(word, among: known))")
        }
        return outcome
    }
}

/// Reads a ledger from bytes in any parts.
package struct LedgerReader {
    package private(set) var entries: [LedgerEntry] = []
    private var tail: [UInt8] = []
    private var line = 0

    package init() {}

    package mutating func take(_ bytes: some Sequence<UInt8>) throws(LedgerFile.Mistake) {
        tail.append(contentsOf: bytes)
        var start = 0
        while let end = tail[start...].firstIndex(of: 0x0A) {
            try read(tail[start..<end])
            start = end + 1
        }
        tail.removeFirst(start)
        guard tail.count <= LedgerFile.mostLineBytes else {
            throw LedgerFile.Mistake(
                line: line + 1, text: "over \(LedgerFile.mostLineBytes) bytes; use hashes instead of bodies")
        }
    }

    /// All entries, after the last part.
    package mutating func finish() throws(LedgerFile.Mistake) -> [LedgerEntry] {
        try read(tail[...])
        return entries
    }

    private mutating func read(_ bytes: ArraySlice<UInt8>) throws(LedgerFile.Mistake) {
        line += 1
        guard let entry = try LedgerFile.entry(bytes, line: line) else { return }
        guard entries.count < LedgerFile.mostEntries else {
            throw LedgerFile.Mistake(
                line: line,
                text: "more than \(LedgerFile.mostEntries) messages; reset the receiver and reconcile in parts")
        }
        entries.append(entry)
    }
}
