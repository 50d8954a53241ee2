import Glibc
import Sender
import TestSupport
import Testing
import WebhookModel

/// How many connections a site gets, against receivers that are models: exact times, no sockets.
@Suite("Connection growth")
struct ConnectionGrowthTests {
    private static let free = Limits.freeConnections
    private static let second: Int64 = 1_000_000_000

    /// More requests than any number of connections carries.
    private struct Model {
        enum Receiver {
            /// Answers each request after a time of its own, in nanoseconds.
            case distant((inout SeededRandom) -> Int64)
            /// Answers one request after the other, each in this time, in nanoseconds.
            case busy((inout SeededRandom) -> Int64)
        }

        var growth = ConnectionGrowth(least: ConnectionGrowthTests.free)
        var receiver: Receiver
        var random: SeededRandom
        var now: Int64 = 0
        /// Requests in flight: when each was sent and is answered, the first answer last.
        private var flights: [(sentAt: Int64, due: Int64)] = []
        private var freeAt: Int64 = 0
        private(set) var most = 0
        private(set) var answers = 0
        private var connectionTime = 0.0

        init(_ receiver: Receiver, seed: UInt64 = 1) {
            self.receiver = receiver
            random = SeededRandom(seed: seed)
        }

        /// The mean number of connections.
        var meanConnections: Double { connectionTime / Double(now) }

        private mutating func send() {
            let due: Int64
            switch receiver {
            case .distant(let time): due = now + time(&random)
            case .busy(let time):
                freeAt = max(freeAt, now) + time(&random)
                due = freeAt
            }
            var place = flights.count
            while place > 0, flights[place - 1].due < due { place -= 1 }
            flights.insert((now, due), at: place)
        }

        mutating func run(until end: Int64, limit: Int = .max) {
            while now < end, growth.limit < limit {
                while flights.count < growth.limit { send() }
                most = max(most, flights.count)
                let (sentAt, due) = flights.removeLast()
                connectionTime += Double(due - now) * Double(flights.count + 1)
                now = due
                answers += 1
                growth.answered(sentAt: sentAt, now: now, carrying: flights.count + 1)
                if flights.count < growth.limit { send() }
            }
        }
    }

    @Test("a receiver that is 100 ms away gets a thousand connections within four seconds")
    func distant() {
        var model = Model(.distant { _ in 100_000_000 })
        model.run(until: 4 * ConnectionGrowthTests.second, limit: 1_024)
        #expect(model.growth.limit == 1_024)
    }

    /// Log-normal: median 80 ms, one in a hundred over 500 ms, one in two hundred takes the whole time-out.
    private static func internet(_ random: inout SeededRandom) -> Int64 {
        if Double.random(in: 0..<1, using: &random) < 0.005 { return 15 * second }
        let (a, b) = (Double.random(in: 1e-12..<1, using: &random), Double.random(in: 0..<1, using: &random))
        return Int64(80_000_000 * exp(0.8 * (-2 * log(a)).squareRoot() * cos(2 * .pi * b)))
    }

    @Test("times that vary as on the internet are no sign of a busy receiver", arguments: UInt64(1)...20)
    func varied(seed: UInt64) {
        var model = Model(.distant(ConnectionGrowthTests.internet), seed: seed)
        model.run(until: 60 * ConnectionGrowthTests.second, limit: 1_024)
        #expect(model.growth.limit == 1_024, "\(model.growth.limit) after \(model.now / 1_000_000) ms")
    }

    @Test(
        "a busy receiver gets no more connections than are free, but for trials that grow rarer",
        arguments: UInt64(1)...5)
    func busy(seed: UInt64) {
        var model = Model(.busy { Int64.random(in: 10_000...90_000, using: &$0) }, seed: seed)
        model.run(until: 60 * ConnectionGrowthTests.second)
        #expect(model.most == 2 * ConnectionGrowthTests.free)
        #expect(model.meanConnections < 1.01 * Double(ConnectionGrowthTests.free), "\(model.meanConnections)")
        #expect(model.growth.limit == ConnectionGrowthTests.free)
    }

    @Test("what a distant receiver needed is found out again when it becomes busy")
    func becomesBusy() {
        var model = Model(.distant { _ in 100_000_000 })
        model.run(until: 4 * ConnectionGrowthTests.second, limit: 1_024)
        // Its traffic ends for a while, and connections that are idle are closed.
        for carrying in stride(from: 1_023, through: 0, by: -1) { model.growth.shrink(to: carrying) }
        #expect(model.growth.limit == ConnectionGrowthTests.free)
        model.receiver = .busy { _ in 50_000 }
        model.run(until: model.now + 30 * ConnectionGrowthTests.second)
        #expect(model.growth.limit == ConnectionGrowthTests.free)
    }

    @Test("without a full line nothing is tried")
    func notFull() {
        var growth = ConnectionGrowth(least: 64)
        for answer in Int64(1)...10_000 {
            growth.answered(sentAt: answer, now: answer + 100_000_000, carrying: 63)
        }
        #expect(growth.limit == 64)
    }

    @Test("a doubling that no demand fills is kept, and judged by new times")
    func unfilled() {
        var growth = ConnectionGrowth(least: 64)
        func answer(_ seconds: Int64, milliseconds: Int64, carrying: Int) {
            let now = seconds * ConnectionGrowthTests.second
            growth.answered(sentAt: now - milliseconds * 1_000_000, now: now, carrying: carrying)
        }
        for _ in 0..<Limits.growthSamples { answer(1, milliseconds: 100, carrying: 64) }
        #expect(growth.limit == 128)
        answer(3_600, milliseconds: 400, carrying: 128)
        #expect(growth.limit == 128)
        for _ in 0..<Limits.growthSamples { answer(3_601, milliseconds: 400, carrying: 128) }
        #expect(growth.limit == 256)
    }

    @Test("a connection that was opened beyond the limit raises it")
    func exceeded() {
        var growth = ConnectionGrowth(least: 64)
        growth.exceed(to: 64)
        #expect(growth.limit == 64)
        growth.exceed(to: 65)
        #expect(growth.limit == 65)
        growth.shrink(to: 33)
        #expect(growth.limit == 65)
        growth.shrink(to: 31)
        #expect(growth.limit == 64)
    }
}
