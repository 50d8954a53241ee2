import Glibc
import Sender
import Settings
import Testing
import Threading
import WebhookModel

/// Nanoseconds that a test waits for an answer, or that a slow look-up lasts, at most.
private let patience: Int64 = 20_000_000_000

@Suite("ResolverPool", .timeLimit(.minutes(5)))
struct ResolverPoolTests {
    @Test("localhost has an address, and a name that cannot exist has none")
    func system() throws {
        let pool = ResolverPool()
        defer { pool.stop() }
        guard case .found(let addresses) = try pool.answer(for: "localhost") else {
            Issue.record("localhost has no address")
            return
        }
        #expect(addresses.contains { $0 == IPAddress("127.0.0.1") || $0 == IPAddress("::1") })
        // Without any name server the second is said: that is no fault of the name.
        let none = try pool.answer(for: "no-such-host.invalid")
        #expect(none == .failed(.notFound) || none == .failed(.lacking(.nameServers)))
    }

    // The state of the C library's resolver is all zeros in a new thread; closing it closed descriptor 0, whoever owned it.
    @Test("a look-up in a new thread leaves descriptor 0 alone")
    func descriptorZero() throws {
        func target() -> String {
            var bytes = [CChar](repeating: 0, count: 256)
            let count = readlink("/proc/self/fd/0", &bytes, bytes.count)
            return String(decoding: bytes.prefix(max(count, 0)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
        // The lowest free descriptor is taken, so this is 0 where 0 is closed.
        if fcntl(0, F_GETFD) < 0 { _ = open("/dev/null", O_RDONLY) }
        let before = target()
        for _ in 0..<3 {
            let pool = ResolverPool()
            defer { pool.stop() }
            _ = try pool.answer(for: "localhost")
        }
        #expect(!before.isEmpty && target() == before)
    }

    @Test("a name that is being looked up is not looked up again: the answer is for all who ask meanwhile")
    func oneLookup() throws {
        let (begun, gate) = (Bell(), Bell())
        let count = Locked(0)
        let pool = ResolverPool(threads: 3, perTenant: 2) { host in
            guard host == "slow" else { return .failed(.notFound) }
            count.withLock { $0 += 1 }
            begun.ring()
            gate.wait(nanoseconds: patience)
            return .found([IPAddress(v4: 0x0808_0808)])
        }
        defer { pool.stop() }
        let (answers, done) = (Locked<[TenantNumber]>([]), Bell())
        @Sendable func take(_ lookup: NameLookup, _ answer: NameAnswer) {
            guard answer == .found([IPAddress(v4: 0x0808_0808)]) else { return }
            if answers.withLock({
                $0.append(lookup.tenant); return $0.count
            }) == 3 {
                done.ring()
            }
        }
        pool.submit(NameLookup(host: "slow", tenant: TenantNumber(1)), answer: take)
        begun.wait(nanoseconds: patience)
        for tenant in [1, 2] as [UInt32] {
            pool.submit(NameLookup(host: "slow", tenant: TenantNumber(tenant)), answer: take)
        }
        // The same threads take this one afterwards.
        #expect(try pool.answer(for: "other", tenant: 2) == .failed(.notFound))
        #expect(try pool.answer(for: "other", tenant: 1) == .failed(.notFound))
        gate.ring()
        while answers.withLock({ $0.count }) < 3 { done.wait(nanoseconds: patience) }
        #expect(answers.withLock { $0.map(\.value).sorted() } == [1, 1, 2])
        #expect(count.withLock(\.self) == 1)
    }

    @Test("one tenant's slow names do not occupy all threads")
    func slowTenant() throws {
        let slow = ["slow-1": Bell(), "slow-2": Bell()]
        let pool = ResolverPool(threads: 3, perTenant: 2) { host in
            slow[host]?.wait(nanoseconds: patience)
            return .found([IPAddress(v4: 0x0808_0808)])
        }
        defer {
            for bell in slow.values { bell.ring() }
            pool.stop()
        }
        for host in slow.keys { pool.submit(NameLookup(host: host, tenant: TenantNumber(1))) { _, _ in } }
        for _ in 0..<20 {
            #expect(try pool.answer(for: "quick", tenant: 2) == .found([IPAddress(v4: 0x0808_0808)]))
        }
    }
}

extension ResolverPool {
    /// Waits for the answer to a look-up; a test whose answer does not come fails.
    fileprivate func answer(for host: String, tenant: UInt32 = 1) throws -> NameAnswer {
        let bell = Bell()
        let answer = Locked<NameAnswer?>(nil)
        submit(NameLookup(host: host, tenant: TenantNumber(tenant))) { _, found in
            answer.withLock { $0 = found }
            bell.ring()
        }
        let deadline = Instant.now().monotonic + patience
        while true {
            if let found = answer.withLock(\.self) { return found }
            let left = deadline - Instant.now().monotonic
            try #require(left > 0, "no answer for \(host) within 20 s")
            bell.wait(nanoseconds: left)
        }
    }
}
