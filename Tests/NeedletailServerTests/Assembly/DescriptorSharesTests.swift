import NeedletailServer
import Testing
import WebhookModel

@Suite struct DescriptorSharesTests {
    private func shares(of descriptors: Int, senders: Int = 2) -> DescriptorShares {
        DescriptorShares(
            of: descriptors, senders: senders, transfers: Limits.transfersPerSender, kept: Limits.keptConnections)
    }

    @Test func enoughDescriptorsGiveWhatIsWanted() {
        let shares = shares(of: 65_536)
        #expect(shares.transfers == Limits.transfersPerSender)
        #expect(shares.kept == Limits.keptConnections / 2)
    }

    @Test(arguments: [64, 256, 1_024, 4_096, 20_000, 1_048_576], [1, 2, 8])
    func aThirdOfTheDescriptorsIsLeftToOthers(descriptors: Int, senders: Int) {
        let shares = shares(of: descriptors, senders: senders)
        #expect(shares.transfers >= 1 && shares.kept >= 1)
        #expect(shares.transfers * senders <= descriptors / 3)
        #expect((shares.transfers + shares.kept) * senders <= descriptors / 3 * 2)
    }

    @Test func connectionsThatAttemptsDoNotNeedAreKept() {
        let shares = DescriptorShares(of: 3_000, senders: 1, transfers: 10, kept: 12_288)
        #expect(shares == DescriptorShares(of: 3_000, senders: 1, transfers: 10, kept: 1_990))
        #expect(shares.kept == 1_990)
    }
}
