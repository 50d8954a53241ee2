import ArgumentParser
import NeedletailServer

struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Make API keys.", subcommands: [New.self])

    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a fresh API key, and its entry for the provisioning file.",
            discussion: """
                The key is on the first line, alone; it is kept nowhere. The server needs its digest only.

                Example:

                  needletail key new --name shop
                """)

        @Option(help: "What the key is called in the provisioning file and in logs.")
        var name = "NAME"

        func run() {
            let key = NewAPIKey()
            print(
                """
                \(key.text)

                # That is the key, for the producer; it cannot be shown again. For the provisioning file, under api_keys:
                \(key.entry(named: name))
                """)
        }
    }
}
