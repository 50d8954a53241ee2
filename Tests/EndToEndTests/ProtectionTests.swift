import Glibc
import IngestClient
import MockReceiver
import Store
import TestSupport
import Testing
import WebhookModel
import WireProtocol

extension EndToEnd {
    @Suite struct ProtectionTests {
        @Test func `an endpoint's rate limits its requests, and every event arrives`() async throws {
            try await withReceiver { receiver in
                let rate = (perSecond: 100, burst: 10)
                let endpoint = ProvisioningFile.Endpoint(
                    url: receiver.url("/in"),
                    more: ["secret: \(Sample.secret)", "rate: { per_second: \(rate.perSecond), burst: \(rate.burst) }"])
                let server = try await Installation(ProvisioningFile(endpoint)).start()
                let clock = ContinuousClock()
                let start = clock.now
                _ = try await server.connect().publish(Events.batch(1..<111))
                var arrived = 0
                while arrived < 110 {
                    guard await receiver.wait(for: .requests(arrived + 1), timeout: .seconds(10)) else { break }
                    arrived = receiver.stats().totals.requests
                    // The look comes after the arrivals, so its time is theirs or later; the bound holds all the more.
                    let elapsed = start.duration(to: clock.now)
                    let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
                    let most = Double(rate.burst) + seconds * Double(rate.perSecond)
                    #expect(Double(arrived) <= most, "\(arrived) after \(seconds) s")
                }
                let elapsed = start.duration(to: clock.now)
                #expect(elapsed >= .milliseconds(990) && elapsed < .seconds(10), "\(elapsed)")
                #expect(arrived == 110)
                try await server.stop()
                let totals = receiver.stats().totals
                #expect(totals.accepted == 110 && totals.duplicates == 0)
            }
        }

        @Test func `a tenant's full backlog throttles its own producers only`() async throws {
            try await withReceiver { receiver in
                // Nothing listens there: what is for it waits.
                let endpoint = ProvisioningFile.Endpoint(
                    url: "http://127.0.0.1:\(try await FreePort.choose())/", delays: "1h")
                var file = ProvisioningFile(tenants: [
                    .init(name: "acme", endpoints: [endpoint]),
                    .init(name: "globex", endpoints: [.init(url: receiver.url("/globex"))]),
                ])
                file.tenants[0].more = ["backlog: 20"]
                let installation = try Installation(file)
                let server = try await installation.start()
                let publisher = try await server.connect(sendsAgain: false)
                let first = try await publisher.publish(Events.batch(1..<31))
                #expect(first.map(\.status).prefix(20).allSatisfy { $0 == .accepted })
                #expect(first.map(\.status).suffix(10).allSatisfy { $0 == .throttled })
                let other = try await publisher.publish(Events.event(100, tenant: "globex"))
                #expect(other.status == .accepted)
                #expect(try await server.process.line(with: "backlog is full") != nil)
                // Its endpoint leaves: what waited is cancelled, and the tenant has room again.
                file.tenants[0].endpoints = [.init(name: "new", url: receiver.url("/acme"))]
                try installation.provision(file)
                server.process.send(SIGHUP)
                _ = try await server.process.line(with: "reading certificates")
                let sender = try await server.connect()
                let receipt = try await sender.publish(Events.event(200))
                #expect(receipt.status == .accepted)
                try await server.stop()
            }
        }

        @Test func `a failed attempt is recorded with its phases, headers, excerpt and the next step`()
            async throws
        {
            let answer = Answer(
                status: 503, headers: [.init("X-Reason", "maintenance"), .init("Set-Cookie", "session=secret")],
                body: "later")
            try await withReceiver([BehaviourProgram.Rule(.all, Behaviour(reply: .answer(answer)))]) { receiver in
                let installation = try Installation(ProvisioningFile(.init(url: receiver.url("/in"), delays: "1h")))
                let server = try await installation.start()
                _ = try await server.connect().publish(Events.event(1))
                await receiver.expectRequests(1)
                try await server.stop()
                let row = try #require(try StoredDeliveries.attempts(installation.data).first)
                #expect(row.outcome == .unavailable && row.status == 503 && row.address == "127.0.0.1")
                #expect(
                    row.phases.connected > 0 && row.phases.firstByte >= row.phases.connected
                        && row.phases.total >= row.phases.firstByte)
                #expect(row.excerpt == Array("later".utf8))
                let headers = String(decoding: row.headers, as: UTF8.self).lowercased()
                #expect(headers.contains("x-reason: maintenance\n"))
                #expect(!headers.contains("secret"))
                #expect(row.nextAt >= row.startedAt + 3_600_000)
            }
        }
    }
}
