import Testing

/// Every row of `Ingest.docc/Defences.md` against a real server on loopback. Each attack runs in its own process, so that its
/// memory can be measured alone, and prints what it costs.
@Suite(.serialized, .timeLimit(.minutes(5))) struct AttackTests {
    /// Prints what the attack printed.
    private func tell(_ result: ExitTest.Result?) {
        guard let result else { return }
        let lines = String(decoding: result.standardOutputContent, as: UTF8.self).split(separator: "\n")
        for line in lines where line.hasPrefix("attack:") { print(line) }
    }

    // MARK: Slow peers

    @Test func `half a header, then silence`() async {
        tell(
            await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
                try await SlowPeers.headers()
            })
    }

    @Test func `half a HELLO, and no HELLO`() async {
        tell(
            await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
                try await SlowPeers.hellos()
            })
    }

    @Test func `a body sent byte by byte`() async {
        tell(
            await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
                try await SlowPeers.bodies()
            })
    }

    @Test func `bodies announced and never sent`() async {
        tell(
            await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
                try await SlowPeers.announcements()
            })
    }

    @Test func `large frames left unfinished`() async {
        tell(
            await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
                try await SlowPeers.unfinished()
            })
    }

    @Test func `peers that vanish without a FIN`() async {
        tell(
            await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
                try await SlowPeers.halfOpen()
            })
    }

    @Test func `answers that are never read`() async {
        tell(
            await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
                try await SlowPeers.readers()
            })
    }

    // MARK: Crowds

    // Some seconds: ten thousand handshakes.
    @Test func `ten thousand silent producers`() async {
        tell(
            await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
                try await Crowds.idle()
            })
    }

    @Test func `a thousand unauthenticated connections with all bytes they may send`() async {
        tell(
            await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
                try await Crowds.unauthenticated()
            })
    }

    @Test func `many unauthenticated connections from one address`() async {
        tell(
            await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
                try await Crowds.oneAddress()
            })
    }

    @Test func `a HELLO over its limit`() async {
        tell(
            await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
                try await Crowds.longHello()
            })
    }

    @Test func `attempts to guess the key`() async {
        tell(
            await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
                try await Crowds.guesses()
            })
    }

    // MARK: Floods

    @Test func `floods of control frames`() async {
        tell(
            await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
                try await Floods.control()
            })
    }

    @Test func `one event over the window`() async {
        tell(
            await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
                try await Floods.window()
            })
    }

    @Test func `one byte over the window`() async {
        tell(
            await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
                try await Floods.windowBytes()
            })
    }

    @Test func `wrong lengths`() async {
        tell(
            await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
                try await Floods.lies()
            })
    }
}
