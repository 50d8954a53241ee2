import TestSupport

/// A provisioning file with a default for everything.
struct ProvisioningFile {
    struct Endpoint {
        var name = "hook"
        var url: String
        var events = "*"
        var delays = "50ms, 50ms"
        var window = 256
        /// Further lines, those of the secret among them.
        var more: [String] = ["secret: \(Sample.secret)"]
    }

    struct Tenant {
        var name = "acme"
        var isEnabled = true
        /// Further lines.
        var more: [String] = []
        var endpoints: [Endpoint] = []
    }

    struct Key {
        var name: String
        var text: String
        /// `all`, or a list.
        var tenants = "all"
        /// Further fields, each after a comma.
        var more = ""
    }

    static let key = "nt_end_to_end_key"

    var tenants: [Tenant]
    var keys = [Key(name: "tests", text: ProvisioningFile.key)]

    init(tenants: [Tenant]) { self.tenants = tenants }

    /// Endpoints of the tenant "acme".
    init(_ endpoints: Endpoint...) { self.init(tenants: [Tenant(endpoints: endpoints)]) }

    var text: String {
        // A list without members is written as such: one that just ends was cut off.
        var lines = [tenants.isEmpty ? "tenants: []" : "tenants:"]
        for tenant in tenants {
            lines.append("  - name: \(tenant.name)")
            lines.append("    enabled: \(tenant.isEnabled)")
            lines += tenant.more.map { "    " + $0 }
            if !tenant.endpoints.isEmpty { lines.append("    endpoints:") }
            for endpoint in tenant.endpoints {
                lines +=
                    [
                        "      - name: \(endpoint.name)",
                        "        url: \"\(endpoint.url)\"",
                        "        events: [\"\(endpoint.events)\"]",
                        "        window: \(endpoint.window)",
                        "        retry: { delays: [\(endpoint.delays)], jitter_percent: 0 }",
                    ] + endpoint.more.map { "        " + $0 }
            }
        }
        lines.append(keys.isEmpty ? "api_keys: []" : "api_keys:")
        for key in keys {
            lines.append("  - { name: \(key.name), key: \(key.text), tenants: \(key.tenants)\(key.more) }")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
