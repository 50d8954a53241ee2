import Glibc
import Testing
import Threading

@Suite("Poller")
struct PollerTests {
    private let poller = Poller()
    private let ends: (CInt, CInt)

    init() {
        var pair: [CInt] = [0, 0]
        pipe(&pair)
        ends = (pair[0], pair[1])
    }

    private func look() -> [UInt64: Poller.Readiness] {
        poller.wait(nanoseconds: 0)
        var seen: [UInt64: Poller.Readiness] = [:]
        poller.take { seen[$0] = $1 }
        return seen
    }

    @Test("events carry the token under which the descriptor is watched at the moment")
    func tokens() {
        defer {
            close(ends.0)
            close(ends.1)
        }
        #expect(poller.watch(ends.0, for: .readable, token: 7))
        #expect(look().isEmpty)
        write(ends.1, "x", 1)
        #expect(look() == [7: .readable])
        #expect(poller.watch(ends.0, for: .readable, token: 8 << 32))
        #expect(look() == [8 << 32: .readable])
        poller.forget(ends.0)
        #expect(look().isEmpty)
    }

    @Test("a hang-up is always reported, and a closed descriptor can be removed")
    func hangUp() {
        poller.watch(ends.0, for: .readable, token: 1)
        close(ends.1)
        #expect(look()[1]?.contains(.failed) == true)
        close(ends.0)
        poller.forget(ends.0)
        #expect(look().isEmpty)
    }

    @Test("events are handed over once")
    func once() {
        defer {
            close(ends.0)
            close(ends.1)
        }
        poller.watch(ends.1, for: .writable, token: 3)
        poller.wait(nanoseconds: 20_000_000_000)
        var seen: [UInt64] = []
        poller.take { token, _ in seen.append(token) }
        poller.take { token, _ in seen.append(token) }
        #expect(seen == [3])
    }
}
