import Foundation
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

    @Test func hasEveryRecipeOfTheManual() {
        let names = Set(Cookbook.recipes.map(\.name))
        let promised = ["flaky", "slow", "down-for", "rate-limited", "gone", "tls-expired", "liar", "ssrf-redirect"]
        #expect(names.isSuperset(of: promised))
        #expect(names.count == Cookbook.recipes.count)
    }

    @Test(arguments: Cookbook.recipes.map(\.name)) func everyRecipeIsAValidProgram(name: String) throws {
        #expect(Cookbook.isName(name))
        let program = try ProgramFile.parse(try Cookbook.text(name))
        #expect(program.rules.count + program.connections.count > 0)
    }

    @Test func aRecipeTakesItsParameter() throws {
        let down = try ProgramFile.parse(try Cookbook.text("down-for=2m"))
        #expect(down.connections == [ConnectionRule(.refuse, window: TimeWindow(to: 120_000))])
    }

    @Test func aDistantReceiverAnswersAfterItsMeasure() throws {
        let rules = try ProgramFile.parse(try Cookbook.text("distant=30ms")).rules
        #expect(rules.map(\.behaviour.delay) == [.fixed(30)])
    }

    @Test func theInternetIsAsItsLineSays() throws {
        let rules = try ProgramFile.parse(try Cookbook.text("internet")).rules
        #expect(rules.count == 2)
        let silence = try #require(rules.first)
        #expect(silence.conditions.share == Share(0.005) && silence.behaviour.reply == .fault(.silence, Answer()))
        let answer = try #require(rules.last).behaviour
        #expect(answer.failShare == 0.02)
        guard case .lognormal(let median, let sigma, let most) = answer.delay else {
            Issue.record("\(answer.delay)")
            return
        }
        // 2.3263 standard deviations above the mean: 1 % of a normal distribution is beyond.
        let slowest = Double(median) * exp(sigma * 2.3263)
        #expect(median == 80 && abs(slowest - 2_000) < 20 && most > 10_000)
    }

    @Test(arguments: [("rate-limited", 10.0, 10), ("rate-limited=50", 50.0, 50), ("rate-limited=3.5", 3.5, 4)])
    func theBurstOfARateIsOneSecondOfIt(name: String, perSecond: Double, burst: Int) throws {
        let rule = try #require(try ProgramFile.parse(try Cookbook.text(name)).rules.first)
        #expect(rule.behaviour.rateLimit == RateLimit(perSecond: perSecond, burst: burst))
    }

    @Test func descriptionsMentionSideEffects() throws {
        for recipe in Cookbook.recipes {
            let program = try ProgramFile.parse(recipe.text)
            // Such rules hold for no request without an id.
            if program.rules.contains(where: { $0.conditions.attempts != nil }) {
                #expect(recipe.line.contains("webhook-id"), "\(recipe.name)")
            }
            // What befalls connections is in no counter of requests.
            if program.connections.contains(where: { $0.fault == .silence }) {
                #expect(recipe.line.contains("nothing counts as a request"), "\(recipe.name)")
            }
        }
        let redirects = try #require(Cookbook.recipes.first { $0.name == "ssrf-redirect" }).line
        #expect(redirects.contains("http://127.0.0.1:1/") && redirects.contains("100 times"))
    }

    @Test func reportsAnUnknownRecipe() {
        #expect(mistake("flakey") == "unknown \"flakey\"; did you mean flaky?")
        #expect(mistake("gone=5") == "gone takes no parameter; expected gone alone")
        #expect(mistake("down-for=soon")?.hasPrefix("down-for=soon: expected a duration") == true)
        #expect(mistake("down-for=1s}, percent: {")?.contains("expected a duration") == true)
        #expect(!Cookbook.isName("./flaky") && !Cookbook.isName("flaky.yaml") && Cookbook.isName("down-for=2m"))
    }
}
