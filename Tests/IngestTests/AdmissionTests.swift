import Ingest
import NIOCore
import Testing

/// What counts as one address in the limit of unauthenticated connections.
@Suite struct AdmissionTests {
    private func network(_ address: String) throws -> ClientNetwork {
        ClientNetwork(try SocketAddress(ipAddress: address, port: 1))
    }

    @Test func `the addresses of one IPv6 network count together`() throws {
        let one = try network("2001:db8:1:2::1")
        #expect(try network("2001:db8:1:2:ffff:ffff:ffff:ffff") == one)
        #expect(try network("2001:db8:1:3::1") != one)
    }

    @Test func `each IPv4 address counts alone, however it is written`() throws {
        let one = try network("192.0.2.1")
        #expect(try network("::ffff:192.0.2.1") == one)
        #expect(try network("192.0.2.2") != one)
        #expect(try network("::ffff:192.0.2.2") != one)
        // The unspecified prefix holds other addresses too: these are IPv6.
        #expect(try network("::1") == network("::2"))
        #expect(try network("::1") != one)
    }

    @Test func `clients of the Unix socket count together`() throws {
        #expect(try ClientNetwork(SocketAddress(unixDomainSocketPath: "/tmp/a")) == ClientNetwork(nil))
        #expect(ClientAddress(nil).text == "unix")
    }

    @Test func `one IPv6 network does not take all places`() throws {
        var configuration = IngestConfiguration()
        configuration.unauthenticatedConnectionsPerAddress = 2
        let admission = Admission(configuration)
        let addresses = try (1...3).map { try network("2001:db8::\($0)") }
        #expect(addresses.map(admission.admit) == [true, true, false])
        #expect(admission.admit(try network("2001:db8:0:1::1")))
        admission.authenticated(addresses[0])
        #expect(admission.admit(addresses[2]))
        admission.leave(addresses[1], wasAuthenticated: false)
        #expect(admission.admit(addresses[1]))
        #expect(!admission.admit(addresses[0]))
    }
}
