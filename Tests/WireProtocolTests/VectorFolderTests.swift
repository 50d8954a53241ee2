import Foundation
import TestSupport
import Testing
import WireProtocol

/// The folder of vectors as a whole: nothing missing, nothing unknown, nothing changed in silence.
@Suite struct VectorFolderTests {
    @Test func everyFileIsAVectorOfItsKind() {
        #expect(FrameVector.strayFiles == [])
        for vector in FrameVector.all() {
            #expect(vector.name.hasPrefix(vector.meaning.kind.rawValue + "-"), "\(vector): named after another kind")
        }
    }

    @Test func everyFrameTypeHasVectors() {
        let types = Set(
            FrameVector.all(.frame).compactMap { $0.bytes.count > 4 ? FrameType(rawValue: $0.bytes[4]) : nil })
        #expect(types == Set(FrameType.allCases))
    }

    @Test func everyStatusHasVectors() {
        let frames = FrameVector.all(.frame)
        let closes = Set(frames.compactMap(\.meaning.fields?.status))
        let alone = Set(
            frames.filter { $0.meaning.fields?.form == 2 }.compactMap { $0.meaning.fields?.answers?.first?[0] })
        for (status, name, _) in ProtocolStatus.table {
            if status.statusClass == .closes {
                #expect(closes.contains(status.rawValue), "no CLOSE \(name)")
            } else {
                #expect(alone.contains(UInt32(status.rawValue)), "no ACK of \(name)")
            }
        }
    }

    /// Statuses are written by name in vectors; each must be one of Protocol.md.
    @Test func everyStatusNameExists() {
        let names = Set(ProtocolStatus.table.map(\.name) + ["nothing", "end"])
        for vector in FrameVector.all() {
            let used = (vector.meaning.answers ?? []) + [vector.meaning.closes].compactMap(\.self)
            #expect(names.isSuperset(of: used), "\(vector): \(used)")
        }
    }

    @Test(arguments: FrameVector.all(.broken))
    func aBrokenBodyIsRefused(_ vector: FrameVector) throws {
        try vector.bytes.withUnsafeBytes { bytes in
            guard case .frame(let frame) = try FrameDecoder(bodyLimit: 1 << 20).next(in: bytes) else {
                Issue.record("not a whole frame")
                return
            }
            #expect(frame.isIntact && frame.byteCount == bytes.count, "a wrong checksum hides what is wrong")
            let messages: [FrameType: any Message.Type] = [
                .welcome: Welcome.self, .ack: Ack.self, .pong: Pong.self, .goAway: GoAway.self, .close: Close.self,
            ]
            let type = try #require(frame.header.type)
            let message = try #require(messages[type])
            #expect(throws: BodyError.self) { _ = try message.init(decoding: frame.body) }
        }
    }

    private static let python = ["/usr/bin/python3", "/usr/local/bin/python3", "/root/.pyenv/shims/python3"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    // Bit for bit what the independent script makes from Protocol.md.
    @Test(.enabled(if: python != nil, "python3 is not installed"))
    func theGeneratorMakesTheSameFiles() throws {
        let process = Process()
        process.executableURL = URL(filePath: try #require(Self.python))
        process.arguments = ["-B", FrameVector.maker, "--check"]
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "make.py --check names the files")
    }
}
