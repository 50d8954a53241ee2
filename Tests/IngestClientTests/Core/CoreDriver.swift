import IngestClient
import TestSupport
import WebhookModel
import WireProtocol

/// A `PublisherCore` whose time, random numbers, connections and answers the test controls.
struct CoreDriver {
    /// One PUBLISH frame that a connection was given.
    struct Sent {
        let link: UInt64
        let frame: UInt64
        let ids: [EventID]

        var count: Int { ids.count }
    }

    private(set) var core: PublisherCore
    private(set) var now: Int64 = 1_000_000_000
    private var random: SeededRandom
    private(set) var connects: [(link: UInt64, address: Int)] = []
    private(set) var sent: [Sent] = []
    private(set) var left: [UInt64] = []
    private(set) var admitted: [ObjectIdentifier] = []
    private(set) var ends: [ObjectIdentifier: [Result<[EventReceipt], PublishError>]] = [:]
    private(set) var startError: IngestError?
    private(set) var isStarted = false
    private(set) var isFinished = false
    private(set) var notices: [PublisherNotice] = []

    init(seed: UInt64 = 1, servers: Int = 1, _ change: (inout PublisherSettings) -> Void = { _ in }) {
        var settings = PublisherSettings(
            servers: (0..<servers).map { .tcp(host: "server-\($0)", port: 7400) }, apiKey: "key")
        change(&settings)
        core = PublisherCore(settings: settings, now: 1_000_000_000)
        random = SeededRandom(seed: seed)
    }

    mutating func take(_ input: PublisherCore.Input) { core.take(input, now: now, random: &random) }

    mutating func turn() {
        core.turn(now: now)
        for action in core.takeActions() {
            switch action {
            case .connect(let link, let address): connects.append((link, address))
            case .send(let link, let frame, let runs, _):
                // Read now, as the wire does, because a publication drops its events at its end.
                let ids = runs.flatMap { run in run.range.map { run.publication.events[$0].id } }
                sent.append(Sent(link: link, frame: frame, ids: ids))
            case .leave(let link): left.append(link)
            case .admit(let publication): admitted.append(ObjectIdentifier(publication))
            case .end(let publication, let result): ends[ObjectIdentifier(publication), default: []].append(result)
            case .started(let error): (isStarted, startError) = (error == nil, error)
            case .finished: isFinished = true
            case .note(let notice): notices.append(notice)
            }
        }
    }

    mutating func step(_ input: PublisherCore.Input) {
        take(input)
        turn()
    }

    mutating func pass(milliseconds: Int64) {
        now += milliseconds * 1_000_000
        turn()
    }

    /// Advances to the time at which the core wants a turn.
    mutating func passToNextDue() {
        if let due = core.nextDue { now = max(now, due) }
        turn()
    }

    /// Lets the latest connection reach WELCOME.
    mutating func open(_ welcome: Welcome = FrameServer.welcome()) {
        step(.opened(link: connects[connects.count - 1].link, LinkTerms(welcome, core.settings)))
    }

    /// A publisher whose first connection is established.
    static func opened(
        servers: Int = 1, welcome: Welcome = FrameServer.welcome(),
        _ change: (inout PublisherSettings) -> Void = { _ in }
    ) -> CoreDriver {
        var driver = CoreDriver(servers: servers, change)
        driver.turn()
        driver.open(welcome)
        return driver
    }

    /// Hands events in, as a caller's thread does.
    ///
    /// - Parameter turns: whether the core has its turn after that.
    @discardableResult
    mutating func submit(_ numbers: ClosedRange<Int>, turns: Bool = true) -> Publication {
        let publication = Publication(numbers.map { Events.make($0) }, submittedAt: now)
        publication.isAdmitted = !core.isFull && core.space.fits(publication)
        take(.submitted(publication))
        if turns { turn() }
        return publication
    }

    /// Answers a frame.
    mutating func answer(_ index: Int, _ answers: Ack.Answers = .allAccepted, commit: UInt64 = 1) {
        let frame = sent[index]
        let ack = Ack(commit: commit, count: UInt32(frame.count), answers: answers)
        step(.answered(link: frame.link, frame: frame.frame, ack))
    }

    func result(of publication: Publication) -> Result<[EventReceipt], PublishError>? {
        ends[ObjectIdentifier(publication)]?.first
    }

    func receipts(of publication: Publication) -> [EventReceipt]? { try? result(of: publication)?.get() }

    func error(of publication: Publication) -> PublishError? {
        if case .failure(let error)? = result(of: publication) { error } else { nil }
    }
}
