import Ingest
import NIOCore
import Threading
import WebhookModel
import WireProtocol

/// One session and its shell, with everything that must hold checked after each step.
struct Conversation {
    private final class Source: Sendable {}
    private static let source = Source()
    private static let receipts = ReceiptPort { _ in }

    private let world: FuzzWorld
    private var session: IngestSession
    private var now = FuzzWorld.start
    private var directory = FuzzWorld.directories[0]
    /// What the session was given, from its first byte after WELCOME or from the preface on.
    private var sent = SentBytes()
    private var answers: AnswerCheck
    /// What the queue has, in order; the last one waits for room while `isFull`.
    private var queued: [EventBatch] = []
    private var isFull = false
    private var isHeld = false
    private var isBlocked = false
    /// The shell was told to end: nothing more may come.
    private(set) var isOver = false
    private var inputEnded = false

    init(_ world: FuzzWorld, isOpen: Bool) {
        self.world = world
        session = isOpen ? world.opened : IngestSession(rules: world.rules, now: now)
        answers = AnswerCheck(isOpen: isOpen)
    }

    // MARK: Steps

    /// - Parameter piece: 0: one read; else the length in bytes of the first few reads, and the rest in one more: every
    ///   byte by itself would cost three quarters of the speed.
    mutating func read(_ bytes: UnsafeRawBufferPointer, piece: Int) {
        var rest = bytes
        var cuts = piece == 0 ? 0 : 8
        while !rest.isEmpty, !isOver, !isHeld, !inputEnded {
            let taken = UnsafeRawBufferPointer(rebasing: rest.prefix(cuts > 0 ? piece : rest.count))
            cuts -= 1
            guard sent.append(taken) else { return }
            session.receive(taken, now: now, directory: directory)
            precondition(session.unfinishedBytes <= world.configuration.frameBytes + FrameBytes.headerBytes)
            gather()
            collect()
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(taken.count))
        }
    }

    /// The queue gives a batch back.
    mutating func receipt(_ result: UInt8, isMixed: Bool) {
        guard !isOver, queued.count > (isHeld ? 1 : 0) else { return }
        let batch = queued.removeFirst()
        if isMixed, let index = batch.drafts.firstIndex(where: { $0.result == .undecided }) {
            batch.drafts[index].result = .duplicate
        }
        batch.settle(EventResult(rawValue: result & 15) ?? .accepted, retryAfter: UInt32(result >> 4))
        batch.commit = 1
        answers.expect(batch)
        session.acknowledge(batch, now: now)
        collect()
    }

    mutating func pass(milliseconds: Int64) {
        now.monotonic += milliseconds * 1_000_000
        now.wall += milliseconds * 1_000_000
        session.sweep(now: now)
        collect()
    }

    mutating func queueIsFull(_ isFull: Bool) {
        self.isFull = isFull
        guard isHeld, !isFull else { return }
        isHeld = false
        session.release(now: now)
    }

    mutating func block(_ isBlocked: Bool) {
        self.isBlocked = isBlocked
        session.outputIsBlocked(isBlocked, now: now)
    }

    mutating func drain(milliseconds: Int64) {
        session.beginDraining(graceMilliseconds: milliseconds, now: now)
        collect()
    }

    mutating func endInput() {
        inputEnded = true
        session.inputEnded(now: now)
        collect()
    }

    mutating func outputIsSent() { session.outputIsSent(now: now) }

    mutating func changeTenants(_ number: Int) {
        directory = FuzzWorld.directories[number % FuzzWorld.directories.count]
    }

    // MARK: The shell

    /// The events of a read go to the queue.
    private mutating func gather() {
        let (source, receipts) = (Conversation.source, Conversation.receipts)
        guard let batch = session.takeBatch(source: source, receipts: receipts, now: now) else { return }
        sent.check(batch, payloadLimit: world.configuration.payloadBytes)
        queued.append(batch)
        if isFull {
            isHeld = true
            session.hold()
        }
    }

    private mutating func collect() {
        if let output = session.takeOutput() { answers.check(output) }
        precondition(answers.bytes <= 4 * sent.count + 1_024, "it answers more than it was asked")
        _ = session.takeNotices()
        _ = session.takeTally()
        let (events, bytes) = session.unanswered
        precondition(events >= 0 && events <= world.configuration.windowEvents, "the window of events")
        precondition(bytes >= 0 && bytes <= world.configuration.windowBytes, "the window of bytes")
        precondition((events == 0) == (bytes == 0), "the two windows part")
        switch session.takeEnding() {
        case .abort?, .close?: isOver = true
        case .halfClose?: precondition(events == 0, "a CLOSE before the last answer")
        case nil: break
        }
    }

    /// The queue answers everything and time passes: every event gets its answer, and every connection its end.
    mutating func conclude() {
        queueIsFull(false)
        block(false)
        while !queued.isEmpty, !isOver { receipt(1, isMixed: false) }
        if !isOver { answers.conclude() }
        for _ in 0..<4 where !isOver { pass(milliseconds: 3_600_000) }
        precondition(isOver || session.hasEnded, "it holds its connection for ever")
    }
}
