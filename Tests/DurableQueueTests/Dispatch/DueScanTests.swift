import DurableQueue
import Store
import Testing
import WebhookModel

/// The walk over the due index as a plain value.
@Suite struct DueScanTests {
    private func entry(_ position: UInt64, _ endpoint: UInt32, at dueAt: Int64 = 10) -> PendingEntry {
        PendingEntry(
            delivery: DeliveryID(position: EventPosition(position), endpoint: EndpointNumber(endpoint)), dueAt: dueAt,
            attempts: 0)
    }

    private func registry(_ numbers: ClosedRange<UInt32>, senders: Int) -> EndpointRegistry {
        var registry = RegistrySample.registry(senders: senders)
        for number in numbers { registry.put(RegistrySample.endpoint(number)) }
        return registry
    }

    @Test func eachSenderTakesOnlyEntriesOfItsEndpoints() {
        var registry = registry(1...4, senders: 2)
        var dispatch = DispatchState(senders: 2, configuration: QueueConfiguration())
        var scan = DueScan(of: 1, dispatch, limit: 100)
        for position in 1...8 as ClosedRange<UInt64> {
            let goesOn = scan.visit(entry(position, UInt32(position - 1) % 4 + 1), now: 10, &dispatch, &registry)
            #expect(goesOn)
        }
        #expect(scan.chosen.map(\.entry.delivery.endpoint.value) == [1, 3, 1, 3])
        #expect(scan.place == entry(8, 4).successor && scan.nextDue == .max)
    }

    @Test func theScanEndsAtTheFirstEntryThatIsNotDue() {
        var registry = registry(1...1, senders: 1)
        var dispatch = DispatchState(senders: 1, configuration: QueueConfiguration())
        var scan = DueScan(of: 0, dispatch, limit: 100)
        let first = scan.visit(entry(1, 1, at: 10), now: 10, &dispatch, &registry)
        let second = scan.visit(entry(2, 1, at: 11), now: 10, &dispatch, &registry)
        #expect(first && !second && scan.nextDue == 11 && scan.chosen.count == 1 && !scan.madeNoProgress)
    }

    @Test func aFullSenderInterruptsItsOwnScanOnly() {
        var registry = registry(1...2, senders: 2)
        let configuration = QueueConfiguration(heldPerSender: 1)
        var dispatch = DispatchState(senders: 2, configuration: configuration)
        var scan = DueScan(of: 0, dispatch, limit: 100)
        let first = scan.visit(entry(1, 2), now: 10, &dispatch, &registry)
        let second = scan.visit(entry(2, 2), now: 10, &dispatch, &registry)
        #expect(first && !second && scan.nextDue == nil && scan.place == entry(1, 2).successor)
        var other = DueScan(of: 1, dispatch, limit: 100)
        let passes = other.visit(entry(1, 2), now: 10, &dispatch, &registry)
        let chooses = other.visit(entry(3, 1), now: 10, &dispatch, &registry)
        #expect(passes && chooses && other.chosen.count == 1)
    }

    @Test func entriesBeyondTheEndpointsLimitWaitInLotsUntilTheLotsAreFull() {
        var registry = registry(1...1, senders: 1)
        var dispatch = DispatchState(senders: 1, configuration: QueueConfiguration(lotLimit: 3))
        var scan = DueScan(of: 0, dispatch, limit: 1_000)
        var position: UInt64 = 1
        while scan.visit(entry(position, 1), now: 10, &dispatch, &registry) { position += 1 }
        #expect(scan.chosen.count == Limits.heldPerEndpointFirst && scan.toWait.count == 3)
        #expect(scan.nextDue == nil && scan.place == entry(position - 1, 1).successor)
    }

    @Test func entriesOfRemovedEndpointsAreOrphans() {
        var registry = registry(1...1, senders: 1)
        var dispatch = DispatchState(senders: 1, configuration: QueueConfiguration())
        var scan = DueScan(of: 0, dispatch, limit: 100)
        let goesOn = scan.visit(entry(1, 99), now: 10, &dispatch, &registry)
        #expect(goesOn && scan.orphans == [entry(1, 99)])
    }

    @Test func theLimitInterruptsTheScan() {
        var registry = registry(1...1, senders: 1)
        var dispatch = DispatchState(senders: 1, configuration: QueueConfiguration())
        var scan = DueScan(of: 0, dispatch, limit: 2)
        let answers = (1...3).map { scan.visit(entry($0, 1), now: 10, &dispatch, &registry) }
        #expect(answers == [true, true, false] && scan.nextDue == nil && scan.chosen.count == 2)
    }
}
