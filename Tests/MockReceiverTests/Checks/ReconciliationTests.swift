import MockReceiver
import Testing
import WebhookModel

@Suite(.timeLimit(.minutes(5))) struct ReconciliationTests {
    private func id(_ number: UInt64) -> EventID { EventID(high: 7, low: number) }

    private func entries(_ text: String, pieces: Int = 1) throws -> [LedgerEntry] {
        var reader = LedgerReader()
        let bytes = Array(text.utf8)
        let step = max(1, bytes.count / pieces)
        for start in stride(from: 0, to: bytes.count, by: step) {
            try reader.take(bytes[start..<min(start + step, bytes.count)])
        }
        return try reader.finish()
    }

    private func mistake(_ text: String) -> String? {
        do {
            _ = try entries(text)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func readsALedgerInAnyPieces() throws {
        let hash = String(BodyHash.of(Array("x".utf8)), radix: 16)
        let padded = String(repeating: "0", count: 16 - hash.count) + hash
        let text = """
            {"id":"\(id(1).webhookID)"}

            {"id":"\(id(2).webhookID)","outcome":"unknown","hash":"\(padded)","more":1}
            {"id":"msg_3","outcome":"refused","body":"x"}
            """
        let expected = [
            LedgerEntry(id: id(1), line: 1),
            LedgerEntry(id: id(2), outcome: .unknown, bodyHash: BodyHash.of(Array("x".utf8)), line: 3),
            LedgerEntry(webhookID: "msg_3", outcome: .refused, bodyHash: BodyHash.of(Array("x".utf8)), line: 4),
        ]
        for pieces in [1, 3, 1_000] { #expect(try entries(text, pieces: pieces) == expected) }
    }

    @Test func namesTheLineThatIsWrong() {
        #expect(mistake("{\"id\":\"a\"}\nx")?.hasPrefix("line 2: not a JSON object") == true)
        #expect(mistake("{}")?.hasPrefix("line 1: id is missing") == true)
        #expect(mistake("{\"id\":\"a\",\"outcome\":\"acked\"}")?.contains("unknown \"acked\"") == true)
        #expect(mistake("{\"id\":\"a\",\"hash\":\"12\"}")?.contains("16 hex digits") == true)
        #expect(
            mistake("\"" + String(repeating: "a", count: LedgerFile.mostLineBytes + 1))?.contains("over 1048576 bytes")
                == true)
    }

    /// A producer that got no answer, asked again and was told yes.
    @Test(arguments: [true, false])
    func anAcknowledgementReplacesAnEarlierUnknownOutcome(isFirst: Bool) async throws {
        try await withReceiver { receiver in
            let hash = BodyHash.of(Array("other".utf8))
            let lines = [
                LedgerEntry(id: id(1), outcome: .unknown, bodyHash: hash, line: 1), LedgerEntry(id: id(1), line: 2),
            ]
            let ledger = isFirst ? lines : lines.reversed()
            let missing = receiver.reconcile(ledger)
            #expect(
                missing.verdict == .lost && missing.lost == 1 && missing.lostLines == [1] && missing.repeatedLines == 1)
            _ = try await RawClient.statuses(from: receiver.port, [WebhookRequest.numbered(1).text])
            #expect(receiver.reconcile(ledger).changed == 1)
        }
    }

    @Test func aBodyMustBeAString() {
        #expect(mistake("{\"id\":\"a\",\"body\":{\"n\":1}}")?.contains("line 1: body: expected a string") == true)
    }

    @Test func onlyMissingAccountsMakeAResultInconclusive() async throws {
        var configuration = ReceiverConfiguration()
        configuration.messageCap = 1
        try await withReceiver(configuration) { receiver in
            _ = try await RawClient.statuses(from: receiver.port, [1, 2].map { WebhookRequest.numbered($0).text })
            // All of the ledger is there; what else came, nobody knows.
            #expect(receiver.reconcile([LedgerEntry(id: id(1))]).verdict == .inconclusive)
        }
        configuration.messageCap = 10
        configuration.orderKeyCap = 1
        configuration.program.expectations = [
            ExpectedConduct(.all, order: .init(keyHeader: "x-key", numberHeader: "x-number"))
        ]
        try await withReceiver(configuration) { receiver in
            let requests = (1...2 as ClosedRange<UInt64>).map { number in
                var request = WebhookRequest.numbered(number)
                request.headers = ["x-key: \(number)", "x-number: 1"]
                return request.text
            }
            _ = try await RawClient.statuses(from: receiver.port, requests)
            #expect(receiver.stats().unordered == 1)
            #expect(receiver.reconcile([LedgerEntry(id: id(3))]).verdict == .lost)
            let report = receiver.verify([Assertion(.accepted, 2), Assertion(.inversions, 0)])
            #expect(report.findings.map(\.outcome) == [.holds, .inconclusive])
        }
    }

    @Test func aPathBeyondTheCapIsInconclusive() async throws {
        var configuration = ReceiverConfiguration()
        configuration.endpointCap = 1
        try await withReceiver(configuration) { receiver in
            let long = "/" + String(repeating: "p", count: 1_024)
            let requests = ["/a", "/b", long].map { WebhookRequest.numbered(1, path: $0).text }
            try await expectStatuses([200, 200, 200], from: receiver.port, requests)
            #expect(receiver.endpoints().map(\.path) == ["/a"] && receiver.stats().uncounted == 2)
            let report = receiver.verify([Assertion(.requests, 1, path: .exact("/b")), Assertion(.requests, 3)])
            #expect(report.findings.map(\.outcome) == [.inconclusive, .holds])
        }
    }

    @Test func distinguishesLostPhantomAndChanged() async throws {
        let program = BehaviourProgram(rules: [.init(.exact("/down"), Behaviour(reply: .answer(Answer(status: 503))))])
        try await withReceiver(program) { receiver in
            var changed = WebhookRequest.numbered(4)
            changed.body = "other"
            let requests = [
                WebhookRequest.numbered(1), .numbered(1), .numbered(2, path: "/down"), .numbered(3), changed,
                .numbered(5), .numbered(9),
            ]
            _ = try await RawClient.statuses(from: receiver.port, requests.map(\.text))
            let hash = BodyHash.of(Array(WebhookRequest().body.utf8))
            let ledger = [
                LedgerEntry(id: id(1), bodyHash: hash), LedgerEntry(id: id(2)),
                LedgerEntry(id: id(3), outcome: .unknown),
                LedgerEntry(id: id(4), bodyHash: hash), LedgerEntry(id: id(5), outcome: .refused),
                LedgerEntry(id: id(6)),
                LedgerEntry(id: id(7), outcome: .unknown), LedgerEntry(id: id(8), outcome: .refused),
                LedgerEntry(id: id(6)),
            ]
            let result = receiver.reconcile(ledger)
            #expect(result.verdict == .lost && result.lost == 1 && result.lostIDs == [id(6)])
            #expect(
                result.arrived == 4 && result.unaccepted == 1 && result.duplicates == 1 && result.repeatedLines == 1)
            #expect(result.phantom == 1 && result.phantomIDs == [id(9)])
            #expect(result.changed == 1 && result.changedIDs == [id(4)])
            #expect(result.unknownMissing == 1 && result.unknownArrived == 1)
            #expect(result.refusedMissing == 1 && result.refusedArrived == 1)
            #expect(receiver.reconcile([LedgerEntry(id: id(2))], path: .exact("/down")).verdict == .proven)
            #expect(receiver.reconcile([LedgerEntry(id: id(2))]).verdict == .corrupt)
        }
    }

    @Test func aFullTableProvesNoLoss() async throws {
        var configuration = ReceiverConfiguration()
        configuration.messageCap = 1
        try await withReceiver(configuration) { receiver in
            _ = try await RawClient.statuses(from: receiver.port, [1, 2].map { WebhookRequest.numbered($0).text })
            #expect(receiver.reconcile([LedgerEntry(id: id(1)), LedgerEntry(id: id(2))]).verdict == .inconclusive)
        }
    }

    @Test func aHundredThousandEntriesAreFast() async throws {
        try await withReceiver { receiver in
            _ = try await RawClient.statuses(
                from: receiver.port, (0..<2_000).map { WebhookRequest.numbered($0).text }, inOnePiece: true)
            let ledger = (0..<100_000 as Range<UInt64>).map { LedgerEntry(id: id($0)) }
            let result = receiver.reconcile(ledger.reversed())
            #expect(
                result.arrived == 2_000 && result.lost == 98_000 && result.lostIDs.count == Reconciliation.mostNamed)
        }
    }
}
