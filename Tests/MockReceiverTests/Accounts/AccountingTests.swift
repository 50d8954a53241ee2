import Foundation
import MockReceiver
import Testing
import WebhookModel
import WebhookSigning

@Suite(.timeLimit(.minutes(5))) struct AccountingTests {
    @Test func retriesAreAllowedUntilTheFirst2xx() async throws {
        try await withReceiver(BehaviourProgram(everywhere: Behaviour(failFirst: 2))) { receiver in
            let request = WebhookRequest().text
            let statuses = try await RawClient.statuses(
                from: receiver.port, [request, request, request, request, request])
            #expect(statuses == [503, 503, 200, 200, 200])
            let totals = receiver.stats().totals
            #expect(totals.retries == 2)
            #expect(totals.duplicates == 2)
            #expect(totals.accepted == 1)
            #expect(totals.answers[2] == 3 && totals.answers[5] == 2)
            let account = try #require(receiver.account(of: EventID(high: 1, low: 1), path: "/orders"))
            #expect(account.attempts == 5)
            #expect(account.accepted == 3)
            #expect(account.duplicates == 2)
            #expect(account.firstSeen > 0 && account.firstAccepted >= account.firstSeen)
            #expect(account.lastStatus == 200)
            #expect(account.flags == [])
        }
    }

    @Test func aMessageHasOneAccountPerPath() async throws {
        try await withReceiver { receiver in
            let requests = ["/a", "/b", "/a?query"].map { WebhookRequest(path: $0).text }
            _ = try await RawClient.statuses(from: receiver.port, requests)
            let accounts = receiver.accounts()
            #expect(accounts.map { accounts.path(of: $0) } == ["/a", "/b"])
            #expect(accounts.map(\.attempts) == [2, 1])
            #expect(receiver.endpoints().map(\.path) == ["/a", "/b"])
            #expect(receiver.endpoints().map(\.counters.duplicates) == [1, 0])
        }
    }

    @Test func bodiesAreHashedAsDocumented() async throws {
        try await withReceiver { receiver in
            let body = "exactly these bytes"
            let chunked =
                "POST /chunked HTTP/1.1\r\nhost: h\r\nwebhook-id: abc\r\ntransfer-encoding: chunked\r\n\r\n"
                + "8\r\nexactly \r\nb\r\nthese bytes\r\n0\r\n\r\n"
            var plain = WebhookRequest(path: "/plain", body: body)
            var changed = plain
            changed.body = "exactly these bytez"
            plain.id = "abc"
            changed.id = "abc"
            _ = try await RawClient.statuses(from: receiver.port, [chunked, plain.text, changed.text])
            let accounts = receiver.accounts()
            #expect(accounts.map(\.bodyHash) == [BodyHash.of(Array(body.utf8)), BodyHash.of(Array(body.utf8))])
            #expect(accounts.map(\.bodyLength) == [19, 19])
            #expect(accounts.map(\.flags) == [.foreignID, [.foreignID, .bodyChanged]])
            #expect(receiver.stats().totals.changedBodies == 1)
        }
    }

    @Test func requestsWithoutAnIDAreCountedOneByOne() async throws {
        try await withReceiver { receiver in
            let request = WebhookRequest(id: nil).text
            _ = try await RawClient.statuses(from: receiver.port, [request, request])
            let stats = receiver.stats()
            #expect(stats.totals.withoutID == 2 && stats.totals.accepted == 2 && stats.messages == 0)
            #expect(!stats.inconclusive)
        }
    }

    @Test func verdictsAreCounted() async throws {
        let secret = SigningSecret.generate()
        let now = Int64(Date().timeIntervalSince1970)
        var program = BehaviourProgram()
        program.secrets = [.init(try #require(PathPattern("/signed/*")), try SecretSet([secret]))]
        try await withReceiver(program) { receiver in
            let valid = WebhookRequest(path: "/signed/1", secret: secret, timestamp: now)
            var wrong = valid
            wrong.secret = SigningSecret.generate()
            var expired = valid
            expired.timestamp = now - 400
            var future = valid
            future.timestamp = now + 400
            let missing = WebhookRequest(path: "/signed/2")
            var malformed = missing
            malformed.headers = ["webhook-timestamp: soon", "webhook-signature: v1,x"]
            let unchecked = WebhookRequest(path: "/unsigned")
            let all = [valid, valid, wrong, expired, future, missing, malformed, unchecked]
            _ = try await RawClient.statuses(from: receiver.port, all.map(\.text))
            let totals = receiver.stats().totals
            #expect(totals.count(of: .valid) == 2)
            for verdict in [Verdict.wrong, .expired, .future, .missing, .malformed, .unchecked] {
                #expect(totals.count(of: verdict) == 1, "\(verdict)")
            }
            #expect(totals.unverified == 5)
            let account = try #require(receiver.account(of: EventID(high: 1, low: 1), path: "/signed/1"))
            #expect(account.lastVerdict == .future)
            #expect(account.flags.contains(.unverified))
        }
    }

    @Test func aFullTableIsInconclusive() async throws {
        var configuration = ReceiverConfiguration()
        configuration.messageCap = 3
        configuration.endpointCap = 2
        try await withReceiver(configuration) { receiver in
            let known = (0..<3).map { WebhookRequest.numbered($0, path: "/a").text }
            try await expectStatuses([200, 200, 200], from: receiver.port, known)
            #expect(!receiver.stats().inconclusive)
            let more = [WebhookRequest.numbered(9, path: "/a"), .numbered(1, path: "/b"), .numbered(1, path: "/c")]
            try await expectStatuses([200, 200, 200], from: receiver.port, more.map(\.text))
            let stats = receiver.stats()
            #expect(stats.inconclusive)
            #expect(stats.uncounted == 3)
            #expect(stats.messages == 3)
            #expect(stats.endpoints == 2)
            #expect(stats.totals.requests == 6)
            // What is known stays exact.
            _ = try await RawClient.statuses(from: receiver.port, known)
            #expect(receiver.stats().totals.duplicates == 3)
        }
    }

    @Test func aCopyOfTheAccountsDoesNotChange() async throws {
        try await withReceiver { receiver in
            let requests = (0..<1_500).map { WebhookRequest.numbered($0).text }
            _ = try await RawClient.statuses(from: receiver.port, Array(requests.prefix(1_030)), inOnePiece: true)
            let before = receiver.accounts()
            _ = try await RawClient.statuses(from: receiver.port, requests, inOnePiece: true)
            #expect(before.count == 1_030)
            #expect(before.allSatisfy { $0.attempts == 1 })
            #expect(receiver.accounts().count == 1_500)
            #expect(receiver.accounts().enumerated().allSatisfy { $1.id.low == UInt64($0) })
            #expect(receiver.accounts().filter { $0.attempts == 2 }.count == 1_030)
        }
    }
}
