import NeedletailServer
import Testing

@Suite struct DefaultFileTests {
    @Test func `the default file gives the defaults`() throws {
        let configuration = try ServerConfiguration.load(
            text: ServerConfiguration.defaultFile, named: "default.yaml", environment: [:])
        #expect(configuration == ServerConfiguration())
    }

    @Test func `each key is there with its variable, and the variable is known`() throws {
        let lines = ServerConfiguration.defaultFile.split(separator: "\n")
        // A key has a value; a section has none.
        let keys = lines.filter { $0.hasPrefix("  ") && !$0.contains("#") && !$0.hasSuffix(":") }
        #expect(keys.count >= 25)
        let variables = lines.compactMap { $0.firstMatch(of: /NEEDLETAIL_[A-Z_]+[A-Z]/).map { String($0.output) } }
        #expect(variables.count == keys.count)
        for variable in variables {
            let mistakes = #expect(throws: InputMistakes.self) {
                try ServerConfiguration.load(text: "", named: "n.yaml", environment: [variable: "\u{0}"])
            }
            #expect(mistakes?.description.contains("unknown") == false, "\(variable) is not known")
        }
    }

    @Test func `each flag that it names is known`() throws {
        let flags = ServerConfiguration.defaultFile.matches(of: /flag --([a-z-]+)/).map { String($0.output.1) }
        #expect(flags.count >= 10)
        for flag in flags {
            do {
                _ = try ServerConfiguration.load(
                    text: "", named: "n.yaml", environment: [:], flags: [.init(flag, ["127.0.0.1"])])
            } catch {
                #expect(!error.description.contains("unknown flag"))
            }
        }
    }

    @Test func `lines are short enough to read`() {
        for line in ServerConfiguration.defaultFile.split(separator: "\n") { #expect(line.count <= 120, "\(line)") }
    }
}
