import IngestClient
import TestSupport
import Testing
import WebhookModel
import WireProtocol

/// Tens of thousands of random steps against a model of servers that keep what they accept.
@Suite("Random histories of a publisher", .timeLimit(.minutes(5)))
struct PublisherCoreRandomTests {
    @Test("every publication ends exactly once, with the right result", arguments: 1...40)
    func everyPublicationEndsOnce(seed: UInt64) {
        var life = RandomLife(seed: seed, mayPostpone: true)
        life.run(steps: 2_500)
        life.close()
        life.checkResults()
        #expect(life.submitted > 300)
    }

    @Test("without answers \"send again later\" the servers get events in the order of the calls", arguments: 1...40)
    func order(seed: UInt64) {
        var life = RandomLife(seed: seed, mayPostpone: false)
        life.run(steps: 2_500)
        life.close()
        life.checkResults()
        #expect(life.stored.count > 300)
        #expect(life.firstOutOfOrder == nil)
    }
}

/// The environment of one core: a server accepts what it sends, and sometimes answers.
private struct RandomLife {
    private struct Wire {
        var frames: [CoreDriver.Sent] = []
        /// How many of `frames`, from the first, the server has accepted and recorded.
        var taken = 0
        var isDraining = false
    }

    private var driver: CoreDriver
    private var random: SeededRandom
    private let mayPostpone: Bool
    private var publications: [Publication] = []
    private var ids: [ObjectIdentifier: [EventID]] = [:]
    private var live: [Publication] = []
    private var wires: [UInt64: Wire] = [:]
    private var connecting: UInt64?
    private var seen = (connects: 0, sent: 0, left: 0)
    private var isStored: Set<EventID> = []
    private(set) var stored: [EventID] = []
    private var next = 1

    var submitted: Int { publications.count }
    var firstOutOfOrder: EventID? { zip(stored, stored.dropFirst()).first { $0 > $1 }?.1 }

    init(seed: UInt64, mayPostpone: Bool) {
        random = SeededRandom(seed: seed)
        self.mayPostpone = mayPostpone
        driver = CoreDriver(seed: seed, servers: 1 + Int(seed % 3)) {
            $0.patienceMilliseconds = 2_000
            $0.startMilliseconds = 1 << 40
            $0.bufferedEvents = 200
            $0.lingerMilliseconds = seed % 4 == 0 ? 3 : 0
            $0.frameEvents = 17
        }
        driver.turn()
        look()
    }

    mutating func run(steps: Int) {
        for _ in 0..<steps {
            step()
            look()
            check()
        }
    }

    private mutating func step() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<25: submit()
        case 25..<50: driver.pass(milliseconds: Int64.random(in: 0...20, using: &random))
        case 50..<55: driver.passToNextDue()
        case 55..<65: connectOrFail()
        case 65..<90: answer()
        case 90..<93: withdraw()
        case 93..<95: askToLeave()
        case 95..<97: breakConnection()
        case 97: driver.pass(milliseconds: 500)
        default: driver.turn()
        }
    }

    private mutating func submit() {
        let count = Int.random(in: 1...(Int.random(in: 0..<30, using: &random) == 0 ? 260 : 12), using: &random)
        let publication = driver.submit(next...next + count - 1)
        ids[ObjectIdentifier(publication)] = (next..<next + count).map { Events.make($0).id }
        next += count
        publications.append(publication)
        live.append(publication)
    }

    private mutating func connectOrFail() {
        guard let link = connecting else { return }
        connecting = nil
        if Int.random(in: 0..<3, using: &random) == 0 {
            driver.step(.ended(link: link, .unreachable(address: "", reason: "")))
        } else {
            wires[link] = Wire()
            driver.open(FrameServer.welcome(eventsPerFrame: 20, windowEvents: 60))
        }
    }

    /// The server accepts the next frame of some connection, or sends an answer that it owes.
    private mutating func answer() {
        guard let link = wires.keys.sorted().randomElement(using: &random), var wire = wires[link],
            let frame = wire.frames.first
        else { return }
        let answers = frame.ids.map { decide($0, isDraining: wire.isDraining) }
        wire.frames.removeFirst()
        wires[link] = wire
        let allAccepted = answers.allSatisfy { $0.status == .accepted }
        let ack = Ack(
            commit: UInt64(stored.count), count: UInt32(answers.count),
            answers: allAccepted ? .allAccepted : .each(answers))
        driver.step(.answered(link: link, frame: frame.frame, ack))
    }

    private mutating func decide(_ id: EventID, isDraining: Bool) -> EventAnswer {
        if isDraining { return EventAnswer(.draining) }
        if mayPostpone, Int.random(in: 0..<12, using: &random) == 0 {
            return EventAnswer(.throttled, retryAfter: UInt32.random(in: 0...3_000, using: &random))
        }
        if id.low % 41 == 0 { return EventAnswer(.forbidden) }
        guard isStored.insert(id).inserted else { return EventAnswer(.duplicate) }
        stored.append(id)
        return EventAnswer(.accepted)
    }

    private mutating func withdraw() {
        guard let publication = live.randomElement(using: &random) else { return }
        driver.step(.withdrawn(publication))
    }

    private mutating func askToLeave() {
        guard let link = wires.keys.max() else { return }
        wires[link]?.isDraining = true
        driver.step(
            .askedToLeave(link: link, GoAway(graceMilliseconds: 300, spreadMilliseconds: 50, reason: "by chance")))
    }

    /// The server may have accepted some events that it never answered.
    private mutating func breakConnection() {
        guard let link = wires.keys.sorted().randomElement(using: &random) else { return }
        takeSome(of: link)
        driver.step(.ended(link: link, .lost(reason: "by chance")))
    }

    private mutating func takeSome(of link: UInt64) {
        guard let wire = wires.removeValue(forKey: link), !wire.isDraining else { return }
        for frame in wire.frames.prefix(Int.random(in: 0...wire.frames.count, using: &random)) {
            for id in frame.ids { _ = decide(id, isDraining: false) }
        }
    }

    /// Processes what the core did.
    private mutating func look() {
        for connect in driver.connects.dropFirst(seen.connects) { connecting = connect.link }
        for sent in driver.sent.dropFirst(seen.sent) {
            #expect(wires[sent.link] != nil, "sent to a connection that is not there")
            wires[sent.link]?.frames.append(sent)
        }
        for link in driver.left.dropFirst(seen.left) { wires[link] = nil }
        seen = (driver.connects.count, driver.sent.count, driver.left.count)
        live.removeAll { driver.ends[ObjectIdentifier($0)] != nil }
    }

    private func check() {
        let held = live.filter(\.isAdmitted).reduce(0) { $0 + $1.count }
        #expect(driver.core.space.events == held)
        #expect(held <= 200 || live.filter(\.isAdmitted).count == 1)
        for wire in wires.values { #expect(wire.frames.reduce(0) { $0 + $1.count } <= 60) }
    }

    mutating func close() {
        driver.step(.closing(graceMilliseconds: 1_000))
        look()
        for _ in 0..<20_000 where !driver.isFinished {
            step()
            look()
        }
        #expect(driver.isFinished)
        driver.passToNextDue()
    }

    /// Each publication ended once, and receipts and counts are correct.
    func checkResults() {
        for publication in publications {
            let ends = driver.ends[ObjectIdentifier(publication)] ?? []
            #expect(ends.count == 1)
            let ids = ids[ObjectIdentifier(publication)] ?? []
            switch ends.first {
            case .success(let receipts): check(receipts, ids)
            case .failure(let error): check(error, ids)
            case nil: break
            }
        }
    }

    private func check(_ receipts: [EventReceipt], _ ids: [EventID]) {
        #expect(receipts.map(\.id) == ids)
        for receipt in receipts { #expect(receipt.isStored == isStored.contains(receipt.id)) }
    }

    private func check(_ error: PublishError, _ ids: [EventID]) {
        #expect(error.receipts.count == ids.count)
        let kept = ids.filter(isStored.contains).count
        let told = error.receipts.filter { $0?.isStored == true }.count
        #expect(told <= kept)
        #expect(kept - told <= error.inDoubt, "an event is stored that the error calls not stored")
        #expect(told + error.inDoubt + error.notStored == ids.count)
    }
}
