import Foundation
import TestSupport
import Testing
import WebhookModel
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

    @Test func theStatusTableMatchesTheCode() {
        let documented = rows.filter { $0.count == 3 && $0[0].count == 4 && UInt16($0[0], radix: 16) != nil }
        #expect(documented.count == ProtocolStatus.table.count)
        for (row, entry) in zip(documented, ProtocolStatus.table) {
            #expect(UInt16(row[0], radix: 16) == entry.status.rawValue)
            #expect(row[1] == entry.name)
            #expect(row[2] == entry.text)
        }
    }

    @Test func theFrameTypesMatchTheCode() {
        let sides = ["client", "server", "either"]
        let documented = rows.filter { $0.count == 3 && $0[0].hasPrefix("0x") && sides.contains($0[2]) }
        #expect(documented.map { UInt8($0[0].dropFirst(2), radix: 16) } == FrameType.allCases.map(\.rawValue))
        #expect(documented.map { $0[1].lowercased() } == FrameType.allCases.map { "\($0)".lowercased() })
    }

    @Test func theLimitsTableMatchesTheCode() {
        let start = Self.page.range(of: "## 9. Limits")!.upperBound
        let section = Self.page[start..<Self.page.range(of: "## 10. ")!.lowerBound]
        let documented = section.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst().map { line in
            line.split(separator: "|")[1].trimmingCharacters(in: .whitespaces)
        }
        let rate = Limits.bodyBytesPerSecond
        #expect(
            documented == [
                "\(seconds(Limits.helloMilliseconds)), \(size(Limits.unauthenticatedBytes))",
                "\(number(Limits.unauthenticatedConnections)); \(Limits.unauthenticatedConnectionsPerAddress) from one address",
                number(Limits.connections), size(Limits.frameBytes), number(Limits.eventsPerFrame),
                size(Limits.payloadBytes), "\(number(Limits.windowEvents)) events, \(size(Limits.windowBytes))",
                seconds(Limits.headerMilliseconds),
                "\(seconds(Limits.bodyGraceMilliseconds)), and 1 s for each \(size(rate))",
                seconds(Limits.idleMilliseconds), size(Limits.outputBytes), "\(Limits.controlFramesPerSecond) a second",
            ])
    }

    @Test func theRecordLimitsMatchTheCode() {
        for (field, rule) in [
            ("tenant", "1…\(Limits.tenantNameBytes) of"), ("event type", "1…\(Limits.eventTypeBytes) of"),
            ("correlation id", "≤ \(Limits.shortTextBytes) bytes"),
            ("ordering key", "≤ \(Limits.shortTextBytes) bytes"),
            ("content type", "≤ \(Limits.shortTextBytes) bytes"), ("count of attributes", "≤ \(Limits.attributes)"),
            ("attributes", "≤ \(Limits.attributeBytes) bytes"),
            ("deliver at", "at most \(Limits.deliverAheadMilliseconds / 86_400_000) days ahead"),
        ] {
            let row = rows.first { $0.count == 3 && $0[1] == field }
            #expect(row?[2].contains(rule) == true, "\(field): \(rule)")
        }
        #expect(Self.page.contains("and \(number(Limits.recordOverheadBytes)) bytes of other fields"))
    }

    private func seconds(_ milliseconds: Int64) -> String { "\(milliseconds / 1_000) s" }

    private func size(_ bytes: Int) -> String {
        bytes >= 1 << 20 ? "\(bytes >> 20) MiB" : "\(bytes >> 10) KiB"
    }

    private func number(_ number: Int) -> String {
        number < 1_000 ? "\(number)" : "\(number / 1_000)," + String("\(1_000 + number % 1_000)".dropFirst())
    }

    @Test func thePrefaceMatchesTheCode() throws { #expect(try example("preface") == Preface.bytes) }

    @Test(arguments: ["hello", "welcome"])
    func theExampleMatchesItsVector(_ name: String) throws {
        let vector = try #require(FrameVector.all(.frame).first { $0.name == "frame-\(name)" })
        #expect(try example(name) == vector.bytes)
    }

    @Test func thePublishOfTheExampleMatchesItsVector() throws {
        let vector = try #require(FrameVector.all(.frame).first { $0.name == "frame-publish-one" })
        #expect(try example("publish") == vector.bytes)
    }

    @Test func theAckOfTheExampleMatchesThePage() throws {
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
