import Foundation

/// A test vector of the ingest protocol: the bytes of `Tests/Vectors/frames/NAME.hex` and what `NAME.json` says they
/// mean.
package struct FrameVector: Sendable, CustomStringConvertible {
    package enum Kind: String, Decodable, Sendable {
        /// One frame and its fields.
        case frame
        /// One frame of a later minor version, and the fields that this one knows.
        case later
        /// One frame of a server with right checksums, which its receiver refuses.
        case broken
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
        /// `silence`: nothing more is sent, and the deadlines pass.
        package var then: String?
        package var limits: Limits?
        /// The tenants that the key opens; nil: all.
        package var keyOpens: [String]?
    }

    /// What WELCOME announces, where the defaults will not do.
    package struct Limits: Decodable, Sendable {
        package var windowEvents, windowBytes, eventsPerFrame, eventBytes: Int?
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

    /// Files of the folder that are no half of a vector, nor its page and its maker.
    package static var strayFiles: [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? []
        return files.filter { file in
            let halves = [file.replacing(".json", with: ".hex"), file.replacing(".hex", with: ".json")]
            let isHalf = (file.hasSuffix(".json") || file.hasSuffix(".hex")) && halves.allSatisfy(files.contains)
            return !isHalf && !["README.md", "make.py", "__pycache__"].contains(file)
        }
    }

    /// The script that makes them.
    package static var maker: String { folder.appending(path: "make.py").path() }

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
