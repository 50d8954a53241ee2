import Foundation
import TestSupport
import Testing
import WireProtocol

/// Protocol.md is normative: its status table, its frame types and its worked example are held against the code.
@Suite struct ProtocolPageTests {
    private static let page: String = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources/WireProtocol/WireProtocol.docc/Protocol.md")
        return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    }()

    /// The bytes of the code block that is marked so.
    private func example(_ name: String) throws -> [UInt8] {
        let opening = try #require(Self.page.range(of: "```hex \(name)\n"))
        let rest = Self.page[opening.upperBound...]
        return Hex.bytes(String(rest[..<(try #require(rest.range(of: "```"))).lowerBound]))
    }

    /// The cells of every table row.
    private var rows: [[String]] {
        Self.page.split(separator: "\n").filter { $0.hasPrefix("| ") }.map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    @Test func statusTableIsTheCode() {
        let documented = rows.filter { $0.count == 3 && $0[0].count == 4 && UInt16($0[0], radix: 16) != nil }
        #expect(documented.count == ProtocolStatus.table.count)
        for (row, entry) in zip(documented, ProtocolStatus.table) {
            #expect(UInt16(row[0], radix: 16) == entry.status.rawValue)
            #expect(row[1] == entry.name)
            #expect(row[2] == entry.text)
        }
    }

    @Test func frameTypesAreTheCode() {
        let sides = ["client", "server", "either"]
        let documented = rows.filter { $0.count == 3 && $0[0].hasPrefix("0x") && sides.contains($0[2]) }
        #expect(documented.map { UInt8($0[0].dropFirst(2), radix: 16) } == FrameType.allCases.map(\.rawValue))
        #expect(documented.map { $0[1].lowercased() } == FrameType.allCases.map { "\($0)".lowercased() })
    }

    @Test func prefaceIsTheCode() throws { #expect(try example("preface") == Preface.bytes) }

    @Test(arguments: ["hello", "welcome"])
    func exampleIsItsVector(_ name: String) throws {
        let vector = try #require(FrameVector.all(.frame).first { $0.name == "frame-\(name)" })
        #expect(try example(name) == vector.bytes)
    }

    @Test func publishOfTheExampleIsItsVector() throws {
        let vector = try #require(FrameVector.all(.frame).first { $0.name == "frame-publish-one" })
        #expect(try example("publish") == vector.bytes)
    }

    @Test func ackOfTheExampleSaysWhatThePageSays() throws {
        try example("ack").withUnsafeBytes { bytes in
            guard case .frame(let frame) = try FrameDecoder(bodyLimit: 1 << 16).next(in: bytes) else {
                Issue.record("not a whole frame")
                return
            }
            #expect(frame.header.requestID == 7 && frame.isIntact)
            #expect(try Ack(decoding: frame.body) == Ack(commit: 4_711, count: 1, answers: .allAccepted))
        }
    }
}
