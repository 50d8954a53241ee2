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

        func run() throws {
            let plan = try ProvisioningPlan.load(
                file: file, environment: ProcessEnvironment.variables, allowHTTP: allowHttp)
            let counts = "\(plan.tenants.count) tenants, \(plan.endpointCount) endpoints, \(plan.keys.count) API keys"
            print("\(file): good: \(counts)")
        }
    }
}
