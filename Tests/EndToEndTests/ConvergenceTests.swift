import IngestClient
import MockReceiver
import Testing
import WireProtocol

extension EndToEnd {
    @Suite struct ConvergenceTests {
        @Test func `a restart applies the edited file`() async throws {
            let isDown = BehaviourProgram.Rule(.exact("/old"), Behaviour(reply: .answer(Answer(status: 503))))
            try await withReceiver([isDown]) { receiver in
                let delays = [String](repeating: "300ms", count: 50).joined(separator: ", ")
                var file = ProvisioningFile(
                    .init(name: "moved", url: receiver.url("/old"), delays: delays),
                    .init(name: "removed", url: receiver.url("/removed")))
                file.keys.append(.init(name: "second", text: "nt_the_second_key"))
                let installation = try Installation(file)
                var server = try await installation.start()
                _ = try await server.connect().publish(Events.event(1))
                #expect(await receiver.missing([Events.id(1)], path: "/removed") == [])
                try await server.stop()

                file = ProvisioningFile(
                    .init(name: "moved", url: receiver.url("/new"), delays: delays),
                    .init(name: "added", url: receiver.url("/added")))
                file.keys[0] = .init(name: "second", text: "nt_the_second_key")
                try installation.provision(file)
                server = try await installation.start()
                let error = await #expect(throws: IngestError.self) { _ = try await server.connect() }
                guard case .closed(.authFailed, _) = error else {
                    Issue.record("the removed key still opens: \(String(describing: error))")
                    return
                }
                _ = try await server.connect(key: "nt_the_second_key").publish(Events.event(2))
                // What waited for the old address goes to the new one.
                #expect(await receiver.missing([Events.id(1), Events.id(2)], path: "/new") == [])
                #expect(await receiver.missing([Events.id(2)], path: "/added") == [])
                try await server.stop()
                #expect(receiver.accepted("/removed") == 1)
                #expect(receiver.account(of: Events.id(2), path: "/old") == nil)
                #expect(receiver.account(of: Events.id(1), path: "/added") == nil)
            }
        }

        @Test func `a start with the same file changes nothing`() async throws {
            let installation = try Installation(ProvisioningFile(.init(url: "http://127.0.0.1:9/")))
            var counts: [Bool] = []
            for _ in 0..<2 {
                let server = try await installation.start()
                counts.append(try await server.process.line(with: "provisioned")?.contains("changes=0") ?? false)
                try await server.stop()
            }
            #expect(counts == [false, true])
        }
    }
}
