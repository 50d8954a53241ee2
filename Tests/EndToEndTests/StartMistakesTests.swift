import Foundation
import IngestClient
import TestSupport
import Testing
import WireProtocol

extension EndToEnd {
    /// What keeps a server from starting is told in one line that names the thing and the mend, and the exit code is 1.
    @Suite struct StartMistakesTests {
        private let installation: Installation

        init() throws { installation = try Installation(ProvisioningFile(.init(url: "http://127.0.0.1:9/"))) }

        private func expectMistake(
            _ words: [String], _ more: [String] = [], sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            let process = try installation.launch(more)
            let exit = try await process.ended()
            #expect(exit == .code(1), "\(process.lines)", sourceLocation: sourceLocation)
            let complaints = process.lines.filter { $0.hasPrefix("needletail: ") }
            #expect(complaints.count == 1, "\(process.lines)", sourceLocation: sourceLocation)
            for word in words {
                #expect(
                    complaints.first?.contains(word) == true, "\(word): \(complaints)", sourceLocation: sourceLocation)
            }
            // The log does not say the same again in other words.
            let alarms = process.lines.filter { $0.contains("Z error ") || $0.contains("Z critical ") }
            #expect(alarms == [], sourceLocation: sourceLocation)
        }

        @Test func `a second process on the directory`() async throws {
            let server = try await installation.start()
            try await expectMistake([installation.data, "process \(server.process.pid)", "stop that process"])
            // The first one has not noticed.
            #expect(try await server.connect().ping().receivedAt > 0)
            try await server.stop()
        }

        @Test func `a directory of another program`() async throws {
            try FileManager.default.createDirectory(atPath: installation.data, withIntermediateDirectories: true)
            try installation.write("mine", to: installation.data + "/notes.txt")
            try await expectMistake([installation.data, "notes.txt", "give --data an empty directory"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: installation.data) == ["notes.txt"])
        }

        @Test func `a file instead of a directory`() async throws {
            try installation.write("mine", to: installation.data)
            try await expectMistake([installation.data + " is a file", "give --data a directory"])
            #expect(try String(contentsOfFile: installation.data, encoding: .utf8) == "mine")
        }

        @Test func `a data file that is not a store`() async throws {
            try FileManager.default.createDirectory(atPath: installation.data, withIntermediateDirectories: true)
            let path = installation.data + "/data.mdb"
            let bytes = Data((0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* 37) })
            try bytes.write(to: URL(filePath: path))
            try await expectMistake([installation.data, "data.mdb", "give --data"])
            #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
        }

        @Test func `a data file that was cut off`() async throws {
            let server = try await installation.start()
            try await server.stop()
            #expect(truncate(installation.data + "/data.mdb", 4_096) == 0)
            try await expectMistake([installation.data])
        }

        @Test func `a provisioning file with a mistake on line 12`() async throws {
            var lines = ProvisioningFile(.init(url: "http://127.0.0.1:9/")).text.split(separator: "\n").map(String.init)
            try #require(lines.count == 12)
            lines[11] = lines[11].replacing("tenants: all", with: "tenants: [nobody]")
            try installation.write(lines.joined(separator: "\n"), to: installation.provisioning)
            try await expectMistake([installation.provisioning + ":12:", "nobody"])
            #expect(!FileManager.default.fileExists(atPath: installation.data))
        }

        @Test func `a port file that cannot be written`() async throws {
            let path = installation.folder.path + "/missing/port"
            try await expectMistake([path, "choose another"], ["--port-file", path])
        }

        @Test func `a certificate that is not there`() async throws {
            let path = installation.folder.path + "/missing.pem"
            try await expectMistake([path, "No such file"], ["--tls-certificate", path, "--tls-key", path])
        }

        @Test func `a port in use`() async throws {
            let other = try Installation(ProvisioningFile(.init(url: "http://127.0.0.1:9/")))
            let server = try await other.start()
            try await expectMistake(
                ["127.0.0.1:\(server.port)", "free the port"], ["--ingest-port", "\(server.port)"])
            try await server.stop()
        }

        @Test func `the port file holds the port`() async throws {
            let path = installation.folder.path + "/port"
            let server = try await installation.start(["--port-file", path])
            try await server.stop()
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "\(server.port)\n")
        }
    }
}
