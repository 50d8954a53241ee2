import IngestClient
import Store
import Testing

extension EndToEnd {
    @Suite struct ProxyVariableTests {
        @Test func `a proxy in the environment is not used`() async throws {
            // Nobody listens there: an attempt that went to it would fail.
            let proxy = "http://127.0.0.1:9"
            try await withReceiver { receiver in
                var installation = try Installation(
                    ProvisioningFile(.init(name: "plain", url: receiver.url("/plain"), delays: "1h")))
                for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
                    installation.settings[name] = proxy
                }
                let server = try await installation.start()
                _ = try await server.connect().publish(Events.event(1))
                #expect(await receiver.missing([Events.id(1)], path: "/plain") == [])
                try await server.stop()
                #expect(try StoredDeliveries.read(installation.data).map(\.attempts) == [1])
            }
        }
    }
}
