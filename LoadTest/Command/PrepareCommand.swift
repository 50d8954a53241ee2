import ArgumentParser
import Foundation
import Glibc
import LoadTest

/// `load-test prepare`.
struct PrepareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prepare",
        abstract: "Writes what a dispatcher on this machine needs for a run: tenants, endpoints, secret and API key.",
        discussion: """
            Into the directory go provision.yaml (one endpoint for each tenant, at the embedded receiver), secret, api-key and \
            receiver-port. Secret and key are new and random, and readable by their owner only. The endpoints subscribe to load.*, so \
            that a run with --no-match shows ingest alone.

            With --hosts the tenants are spread over this number of hosts: 127.0.0.1, 127.0.0.2, … are all this machine. A sender treats them as \
            separate hosts, each with its own connections; one receiver serves them all (--receiver-host 0.0.0.0).

            EXAMPLES
              load-test prepare --dir run --tenants 100
              needletail serve --data run/data --provision run/provision.yaml \\
                --allow-http --allow-network 127.0.0.0/8 &
              NEEDLETAIL_KEY=$(cat run/api-key) load-test run \\
                --secret-file run/secret --receiver-port $(cat run/receiver-port)

              load-test prepare --dir run --tenants 10000 --hosts 10000

            With --https the URLs are https, and authority.pem is written too: the dispatcher must trust it \
            (sender.ca_file), and `run --authority run` serves HTTPS with certificates of it, one for each host.
            """)

    @Option(help: "Directory to write to; created if it does not exist.") var dir: String
    @Option(help: "Tenants: tenant-000, tenant-001, …") var tenants = 100
    @Option(help: "Before a tenant's number.") var tenantPrefix = "tenant-"
    @Option(help: "Port of the embedded receiver. 0 = one that is free now.") var receiverPort = 0
    @Option(help: "Hosts that the endpoints are spread over, each an address of 127.0.0.0/8.") var hosts = 1
    @Option(help: "Attempts in flight at one endpoint, if not the server's default.") var window: Int?
    @Flag(help: "HTTPS endpoints, and an authority for the receiver's certificates.") var https = false

    func validate() throws {
        if !(1...100_000).contains(tenants) {
            throw ValidationError("--tenants: invalid value \"\(tenants)\"; expected 1 to 100,000")
        }
        if !(0...65_535).contains(receiverPort) {
            throw ValidationError("--receiver-port: invalid value \"\(receiverPort)\"; expected 0 to 65535")
        }
        if !(1...100_000).contains(hosts) {
            throw ValidationError("--hosts: invalid value \"\(hosts)\"; expected 1 to 100,000")
        }
    }

    func run() throws {
        let folder = URL(filePath: dir, directoryHint: .isDirectory)
        let port = try receiverPort == 0 ? FreePort.choose() : receiverPort
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw LoadTestError("--dir \(dir): cannot be made: \(error.localizedDescription)")
        }
        try write("whsec_" + random(32).base64EncodedString(), to: "secret", in: folder)
        try write("nt_" + random(32).map { String($0, radix: 36) }.joined(), to: "api-key", in: folder)
        try write("\(port)", to: "receiver-port", in: folder)
        try write(provisioning(port), to: "provision.yaml", in: folder)
        if https { try AuthorityFiles.write(to: folder) }
    }

    private func provisioning(_ port: Int) -> String {
        let layout = EndpointLayout(
            workload: Workload(tenants: tenants, tenantPrefix: tenantPrefix), hosts: hosts, port: port,
            // Beside the file that names them.
            secretFile: "secret", keyFile: "api-key", isSecure: https, window: window)
        return layout.provisioning
    }

    private func write(_ text: String, to name: String, in folder: URL) throws {
        try PrivateFile.write(text + "\n", to: folder.appending(path: name).path())
    }

    private func random(_ count: Int) -> Data {
        var generator = SystemRandomNumberGenerator()
        return Data((0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }
}

/// A file that only its owner may read.
enum PrivateFile {
    static func write(_ text: String, to path: String) throws {
        let made = FileManager.default.createFile(
            atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        if !made { throw LoadTestError("\(path): cannot be written: \(String(cString: strerror(errno)))") }
    }
}

/// A TCP port of loopback that is free at the moment.
enum FreePort {
    static func choose() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw refusal() }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 ? getsockname(descriptor, address, &length) : -1
            }
        }
        guard code == 0 else { throw refusal() }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private static func refusal() -> LoadTestError {
        LoadTestError("no free port on 127.0.0.1: \(String(cString: strerror(errno))); give --receiver-port")
    }
}
