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
                #expect(
                    try await run(["redeliver", "--outcome", "timedOut"], on: installation).lines == ["0 scheduled"])
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
