import IngestClient
import Testing

@Suite("Server addresses")
struct ServerAddressTests {
    @Test(arguments: [
        ("events.example", ServerAddress.tcp(host: "events.example", port: 7400)),
        ("127.0.0.1:7401", .tcp(host: "127.0.0.1", port: 7401)),
        ("[::1]:7402", .tcp(host: "::1", port: 7402)),
        ("[::1]", .tcp(host: "::1", port: 7400)),
        ("unix:/run/needletail.sock", .unix(path: "/run/needletail.sock")),
    ])
    func `an address is parsed, and its text gives the same address`(text: String, address: ServerAddress) {
        #expect(ServerAddress(text) == address)
        #expect(ServerAddress(address.description) == address)
    }

    @Test(arguments: ["", ":7400", "host:", "host:0", "host:65536", "host:http", "::1", "[::1", "[::1]7400", "unix:"])
    func `an invalid address is refused`(text: String) { #expect(ServerAddress(text) == nil) }
}
