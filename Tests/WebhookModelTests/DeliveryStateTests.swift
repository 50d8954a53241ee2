import Testing
import WebhookModel

@Suite struct DeliveryStateTests {
    /// The picture of DeliveryLifecycle.md, arrow by arrow.
    private let lawful: [(DeliveryState, DeliveryState.Change, DeliveryState)] = [
        (.scheduled, .start, .inFlight), (.inFlight, .succeed, .delivered), (.inFlight, .failForNow, .scheduled),
        (.inFlight, .giveUp, .deadLettered), (.scheduled, .cancel, .cancelled), (.inFlight, .cancel, .cancelled),
        (.delivered, .replay, .scheduled), (.deadLettered, .replay, .scheduled), (.cancelled, .replay, .scheduled),
    ]

    @Test func onlyTheDrawnArrowsExist() {
        for state in DeliveryState.allCases {
            for change in DeliveryState.Change.allCases {
                let drawn = lawful.first { $0.0 == state && $0.1 == change }?.2
                #expect(state.after(change) == drawn, "\(state) \(change)")
            }
        }
    }

    @Test func finalStatesAreLeftByReplayAlone() {
        for state in DeliveryState.allCases where state.isFinal {
            for change in DeliveryState.Change.allCases { #expect((state.after(change) != nil) == (change == .replay)) }
        }
    }
}
