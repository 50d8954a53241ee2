import ArgumentParser
import NeedletailServer

struct OpenAPICommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "openapi", abstract: "Print the description of the management API (OpenAPI 3.1).",
        discussion: """
            A running server answers the same to GET /openapi.json.

            Example:

              needletail openapi > needletail.json
            """)

    func run() { print(ManagementDescription.text) }
}
