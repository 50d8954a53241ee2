import IngestClient
import LoadTest
import Testing

@Suite("Scripts of staged runs")
struct ScriptTests {
    private let plan = RunPlan(server: ConnectionSettings(apiKey: "key"))

    @Test("isolation: a tenth of the tenants is silent, the next one is hot, and its extra events add to the rate")
    func isolation() {
        let script = IsolationScript(run: plan)
        #expect(script.mistakes() == [])
        #expect(script.groups(inTrouble: true).map(\.tenants) == [11..<100, 10..<11, 0..<10])
        #expect(script.groups(inTrouble: true).map(\.isAnswered) == [true, true, false])
        #expect(script.groups(inTrouble: false).map(\.isAnswered) == [true, true, true])
        #expect(script.troubledRate == 1_090)
        let round = (0..<script.troubledMix.roundCount).map(script.troubledMix.tenant)
        #expect(round.filter { $0 == 10 }.count == 10)
    }

    @Test("isolation's mistakes name their options")
    func isolationMistakes() {
        var script = IsolationScript(run: plan)
        script.blackHoledPercent = 100
        script.hotFactor = 0
        script.troubleSeconds = 0
        script.mostRatio = 0
        #expect(options(script.mistakes()) == ["--black-holed", "--hot-factor", "--seconds", "--max-ratio"])
        var few = IsolationScript(run: plan)
        few.run.workload.tenants = 1
        #expect(options(few.mistakes()) == ["--tenants"])
    }

    @Test("a backlog's mistakes name their options")
    func backlogMistakes() {
        #expect(BacklogScript(run: plan).mistakes() == [])
        var script = BacklogScript(run: plan)
        script.backlogTenants = 100
        script.events = 0
        script.fillRate = 0
        script.drainLimitSeconds = 0
        #expect(options(script.mistakes()) == ["--backlog-tenants", "--events", "--fill-rate", "--drain-limit"])
    }

    @Test("a staged run needs a rate and the embedded receiver")
    func shared() {
        var plan = plan
        plan.rate = 0
        plan.receiver = .none
        #expect(options(IsolationScript(run: plan).mistakes()) == ["--receiver", "--rate"])
        #expect(options(BacklogScript(run: plan).mistakes()) == ["--receiver", "--rate"])
    }

    private func options(_ mistakes: [String]) -> [String] {
        mistakes.map { String($0.prefix { $0 != " " && $0 != ":" }) }
    }

    @Test("a drain is measured from its first event after the return to its last")
    func drain() {
        let second: Int64 = 1_000_000_000
        let arrivals: [Int64] = [0, 5 * second, 12 * second, 14 * second, 13 * second]
        let window = DrainWindow(arrivals, returned: 10 * second)
        #expect(window?.count == 3)
        #expect(window?.waited == 2)
        #expect(window?.seconds == 2)
        #expect(window?.perSecond == 1.5)
        #expect(DrainWindow([0, second], returned: 2 * second) == nil)
    }
}
