import Foundation

/// A test vector of the ingest protocol: the bytes of `Tests/Vectors/frames/NAME.hex` and what `NAME.json` says they
/// mean.
package struct FrameVector: Sendable, CustomStringConvertible {
    package enum Kind: String, Decodable, Sendable {
        /// One frame and its fields.
        case frame
        /// What a client sends from its first byte on, and how the server closes.
        case opening
        /// What a client sends after WELCOME, and how the server closes or answers.
        case open
    }

    package struct Meaning: Decodable, Sendable {
        package var kind: Kind
        package var why: String?
        package var type: String?
        package var requestId: UInt64?
        package var fields: Fields?
        package var closes: String?
        package var answers: [String]?
    }

    /// The fields of all frame types together.
    package struct Fields: Decodable, Sendable {
        package var minorVersion: UInt16?
        package var features: UInt32?
        package var apiKey, clientName, serverId, serverVersion, reason, text, opaque: String?
        package var frameBytes, eventBytes, eventsPerFrame, windowEvents, idleTimeoutMs, dedupWindowS: UInt32?
        package var windowBytes, commit: UInt64?
        package var durability, form: UInt8?
        package var count, graceMs, spreadMs: UInt32?
        package var answers: [[UInt32]]?
        package var sentAt, receivedAt, answeredAt: Int64?
        package var status: UInt16?
        package var events: [Event]?
    }

    package struct Event: Decodable, Sendable {
        package var id, tenant, type, correlationId, orderingKey, contentType, payload: String
        package var occurredAt, deliverAt: Int64
        package var attributes: [[String]]
    }

    package let name: String
    package let bytes: [UInt8]
    package let meaning: Meaning
    package var description: String { name }

    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Vectors/frames")

    /// Every vector, or those of a kind, by name.
    package static func all(_ kind: Kind? = nil) -> [FrameVector] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? []
        let names = files.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
        let vectors = names.map(FrameVector.init(named:))
        precondition(vectors.count > 50, "the frame vectors are missing from \(folder.path())")
        return vectors.filter { kind == nil || $0.meaning.kind == kind }
    }

    private init(named name: String) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self.name = name
        do {
            let json = try Data(contentsOf: FrameVector.folder.appending(path: name + ".json"))
            meaning = try decoder.decode(Meaning.self, from: json)
            let hex = FrameVector.folder.appending(path: name + ".hex")
            bytes = Hex.bytes(try String(contentsOf: hex, encoding: .utf8))
        } catch {
            preconditionFailure("frame vector \(name): \(error)")
        }
    }
}

/// Hex digits as people write them in files.
package enum Hex {
    /// The bytes of pairs of digits; white space and `#` comments are skipped.
    package static func bytes(_ text: String) -> [UInt8] {
        let digits = text.split(separator: "\n").flatMap { line in
            line.prefix { $0 != "#" }.filter { !$0.isWhitespace }.compactMap { $0.hexDigitValue }
        }
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    package static func text(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
