import IngestClient
import LoadTest
import MockReceiver
import Testing

@Suite("Plans")
struct RunPlanTests {
    private func mistakes(_ change: (inout RunPlan) -> Void) -> [String] {
        var plan = RunPlan(server: ConnectionSettings(apiKey: "key"))
        change(&plan)
        return plan.mistakes()
    }

    @Test("the defaults are a valid plan")
    func defaults() {
        #expect(mistakes { _ in } == [])
    }

    // F25: accounts ended at 60,000 a second, and a faster machine's run proved nothing.
    @Test(
        "a closed loop has accounts for what the machine can do",
        arguments: [(1, 1_500_000), (2, 1_500_000), (4, 2_400_000), (64, 5_000_000)])
    func accounts(cores: Int, events: Int) {
        var plan = RunPlan(server: ConnectionSettings(apiKey: "key"))
        plan.rate = 0
        plan.seconds = 10
        #expect(plan.expectedEvents(cores: cores) == events)
    }

    @Test("every mistake is reported with its option")
    func all() {
        let mistakes = mistakes { plan in
            plan.rate = -1
            plan.seconds = 0
            plan.workload.tenants = 0
            plan.workload.payloadBytes = 10
            plan.connections = 0
            plan.batch = 0
            plan.server.port = 70_000
            var receiver = EmbeddedReceiverPlan()
            receiver.failureShare = 1.5
            plan.receiver = .embedded(receiver)
        }
        let options = [
            "--rate", "--seconds", "--warmup-seconds", "--tenants", "--payload-bytes", "--connections", "--batch",
            "--port",
            "--failures",
        ]
        #expect(mistakes.count == options.count)
        #expect(options.filter { option in !mistakes.contains { $0.hasPrefix(option + ":") } } == [])
    }

    @Test("a receiver fails by its program or by a share, not by both")
    func failuresAndProgram() {
        var receiver = EmbeddedReceiverPlan()
        receiver.program = BehaviourProgram()
        #expect(mistakes { $0.receiver = .embedded(receiver) } == [])
        receiver.failureShare = 0.02
        let mistakes = mistakes { $0.receiver = .embedded(receiver) }
        #expect(mistakes.count == 1 && mistakes.allSatisfy { $0.hasPrefix("--failures and --program") })
    }

    @Test("a limit for the dispatcher's memory needs its process")
    func memoryOfNobody() {
        let mistakes = mistakes { $0.bounds.peakMebibytes = 300 }
        #expect(mistakes == ["--max-memory-mib needs --dispatcher-pid, the process to watch"])
    }
}

@Suite("Payloads")
struct WorkloadTests {
    @Test("a payload is JSON of the requested size with its sequence number", arguments: [43, 100, 512])
    func payload(bytes: Int) {
        let workload = Workload(payloadBytes: bytes, seed: 3)
        let payload = workload.payload(of: 0xABC)
        #expect(payload.count == bytes)
        #expect(String(decoding: payload, as: UTF8.self).hasPrefix(#"{"sequence":"0000000000000abc","filler":""#))
        #expect(payload == workload.payload(of: 0xABC))
        #expect(payload != workload.payload(of: 0xABD))
    }

    @Test("tenants are named with equally many digits, and take turns")
    func tenants() {
        let workload = Workload(tenants: 1_500)
        #expect(workload.tenantName(7) == "tenant-0007")
        #expect(workload.tenantName(1_499) == "tenant-1499")
        #expect(workload.tenantIndex(of: 1_507) == 7)
    }
}
