import Logging
import Threading
import WebhookModel

/// The sender's thread: clock → sockets → mailbox → core → actions → wait. All decisions are the core's.
final class SenderLoop {
    private let mailbox: Mailbox<SenderThread.Message>
    private let bell: Bell
    private let resolver: ResolverPool
    private let reports: ReportPort
    private let published: Locked<SenderTally>
    private let logger: Logger
    private let shortageLines: ShortageLines
    private let poller = Poller()
    private let transport: SenderTransport
    private var core: SenderCore<SenderTransport, SystemRandomNumberGenerator>
    private var messages: [SenderThread.Message] = []
    private var handshakes = HandshakeMemory()
    /// When a stop's grace ends, monotonic nanoseconds.
    private var stopAt: Int64?

    private static let bellToken = UInt64.max

    init(
        configuration: SenderConfiguration, mailbox: Mailbox<SenderThread.Message>, bell: Bell, resolver: ResolverPool,
        reports: ReportPort, tally: Locked<SenderTally>, logger: Logger
    ) {
        self.mailbox = mailbox
        self.bell = bell
        self.resolver = resolver
        self.reports = reports
        published = tally
        self.logger = logger
        shortageLines = configuration.shortageLines
        transport = SenderTransport(configuration, poller: poller, now: Instant.now().monotonic)
        core = SenderCore(transport: transport, configuration: configuration)
        poller.watch(bell.descriptor, for: .readable, token: SenderLoop.bellToken)
    }

    /// Runs until a stop is complete.
    func run() {
        logger.info("sender started", metadata: ["curl": "\(CurlLibrary.version)"])
        while true {
            let now = Instant.now()
            takeEvents(now)
            drainMailbox(now)
            let isQuiet = work(now)
            publish()
            if handshakes.isDue(newConnections: core.tally.newConnections, now: now.monotonic) {
                FreedMemory.giveBack()
            }
            if let stopAt, core.inFlight == 0 || now.monotonic >= stopAt { break }
            sleep(isQuiet ? nextTime.map { $0 - now.monotonic } : 0)
        }
        let left = core.inFlight
        transport.close()
        logger.info("sender stopped", metadata: ["broken_off": "\(left)"])
    }

    private func takeEvents(_ now: Instant) {
        transport.now = now.monotonic
        poller.take { token, ready in
            if token != SenderLoop.bellToken { transport.ready(token, ready) }
        }
    }

    private func drainMailbox(_ now: Instant) {
        mailbox.drain(into: &messages)
        for message in messages {
            switch message {
            case .deliveries(let deliveries): core.take(deliveries, now: now.monotonic)
            case .answer(let lookup, let answer): core.learn(lookup.host, answer, now: now.monotonic)
            case .stop(let grace): stopAt = min(stopAt ?? .max, now.monotonic + grace)
            }
        }
        messages.removeAll(keepingCapacity: true)
    }

    /// - Returns: whether nothing is left to do before an event or a due time. An attempt that ends at once makes room for
    ///   another.
    private func work(_ now: Instant) -> Bool {
        let wall = now.wallMilliseconds
        var isQuiet = true
        transport.run()
        core.finish(now: now.monotonic, wall: wall)
        if stopAt == nil {
            core.start(now: now.monotonic, wall: wall)
            transport.run()
            isQuiet = !core.finish(now: now.monotonic, wall: wall) && !core.mayBeginMore
        }
        return isQuiet
    }

    /// Hands over the results of the turn: look-ups, reports, counts.
    private func publish() {
        askNames()
        // Before the reports: whoever has a report finds it in the counts.
        core.measure()
        published.withLock { $0.follow(core.tally) }
        if let shortage = core.takeShortage(), shortageLines.mayWrite(now: Instant.now().monotonic) {
            logger.warning(
                "this machine has no connection to give: deliveries wait, and use no attempt",
                metadata: ["reason": "\(shortage.explanation)"])
        }
        if !core.reports.isEmpty {
            reports.take(core.reports)
            core.reports.removeAll(keepingCapacity: true)
        }
        if !core.returns.isEmpty {
            reports.takeBack(core.returns)
            core.returns.removeAll()
        }
    }

    private func askNames() {
        guard !core.lookups.isEmpty else { return }
        for lookup in core.lookups {
            resolver.submit(lookup) { [mailbox] lookup, answer in mailbox.post(.answer(lookup, answer)) }
        }
        core.lookups.removeAll(keepingCapacity: true)
    }

    /// The earliest time at which there is something to do without an event.
    private var nextTime: Int64? {
        let time = min(stopAt ?? core.nextTime ?? .max, transport.deadline ?? .max)
        return time == .max ? nil : time
    }

    /// Sleeps until a socket is ready, the bell rings or the time is over (nil: no time limit).
    private func sleep(_ nanoseconds: Int64?) {
        let mayRest = bell.prepareToSleep()
        poller.wait(nanoseconds: mayRest ? nanoseconds : 0)
        if mayRest { bell.awoke() }
    }
}
