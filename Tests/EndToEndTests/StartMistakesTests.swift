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
            #expect(!process.lines.contains { $0.contains(" stats ") }, sourceLocation: sourceLocation)
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

        @Test(arguments: [
            (["publihs"], "unknown verb \"publihs\"; did you mean publish? The verbs here: serve, publish, config"),
            (["config", "chek"], "unknown verb \"chek\"; did you mean check? The verbs here: default, check"),
            (["xyzzyxyzzy"], "known here: serve, publish, config"),
            (["serve", "--ingest-port", "x"], "--ingest-port: invalid value \"x\""),
            (["serve", "--sender-threads", "many"], "--sender-threads: invalid value \"many\""),
        ])
        func `arguments that are not understood end with exit code 2`(arguments: [String], words: String) async throws {
            let process = try ChildProcess(ServerExecutable.path, arguments, environment: [:])
            #expect(try await process.ended() == .code(2), "\(process.lines)")
            #expect(process.lines.count == 1 && process.lines.first?.contains(words) == true, "\(process.lines)")
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
            #expect(!FileManager.default.fileExists(atPath: installation.data), "a failed start made a store")
        }

        @Test func `a certificate that is not there`() async throws {
            let path = installation.folder.path + "/missing.pem"
            try await expectMistake([path, "No such file"], ["--tls-certificate", path, "--tls-key", path])
            #expect(!FileManager.default.fileExists(atPath: installation.data), "a failed start made a store")
        }

        @Test func `a port in use`() async throws {
            let other = try Installation(ProvisioningFile(.init(url: "http://127.0.0.1:9/")))
            let server = try await other.start()
            try await expectMistake(
                ["needletail: 127.0.0.1:\(server.port) is in use by another process; stop it or choose --ingest-port"],
                ["--ingest-port", "\(server.port)"])
            try await server.stop()
        }

        @Test func `an address that this machine does not have`() async throws {
            // RFC 5737: for documentation only.
            try await expectMistake(
                ["192.0.2.1:0: this machine does not have the address", "--ingest-host"],
                ["--ingest-host", "192.0.2.1", "--allow-plaintext"])
        }

        @Test func `a Unix socket in a directory that does not exist`() async throws {
            let path = installation.folder.path + "/missing/ingest.sock"
            try await expectMistake([path, "its directory does not exist; create it"], ["--unix-socket", path])
        }

        @Test func `a Unix socket whose path is too long`() async throws {
            let path = installation.folder.path + "/" + String(repeating: "x", count: 120)
            try await expectMistake([path, "longer than 107 bytes"], ["--unix-socket", path])
        }

        @Test func `a start logs its lines in the order of the Runbook`() async throws {
            let tests = #filePath.split(separator: "/").dropLast(2)
            let runbook = try String(
                contentsOfFile: "/" + tests.dropLast().joined(separator: "/")
                    + "/Sources/needletail/needletail.docc/Runbook.md", encoding: .utf8)
            let words = ["secrets are stored in plaintext", "needletail starts", "provisioned", "ready"]
            let rows = words.compactMap { runbook.firstRange(of: "| `\($0)` |")?.lowerBound }
            #expect(rows.count == words.count && rows == rows.sorted())
            let server = try await installation.start()
            let places = words.compactMap { word in
                server.process.lines.firstIndex { $0.contains("  \(word)") || $0.contains(" \(word) ") }
            }
            #expect(places.count == words.count && places == places.sorted(), "\(server.process.lines)")
            try await server.stop()
        }

        @Test(arguments: [
            "", "serve", "publish", "config", "provision", "key", "openapi", "dead-letters list",
            "dead-letters redeliver",
            "conformance",
        ])
        func `no example of the help is wrapped at 80 columns`(verb: String) async throws {
            let arguments = verb.split(separator: " ").map(String.init) + ["--help"]
            let process = try ChildProcess(ServerExecutable.path, arguments, environment: [:], readsOutput: true)
            #expect(try await process.ended() == .code(0))
            // What a wrapped example leaves: its indentation alone, or a flag at the margin.
            let broken = process.lines.filter { $0 == " " || $0.hasPrefix("--") }
            #expect(broken == [])
        }

        @Test func `the port file holds the port`() async throws {
            let path = installation.folder.path + "/port"
            let server = try await installation.start(["--port-file", path])
            try await server.stop()
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "\(server.port)\n")
        }
    }
}
