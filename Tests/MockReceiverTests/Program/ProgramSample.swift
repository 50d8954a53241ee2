import MockReceiver
import WebhookSigning

/// A program that uses every word of the language, as text and as values.
enum ProgramSample {
    static let everything = """
        seed: 7
        reset_on_accept_percent: 0.5
        handshakes: [slack, hub]
        connections:
          - {fault: refuse, window: {from: 10s, to: 40s, every: 1m}}
          - {fault: tls_expired, percent: 5, connections: 3..}
          - {fault: {reset_after: 100}, connections: 2}
        rules:
          - path: /orders/*
            when:
              attempt: 1..3
              requests: ..100
              header: {X-Tier: gold, x-any: "*"}
              event_type: [order.*, refund]
              tenant: acme
              method: [POST, get]
              window: {from: 1.5s}
              percent: {from: 0, to: 80, over: 1m}
            status: 429
            headers: {x-a: "1"}
            body: "wait: a little"
            retry_after: date+5
            dribble: 10ms
            delay: {uniform: [10ms, 50ms]}
            rate_limit: {per_second: 2.5, burst: 4, retry_after: -1}
            fail_first: 2
            fail_percent: 12.5
            fail_status: 500
            fail_fault: {slow_head: 20ms}
            fail_retry_after: 3
          - {path: /orders/*, delay: {lognormal: {median: 50ms, sigma: 1.2, most: 2s}}, fault: {redirect_to: "http://10.0.0.1/"}}
          - {path: "*", when: {method: [DELETE], handshake: hub}, status: 403}
          - {path: "*", when: {handshake: any}, status: 404}
          - {path: "*", delay: 20ms, fault: {reset_after: 100}, fail_first: 1, fail_reset: true}
        secrets:
          - path: "*"
            scheme: svix
            secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw]
        expect:
          - path: /orders/*
            gaps: [5s, 5m]
            tolerance_percent: 10
            most_in_flight: 8
            order: {key: X-Key, number: x-number}
            occurred_at: {header: X-Time}
          - {path: "*", occurred_at: {member: timestamp}}
        """

    static func read() throws -> BehaviourProgram {
        let orders = PathPattern("/orders/*") ?? .all
        var program = BehaviourProgram(seed: 7, resetOnAccept: 0.005)
        program.connections = [
            ConnectionRule(.refuse, window: TimeWindow(from: 10_000, to: 40_000, every: 60_000)),
            ConnectionRule(.tlsExpired, share: Share(0.05), connections: 3...Int.max),
            ConnectionRule(.resetAfter(bytes: 100), connections: 2...2),
        ]
        program.handshakes = [.hub, .slack]
        let conditions = Conditions(
            attempts: 1...3, requests: 1...100,
            headers: [HeaderCondition("x-tier", TextPattern("gold")), HeaderCondition("x-any", TextPattern("*"))],
            eventTypes: [TextPattern("order.*"), TextPattern("refund")], tenants: [TextPattern("acme")],
            methods: ["POST", "GET"], window: TimeWindow(from: 1_500), share: Share(from: 0, to: 0.8, over: 60_000))
        let busy = Answer(
            status: 429, headers: [.init("x-a", "1")], body: "wait: a little", retryAfter: .date(seconds: 5),
            dribble: 10)
        let limited = Behaviour(
            reply: .answer(busy), delay: .uniform(10...50), failFirst: 2, failShare: 0.125,
            failure: .fault(.slowHead(milliseconds: 20), Answer(status: 500, retryAfter: .seconds(3))),
            rateLimit: RateLimit(perSecond: 2.5, burst: 4, retryAfter: .text("-1")))
        let redirecting = Behaviour(
            reply: .fault(.redirectTo("http://10.0.0.1/"), Answer()),
            delay: .lognormal(median: 50, sigma: 1.2, most: 2_000))
        program.rules = [
            .init(orders, when: conditions, limited),
            .init(orders, redirecting),
            .init(
                .all, when: Conditions(methods: ["DELETE"], handshakes: [.hub]),
                Behaviour(reply: .answer(Answer(status: 403)))),
            .init(
                .all, when: Conditions(handshakes: Handshake.allCases), Behaviour(reply: .answer(Answer(status: 404)))),
            .init(
                .all,
                Behaviour(
                    reply: .fault(.resetAfter(bytes: 100), Answer()), delay: 20, failFirst: 1, failure: .reset)),
        ]
        let secrets = try SecretSet(written: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
        program.secrets = [.init(.all, secrets, scheme: .svix)]
        program.expectations = [
            ExpectedConduct(
                orders, gaps: [5_000, 300_000], tolerance: 0.1, mostInFlight: 8,
                order: .init(keyHeader: "x-key", numberHeader: "x-number"), occurredAt: .header("x-time")),
            ExpectedConduct(.all, occurredAt: .member("timestamp")),
        ]
        return program
    }
}
