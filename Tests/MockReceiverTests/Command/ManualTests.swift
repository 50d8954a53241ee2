import Foundation
import MockReceiver
import Testing

@Suite(.timeLimit(.minutes(5))) struct ManualTests {
    /// Every option and verb of the command, as its parser knows them.
    private func known() async throws -> (verbs: Set<String>, options: Set<String>) {
        let dump = try await CommandRun(["--experimental-dump-help"])
        let root = try #require(try JSONSerialization.jsonObject(with: Data(dump.output.utf8)) as? [String: Any])
        var verbs: Set<String> = []
        var options: Set<String> = []
        func walk(_ command: [String: Any], depth: Int) {
            if depth == 1, let name = command["commandName"] as? String { verbs.insert(name) }
            for argument in command["arguments"] as? [[String: Any]] ?? [] {
                for name in argument["names"] as? [[String: Any]] ?? [] where name["kind"] as? String == "long" {
                    if let text = name["name"] as? String { options.insert("--\(text)") }
                }
            }
            for inner in command["subcommands"] as? [[String: Any]] ?? [] { walk(inner, depth: depth + 1) }
        }
        walk(try #require(root["command"] as? [String: Any]), depth: 0)
        return (verbs, options)
    }

    @Test func theManualNamesEveryVerbOptionFaultAndProgram() async throws {
        let manual = try await CommandRun(["--help"])
        #expect(manual.status == 0 && manual.errors.isEmpty)
        let text = manual.output
        let known = try await known()
        #expect(known.verbs.count > 10 && known.options.count > 20)
        // `receive` is what happens without a verb; `help` and `--help` explain themselves.
        for verb in known.verbs.subtracting(["receive", "help"]) { #expect(text.contains(verb), "\(verb)") }
        for option in known.options.subtracting(["--help"]) { #expect(text.contains(option), "\(option)") }
        for word in Fault.words.keys { #expect(text.contains(word), "\(word)") }
        for word in ConnectionFault.words.keys { #expect(text.contains(word), "\(word)") }
        for handshake in Handshake.allCases { #expect(text.contains("       \(handshake.word)  "), "\(handshake)") }
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
            #expect(text.contains(method), "\(method)")
        }
        for recipe in Cookbook.recipes { #expect(text.contains(recipe.line), "\(recipe.name)") }
        for section in [
            "NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "PROGRAMS", "HANDSHAKES", "FAULTS", "EXIT STATUS", "EXAMPLES",
            "FILES",
        ] {
            #expect(text.split(separator: "\n").contains { $0 == section }, "\(section)")
        }
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 132 })
    }

    @Test func theRulesForHandshakesInTheManualAreValid() async throws {
        let lines = try await CommandRun(["--help"]).output.components(separatedBy: "\n")
        let title = try #require(lines.firstIndex(of: "HANDSHAKES"))
        let start = try #require(lines[title...].firstIndex { $0 == "       rules:" })
        let end = try #require(lines[start...].firstIndex { $0.isEmpty })
        let program = lines[start..<end].map { $0.dropFirst(7) }.joined(separator: "\n")
        let rules = try ProgramFile.parse(program).rules
        #expect(rules.count == 3 && rules[0].conditions.handshakes == [.slack])
    }

    @Test func theProgramInTheManualIsValid() async throws {
        let text = try await CommandRun(["--help"]).output
        let lines = text.components(separatedBy: "\n")
        let start = try #require(lines.firstIndex { $0.hasPrefix("       seed: 7") })
        let end = try #require(lines[start...].firstIndex { $0.isEmpty })
        // Behind two spaces stands an explanation; a name in capitals stands for any.
        let program = lines[start..<end].map { line in
            let text = line.dropFirst(7)
            let indent = text.prefix { $0 == " " }
            let rest = text.dropFirst(indent.count)
            let cut = rest.firstRange(of: "  ").map { rest[..<$0.lowerBound] } ?? rest
            return indent + cut
        }.joined(separator: "\n")
        let filled = program.replacing("fault: NAME", with: "fault: silence")
            .replacing("whsec_...", with: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        let read = try ProgramFile.parse(filled)
        #expect(read.rules.count == 1 && read.connections.count == 1 && read.expectations.count == 1)
        #expect(read.rules[0].conditions.tenants == [TextPattern("acme")])
    }
}
