import Testing
import WebhookModel
import WireProtocol

@Suite struct ProtocolStatusTests {
    @Test func everyResultHasItsOwnCode() {
        let results = (1...15).map { EventResult(rawValue: UInt8($0))! }
        #expect(EventResult(rawValue: 16) == nil, "a new result wants a code")
        #expect(Set(results.map { ProtocolStatus($0) }).count == results.count)
        #expect(ProtocolStatus(EventResult.undecided) == .busy)
    }

    @Test func classesTellTheProducerWhatToDo() {
        #expect(ProtocolStatus.duplicate.statusClass == .stored)
        #expect(ProtocolStatus.storageFull.statusClass == .sendAgain)
        #expect(ProtocolStatus.draining.statusClass == .sendElsewhere)
        #expect(ProtocolStatus.conflict.statusClass == .refused)
        #expect(ProtocolStatus.tooManyControlFrames.statusClass == .closes)
        #expect(ProtocolStatus(rawValue: 0x0177).statusClass == .sendAgain)
        #expect(ProtocolStatus(rawValue: 0x0900).statusClass == nil)
    }

    @Test func unknownCodesAreNamedByNumber() {
        #expect(ProtocolStatus(rawValue: 0x01AB).name == "0x01AB")
        #expect(ProtocolStatus.badTime.name == "BAD_TIME")
    }
}
