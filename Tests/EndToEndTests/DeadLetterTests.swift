import IngestClient
import MockReceiver
import Store
import TestSupport
import Testing
import WebhookModel
import WireProtocol

extension EndToEnd {
    @Suite struct DeadLetterTests {
        /// Runs `needletail dead-letters …` and returns what it printed.
        private func run(_ arguments: [String], on installation: Installation) async throws -> (
            code: ChildProcess.Exit, lines: [String]
        ) {
            let process = try ChildProcess(
                ServerExecutable.path, ["dead-letters"] + arguments + ["--data", installation.data], environment: [:],
                readsOutput: true)
            let code = try await process.ended()
            return (code, process.lines)
        }

        @Test func `dead letters of a receiver that was down are delivered when the operator redelivers them`()
            async throws
        {
            let rule = BehaviourProgram.Rule(.all, Behaviour(failFirst: 2))
            try await withReceiver([rule]) { receiver in
                let file = ProvisioningFile(
                    .init(name: "hook", url: receiver.url("/in"), delays: "20ms"),
                    .init(name: "other", url: receiver.url("/other"), events: "nothing"))
                let installation = try Installation(file)
                var server = try await installation.start()
                _ = try await server.connect().publish([Events.event(1), Events.event(2, type: "refund")])
                await receiver.expectRequests(4)
                // While it runs the directory is its own.
                let refused = try await run(["list"], on: installation)
                #expect(refused.code == .code(1))
                #expect(refused.lines.contains { $0.contains("stop the server") }, "\(refused.lines)")
                try await server.stop()
                #expect(try StoredDeliveries.read(installation.data).map(\.state) == [.deadLettered, .deadLettered])

                let list = try await run(["list", "--tenant", "acme"], on: installation)
                #expect(list.lines.count == 2)
                #expect(list.lines.first?.hasPrefix("1-1  ") == true)
                let told = ["unavailable 503", "2 attempts", "acme/hook", "order.placed", Events.id(1).webhookID]
                for word in told { #expect(list.lines.first?.contains(word) == true, "\(list.lines)") }

                #expect(try await run(["redeliver"], on: installation).code == .code(2))
                #expect(try await run(["redeliver", "--tenant", "nobody"], on: installation).code == .code(1))
                let none = try await run(["redeliver", "--outcome", "timedOut"], on: installation)
                #expect(none.code == .code(0))
                #expect(
                    Set(none.lines)
                        == ["0 scheduled", "needletail: no dead letter matches; there are: 2 unavailable"])
                let nobody = try await run(["list", "--tenant", "acmee"], on: installation)
                #expect(
                    nobody.lines == ["needletail: this store has no tenant \"acmee\"; did you mean acme?"])
                #expect(try await run(["redeliver", "--type", "order.*"], on: installation).lines == ["1 scheduled"])
                #expect(try await run(["list"], on: installation).lines.count == 1)
                server = try await installation.start()
                #expect(await receiver.missing([Events.id(1)], path: "/in") == [])
                try await server.stop()
                #expect(receiver.account(of: Events.id(2), path: "/in")?.accepted == 0)

                #expect(try await run(["redeliver", "--all"], on: installation).lines == ["1 scheduled"])
                server = try await installation.start()
                #expect(await receiver.missing([Events.id(2)], path: "/in") == [])
                try await server.stop()
                let rows = try StoredDeliveries.read(installation.data)
                #expect(rows.map(\.state) == [.delivered, .delivered] && rows.map(\.attempts) == [3, 3])
            }
        }

        @Test func `an outcome that stands for a family selects its members, and an empty list says so`() async throws {
            let installation = try Installation(ProvisioningFile(.init(url: "http://127.0.0.1:9/")))
            try StoredDeliveries.putDeadLetters([], installation.data)
            #expect(try await run(["list"], on: installation).lines == ["needletail: there are no dead letters"])
            try StoredDeliveries.putDeadLetters(
                [.connectRefused, .nameNotFound, .connectFailed, .connectRefused], installation.data)
            let family = try await run(["list", "--outcome", "connectFailed"], on: installation)
            #expect(
                family.lines.map { $0.split(separator: " ")[2] }
                    == ["connectRefused", "connectFailed", "connectRefused"], "\(family.lines)")
            let member = try await run(["list", "--outcome", "connectRefused"], on: installation)
            #expect(member.lines.count == 2)
            #expect(
                try await run(["list", "--outcome", "tlsFailed"], on: installation).lines
                    == [
                        "needletail: no dead letter matches; there are: 2 connectRefused, 1 connectFailed, 1 nameNotFound"
                    ])
        }

        @Test func `the help of the verbs lists every outcome`() async throws {
            let installation = try Installation(ProvisioningFile(.init(url: "http://127.0.0.1:9/")))
            let help = try await run(["list", "--help"], on: installation)
            let words = Set(help.lines.joined(separator: " ").split { !$0.isLetter }.map(String.init))
            for outcome in Outcome.allCases where !outcome.isDelivered {
                #expect(words.contains(outcome.name), "\(outcome.name)")
            }
        }

        @Test func `a path that is a file or cannot be read says so`() async throws {
            var installation = try Installation(ProvisioningFile(.init(url: "http://127.0.0.1:9/")))
            installation.data = installation.provisioning
            let file = try await run(["list"], on: installation)
            #expect(file.code == .code(1))
            #expect(
                file.lines
                    == ["needletail: \(installation.data) is a file; expected the directory of the server for --data"])
            // Any reason but a missing file. The tests may run as root, to whom no file is closed.
            installation.data = installation.folder.path + "/" + String(repeating: "x", count: 300)
            let long = try await run(["list"], on: installation)
            #expect(long.lines == ["needletail: \(installation.data) cannot be read: File name too long"])
        }

        @Test func `no store is created in a directory that has none`() async throws {
            var installation = try Installation(ProvisioningFile(.init(url: "http://127.0.0.1:9/")))
            installation.data += "/nowhere"
            let list = try await run(["list"], on: installation)
            #expect(list.code == .code(1))
            #expect(list.lines.contains { $0.contains("contains no Needletail store") }, "\(list.lines)")
            #expect(throws: (any Error).self) { try installation.write("", to: installation.data + "/file") }
        }
    }
}
