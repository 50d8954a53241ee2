import IngestClient
import MockReceiver
import TestSupport
import Testing
import WireProtocol

extension EndToEnd {
    @Suite struct ConnectingTests {
        @Test func `a wrong key is reported as such`() async throws {
            let server = try await Installation(ProvisioningFile(.init(url: "http://127.0.0.1:9/"))).start()
            let error = await #expect(throws: IngestError.self) {
                _ = try await server.connect(key: "nt_another_key_1234")
            }
            guard case .closed(.authFailed, _) = error else {
                Issue.record("\(String(describing: error)) is not AUTH_FAILED")
                return
            }
            #expect(error?.description.contains("API key") == true)
            #expect(server.process.lines.allSatisfy { !$0.contains("nt_another_key") })
            try await server.stop()
        }

        @Test func `a port where nothing listens is unreachable`() async throws {
            let port = try await FreePort.choose()
            let settings = ConnectionSettings(port: port, apiKey: ProvisioningFile.key)
            let error = await #expect(throws: IngestError.self) { _ = try await EventPublisher.connect(settings) }
            guard case .unreachable("127.0.0.1:\(port)", _) = error else {
                Issue.record("\(String(describing: error)) is not unreachable")
                return
            }
        }

        @Test func `an HTTP server is reported as another kind of server`() async throws {
            try await withReceiver { receiver in
                let settings = ConnectionSettings(port: receiver.port, apiKey: ProvisioningFile.key)
                let error = await #expect(throws: IngestError.self) { _ = try await EventPublisher.connect(settings) }
                #expect(error == .notNeedletail(address: "127.0.0.1:\(receiver.port)"))
            }
        }
    }
}
