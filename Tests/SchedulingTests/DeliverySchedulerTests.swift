import Scheduling
import TestSupport
import Testing
import WebhookModel

@Suite("DeliveryScheduler")
struct DeliverySchedulerTests {
    @Test("an endpoint's deliveries leave in order of arrival")
    func order() {
        var scheduler = DeliveryScheduler()
        scheduler.enqueue(endpoint: 1, positions: 1...4)
        #expect(scheduler.takeAll().map(\.event.position.value) == [1, 2, 3, 4])
        #expect(scheduler.queued == 0)
        #expect(scheduler.inFlight == 4)
    }

    @Test("no more are in flight than the endpoint's window", arguments: [1, 2, 16])
    func window(size: Int) {
        var scheduler = DeliveryScheduler()
        scheduler.enqueue(endpoint: 1, positions: 1...40, window: size)
        #expect(scheduler.takeAll().count == size)
        scheduler.finished(EndpointNumber(1), now: 0)
        #expect(scheduler.takeAll().count == 1)
    }

    @Test("a full window delays no other endpoint")
    func fullWindow() {
        var scheduler = DeliveryScheduler()
        scheduler.enqueue(endpoint: 1, positions: 1...10, window: 1)
        scheduler.enqueue(endpoint: 2, positions: 11...13, window: 16)
        #expect(scheduler.takeAll().map(\.endpoint.number.value).sorted() == [1, 2, 2, 2])
    }

    @Test("no more are in flight than the transfers of the sender")
    func transfers() {
        var scheduler = DeliveryScheduler(transfers: 3)
        for endpoint in UInt32(1)...5 { scheduler.enqueue(endpoint: endpoint, tenant: endpoint, positions: 1...5) }
        #expect(scheduler.takeAll().count == 3)
        scheduler.finished(EndpointNumber(1), now: 0)
        #expect(scheduler.takeAll().count == 1)
    }

    @Test("a newer endpoint object's window counts")
    func newerWindow() {
        var scheduler = DeliveryScheduler()
        scheduler.enqueue(endpoint: 1, positions: 1...5, window: 1)
        scheduler.enqueue(endpoint: 1, positions: 6...6, window: 3)
        #expect(scheduler.takeAll().count == 3)
    }

    @Test("a held endpoint waits until its time, the others go on")
    func hold() {
        var scheduler = DeliveryScheduler()
        scheduler.enqueue(endpoint: 1, positions: 1...3)
        scheduler.enqueue(endpoint: 2, tenant: 2, positions: 4...4)
        scheduler.hold(EndpointNumber(1), until: 100)
        #expect(scheduler.takeAll(now: 99).map(\.endpoint.number.value) == [2])
        #expect(scheduler.nextRelease == 100)
        #expect(scheduler.takeAll(now: 100).map(\.event.position.value) == [1, 2, 3])
        #expect(scheduler.nextRelease == nil)
    }

    @Test("a hold is lengthened and never shortened")
    func longerHold() {
        var scheduler = DeliveryScheduler()
        scheduler.enqueue(endpoint: 1, positions: 1...1)
        scheduler.hold(EndpointNumber(1), until: 100)
        #expect(scheduler.takeAll(now: 0).isEmpty)
        scheduler.hold(EndpointNumber(1), until: 200)
        scheduler.hold(EndpointNumber(1), until: 50)
        #expect(scheduler.takeAll(now: 150).isEmpty)
        #expect(scheduler.takeAll(now: 200).count == 1)
    }

    @Test("a suspended endpoint waits for resume; returned deliveries are first again")
    func putBack() throws {
        var scheduler = DeliveryScheduler()
        scheduler.enqueue(endpoint: 1, positions: 1...3)
        let taken = scheduler.next(now: 0)
        let first = try #require(taken)
        scheduler.putBack(first)
        scheduler.suspend(EndpointNumber(1))
        #expect(scheduler.takeAll().isEmpty)
        #expect(scheduler.queued == 3)
        #expect(scheduler.inFlight == 0)
        scheduler.resume(EndpointNumber(1))
        #expect(scheduler.takeAll().map(\.event.position.value) == [1, 2, 3])
    }

    @Test("an empty lane is dropped after a minute, a busy one never")
    func idleLanes() {
        var scheduler = DeliveryScheduler()
        scheduler.enqueue(endpoint: 1, positions: 1...1)
        scheduler.enqueue(endpoint: 2, positions: 2...2)
        _ = scheduler.takeAll()
        scheduler.finished(EndpointNumber(1), now: 0)
        let minute = Limits.laneRetirementNanoseconds
        #expect(scheduler.dropIdleLane(now: minute - 1) == nil)
        #expect(scheduler.dropIdleLane(now: minute) == EndpointNumber(1))
        #expect(scheduler.dropIdleLane(now: minute * 9) == nil)
        #expect(scheduler.laneCount == 1)
    }

    @Test("a lane that was used again lives on")
    func revivedLane() {
        var scheduler = DeliveryScheduler()
        scheduler.enqueue(endpoint: 1, positions: 1...1)
        _ = scheduler.takeAll()
        scheduler.finished(EndpointNumber(1), now: 0)
        let minute = Limits.laneRetirementNanoseconds
        scheduler.enqueue(endpoint: 1, positions: 2...2)
        _ = scheduler.takeAll()
        scheduler.finished(EndpointNumber(1), now: minute / 2)
        #expect(scheduler.dropIdleLane(now: minute) == nil)
        #expect(scheduler.dropIdleLane(now: minute * 3 / 2) == EndpointNumber(1))
        scheduler.enqueue(endpoint: 1, positions: 3...3)
        #expect(scheduler.takeAll().count == 1)
    }

    @Test("a hold outlives the lane's last delivery")
    func holdKeepsLane() {
        var scheduler = DeliveryScheduler()
        scheduler.enqueue(endpoint: 1, positions: 1...1)
        _ = scheduler.takeAll()
        let minute = Limits.laneRetirementNanoseconds
        scheduler.hold(EndpointNumber(1), until: minute * 10)
        scheduler.finished(EndpointNumber(1), now: 0)
        while scheduler.dropIdleLane(now: minute * 2) != nil {}
        scheduler.enqueue(endpoint: 1, positions: 2...2)
        #expect(scheduler.takeAll(now: minute * 9).isEmpty)
        #expect(scheduler.takeAll(now: minute * 10).count == 1)
    }

    @Test("counts hold through any mixture of operations", arguments: UInt64(1)...20)
    func mixture(seed: UInt64) {
        var random = SplitMix(state: seed)
        var scheduler = DeliveryScheduler(transfers: 7)
        var enqueued = 0
        var out: [DueDelivery] = []
        var over = 0
        var now: Int64 = 0
        for step in 0..<4_000 {
            now += Int64.random(in: 0...40_000_000, using: &random)
            let endpoint = UInt32.random(in: 1...9, using: &random)
            switch Int.random(in: 0..<12, using: &random) {
            case 0...3:
                scheduler.enqueue(
                    endpoint: endpoint, tenant: endpoint % 3, positions: UInt64(step)...UInt64(step), window: 2)
                enqueued += 1
            case 4...7:
                if let delivery = scheduler.next(now: now) { out.append(delivery) }
            case 8, 9:
                guard let index = out.indices.randomElement(using: &random) else { break }
                scheduler.finished(out.remove(at: index).endpoint.number, now: now)
                over += 1
            case 10: scheduler.hold(EndpointNumber(endpoint), until: now + 90_000_000)
            default:
                scheduler.suspend(EndpointNumber(endpoint))
                if let delivery = out.popLast() { scheduler.putBack(delivery) }
                scheduler.resume(EndpointNumber(endpoint))
            }
            #expect(scheduler.inFlight == out.count)
            #expect(scheduler.queued == enqueued - out.count - over)
            let perEndpoint = Dictionary(grouping: out, by: \.endpoint.number).mapValues(\.count)
            #expect(perEndpoint.values.allSatisfy { $0 <= 2 })
        }
        drain(&scheduler, &out, &now)
        #expect(scheduler.queued == 0)
    }

    /// Lets everything out that waits: nothing may be stuck.
    private func drain(_ scheduler: inout DeliveryScheduler, _ out: inout [DueDelivery], _ now: inout Int64) {
        for _ in 0..<10_000 where scheduler.queued > 0 || !out.isEmpty {
            now += 100_000_000
            if let delivery = out.popLast() { scheduler.finished(delivery.endpoint.number, now: now) }
            out += scheduler.takeAll(now: now)
        }
    }

    @Test("ten failures open the breaker: no attempt starts, waiting deliveries are returned, and one probe decides")
    func breaker() throws {
        var random = SplitMix(state: 7)
        var scheduler = DeliveryScheduler(transfers: 100)
        scheduler.enqueue(endpoint: 1, positions: 1...20, window: 10)
        let first = scheduler.takeAll()
        #expect(first.count == 10)
        var change = Breaker.Change.none
        for delivery in first {
            change = scheduler.finished(delivery.endpoint.number, isSuccess: false, now: 0, random: &random)
        }
        guard case .opened(let until) = change else {
            Issue.record("ten failures did not open the breaker")
            return
        }
        let early = scheduler.takeAll(now: until - 1)
        #expect(early.isEmpty)
        let given = scheduler.giveBack(EndpointNumber(1), now: 0)
        let back = try #require(given)
        #expect(back.deliveries.map(\.event.position.value) == Array(11...20))
        #expect(back.until == until && scheduler.queued == 0)
        scheduler.enqueue(endpoint: 1, positions: 21...24, window: 10)
        #expect(scheduler.nextRelease == nil || scheduler.nextRelease == until)
        let probes = scheduler.takeAll(now: until)
        #expect(probes.count == 1)
        scheduler.finished(EndpointNumber(1), now: until)
        let rest = scheduler.takeAll(now: until)
        #expect(rest.count == 3)
    }

    @Test("a short hold is waited for in the lane")
    func shortHold() {
        var scheduler = DeliveryScheduler(transfers: 100)
        scheduler.enqueue(endpoint: 1, positions: 1...2)
        scheduler.hold(EndpointNumber(1), until: Limits.shortHoldNanoseconds)
        let given = scheduler.giveBack(EndpointNumber(1), now: 0)
        #expect(given == nil)
        #expect(scheduler.queued == 2)
    }

    // F16: after a Retry-After of an hour nothing went to the URL that replaced the one which asked for it.
    @Test("a hold and a breaker end when the endpoint gets another URL")
    func movedDestination() {
        var scheduler = DeliveryScheduler(transfers: 100)
        func due(_ position: UInt64, _ url: String) -> DueDelivery {
            DueDelivery(
                event: Sample.event(position), endpoint: Sample.endpoint(1, url: url), attempt: 1, entry: .due(0))
        }
        scheduler.enqueue(due(1, "https://old.example/"))
        let held = Int64(3_600_000_000_000)
        scheduler.hold(EndpointNumber(1), until: held)
        let taken1 = scheduler.takeAll()
        #expect(taken1.isEmpty && scheduler.nextRelease == held)
        // Another object of the same URL changes nothing.
        scheduler.enqueue(due(2, "https://old.example/"))
        let taken2 = scheduler.takeAll()
        #expect(taken2.isEmpty)
        scheduler.enqueue(due(3, "https://new.example/"))
        let taken3 = scheduler.takeAll()
        #expect(taken3.map(\.event.position.value) == [1, 2, 3])
        // The old hold is still noted, and does nothing when its time comes.
        scheduler.hold(EndpointNumber(1), until: 2 * held)
        scheduler.enqueue(due(4, "https://new.example/"))
        let taken4 = scheduler.takeAll(now: held + 1)
        #expect(taken4.isEmpty)
        let taken5 = scheduler.takeAll(now: 2 * held)
        #expect(taken5.map(\.event.position.value) == [4])
    }

    @Test("a delivery that is withdrawn leaves its place and says nothing about its endpoint")
    func withdrawn() {
        var scheduler = DeliveryScheduler(transfers: 1)
        scheduler.enqueue(endpoint: 1, positions: 1...2)
        for position in 1...2 as ClosedRange<UInt64> {
            let delivery = scheduler.next(now: 0)
            #expect(delivery?.event.position.value == position && scheduler.inFlight == 1)
            if let delivery { scheduler.withdraw(delivery, now: 0) }
        }
        #expect(scheduler.inFlight == 0 && scheduler.queued == 0 && scheduler.nextRelease == nil)
    }

    @Test("a delivery without a connection waits for one of its endpoint's, or for a moment")
    func shortage() {
        var scheduler = DeliveryScheduler(transfers: 100)
        scheduler.enqueue(endpoint: 1, positions: 1...4, window: 4)
        let taken = scheduler.takeAll()
        for delivery in taken.dropFirst() { scheduler.putBack(delivery, notBefore: 50) }
        let taken6 = scheduler.takeAll(now: 100)
        #expect(taken6.isEmpty && scheduler.inFlight == 1)
        scheduler.finished(EndpointNumber(1), now: 100)
        let again = scheduler.takeAll(now: 100)
        #expect(again.count == 3)
        for delivery in again { scheduler.putBack(delivery, notBefore: 150) }
        let taken7 = scheduler.takeAll(now: 149)
        #expect(taken7.isEmpty && scheduler.nextRelease == 150)
        let taken8 = scheduler.takeAll(now: 150)
        #expect(taken8.count == 3)
    }
}
