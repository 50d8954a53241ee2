import ArgumentParser
import NeedletailServer

struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Create API keys.", subcommands: [New.self])

    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a new API key, and its entry for the provisioning file.",
            discussion: """
                The key is alone on the first line. It is not stored anywhere; the server needs only its digest.

                Example:

                  needletail key new --name shop
                """)

        @Option(help: "The name of the key in the provisioning file and in logs.")
        var name = "NAME"

        func run() {
            let key = NewAPIKey()
            print(
                """
                \(key.text)

                # This is the key for the producer; it cannot be shown again. The entry for the provisioning file, under api_keys:
                \(key.entry(named: name))
                """)
        }
    }
}
