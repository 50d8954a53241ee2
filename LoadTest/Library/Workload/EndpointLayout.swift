/// The tenants and endpoints of a run as a provisioning file: one endpoint per tenant, at the embedded receiver.
package struct EndpointLayout: Sendable {
    private let workload: Workload
    private let hosts: Int
    private let port: Int
    private let secretFile: String
    private let keyFile: String
    private let isSecure: Bool
    private let window: Int?

    /// - Parameters:
    ///   - hosts: the number of hosts that the tenants are spread over.
    ///   - port: the receiver's port, the same at every host.
    ///   - secretFile: contains the secret of every endpoint.
    ///   - keyFile: contains the API key for every tenant.
    ///   - isSecure: the endpoints' URLs are https.
    ///   - window: attempts in flight at one endpoint; nil: the server's default.
    package init(
        workload: Workload, hosts: Int, port: Int, secretFile: String, keyFile: String, isSecure: Bool = false,
        window: Int? = nil
    ) {
        self.workload = workload
        self.hosts = hosts
        self.port = port
        self.secretFile = secretFile
        self.keyFile = keyFile
        self.isSecure = isSecure
        self.window = window
    }

    /// The file's text.
    package var provisioning: String {
        """
        tenants:
        \(hosts == 1 ? repeated : (0..<workload.tenants).map(tenant).joined(separator: "\n"))
        api_keys:
          - name: load-test
            key_file: "\(keyFile)"
            tenants: all
        """
    }

    /// The address of the host with this index: 127.0.0.1, 127.0.0.2, … All of 127.0.0.0/8 is this machine (RFC 1122,
    /// 3.2.1.3), but a sender treats each address as a separate host.
    package static func host(_ index: Int) -> String {
        let number = index + 1
        return "127.\(number >> 16 & 0xFF).\(number >> 8 & 0xFF).\(number & 0xFF)"
    }

    private var repeated: String {
        """
          - name: "\(workload.tenantPrefix){n}"
            repeat: \(workload.tenants)
            endpoints:
              - name: receiver
                url: "\(scheme)://127.0.0.1:\(port)/\(workload.tenantPrefix){n}"
                \(settings.joined(separator: "\n        "))
        """
    }

    private func tenant(_ index: Int) -> String {
        let name = workload.tenantName(index)
        let url = "\(scheme)://\(EndpointLayout.host(index % hosts)):\(port)\(workload.path(index))"
        return """
              - name: "\(name)"
                endpoints: [{ name: receiver, url: "\(url)", \(settings.joined(separator: ", ")) }]
            """
    }

    private var scheme: String { isSecure ? "https" : "http" }

    /// Retries come soon, because every event must arrive while the run waits for it.
    private var settings: [String] {
        [
            "events: [load.*]", "secret_file: \"\(secretFile)\"",
            "retry: { delays: [500ms, 1s, 2s, 2s, 4s, 4s, 8s, 8s] }",
        ] + (window.map { ["window: \($0)"] } ?? [])
    }
}
