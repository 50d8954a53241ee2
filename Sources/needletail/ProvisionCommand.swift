import ArgumentParser
import NeedletailServer

struct ProvisionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provision", abstract: "Check a provisioning file.", subcommands: [Check.self])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check a file of tenants, API keys and endpoints, without starting anything.",
            discussion: """
                Prints every mistake with its line and column, and exits with 1 if there is one. Secrets are never shown.

                A URL that no delivery can go to is a mistake: an address or a port that the server's address guard refuses, \
                localhost, a metadata service. Give the networks of your server with --allow-network and --deny-network.

                With --data it also prints what the file would remove from the store of a stopped server, and exits with 1 if a \
                start would refuse that.

                Example of a file:

                  tenants:
                    - name: acme
                      endpoints:
                        - name: orders
                          url: https://hooks.acme.example/orders
                          events: [order.*]
                          secret_file: secrets/acme-orders
                  api_keys:
                    - name: shop
                      key_env: SHOP_API_KEY
                      tenants: [acme]
                """)

        @Argument(help: ArgumentHelp("The provisioning file (YAML).", valueName: "file"))
        var file: String
        @Flag(help: "Allow http:// endpoints, as a server started with --allow-http does.")
        var allowHttp = false
        @Option(
            help: ArgumentHelp(
                "A network that the server allows, as its --allow-network; may be given again.", valueName: "network"))
        var allowNetwork: [String] = []
        @Option(
            help: ArgumentHelp(
                "A network that the server denies, as its --deny-network; may be given again.", valueName: "network"))
        var denyNetwork: [String] = []
        @Option(help: ArgumentHelp("Directory of the store of a stopped server.", valueName: "dir"))
        var data: String?
        @Flag(help: "Do not refuse a file that removes more than half of the endpoints or API keys.")
        var allowRemoval = false

        func run() throws {
            let plan = try ProvisioningPlan.load(
                file: file, environment: ProcessEnvironment.variables, allowHTTP: allowHttp,
                networks: ServerNetworks(allow: allowNetwork, deny: denyNetwork))
            let counts = "\(plan.tenants.count) tenants, \(plan.endpointCount) endpoints, \(plan.keys.count) API keys"
            let removals = try data.map { try Removals(fromData: $0, to: plan) }
            for line in removals?.lines ?? [] { print("\(file): \(line)") }
            if !allowRemoval, let refusal = removals?.refusal(of: file) { throw refusal }
            print("\(file): good: \(counts)")
            for line in plan.warnings { print("\(file): \(line)") }
        }
    }
}
