import MockReceiver
import Testing

@Suite struct CookbookTests {
    private func mistake(_ name: String) -> String? {
        do {
            _ = try Cookbook.text(name)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func holdsWhatTheManualNames() {
        let names = Set(Cookbook.recipes.map(\.name))
        let promised = ["flaky", "slow", "down-for", "rate-limited", "gone", "tls-expired", "liar", "ssrf-redirect"]
        #expect(names.isSuperset(of: promised))
        #expect(names.count == Cookbook.recipes.count)
    }

    @Test(arguments: Cookbook.recipes.map(\.name)) func isAProgram(name: String) throws {
        #expect(Cookbook.isName(name))
        let program = try ProgramFile.parse(try Cookbook.text(name))
        #expect(program.rules.count + program.connections.count > 0)
    }

    @Test func takesAMeasure() throws {
        let down = try ProgramFile.parse(try Cookbook.text("down-for=2m"))
        #expect(down.connections == [ConnectionRule(.refuse, window: TimeWindow(to: 120_000))])
        #expect(
            try ProgramFile.parse(try Cookbook.text("rate-limited=3.5")).rules[0].behaviour.rateLimit?.perSecond == 3.5)
    }

    @Test func namesWhatIsNoRecipe() {
        #expect(mistake("flakey") == "there is no \"flakey\"; did you mean flaky?")
        #expect(mistake("gone=5") == "gone takes no measure; write gone alone")
        #expect(mistake("down-for=soon")?.hasPrefix("down-for=soon: expected a duration") == true)
        #expect(mistake("down-for=1s}, percent: {")?.contains("expected a duration") == true)
        #expect(!Cookbook.isName("./flaky") && !Cookbook.isName("flaky.yaml") && Cookbook.isName("down-for=2m"))
    }
}
