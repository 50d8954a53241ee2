import Access
package import NIOCore
package import Threading
package import WebhookModel
package import WireProtocol

/// The server's side of one connection as a state machine: bytes, receipts and the time go in; output, batches and an ending
/// come out.
///
/// It owns no channel and reads no clock. After each call the shell collects `takeBatch`, `takeOutput`, `takeEnding`,
/// `takeNotices` and asks `wantsRead`. This file turns bytes into frames; the others are named after what they handle.
package struct IngestSession {
    enum Phase: Equatable {
        /// Waiting for the preface, then for HELLO, until `deadline`.
        case preface, hello
        case open
        /// The key was refused: this CLOSE goes out at `deadline`. Nothing is read before.
        case refusing(Close)
        /// No more frames are taken. The CLOSE (or a plain end) follows the last answer, at `deadline` at the latest.
        case finishing(Close?)
        /// Everything is sent. Input is read and dropped until the peer ends its direction, or until `deadline`.
        case lingering
        case ended

        var takesInput: Bool { self == .preface || self == .hello || self == .open }
    }

    /// How the shell ends the connection.
    package enum Ending: Equatable, Sendable {
        /// After the output: end our direction, read on.
        case halfClose
        /// After the output: close.
        case close
        /// Close now.
        case abort
    }

    /// Something for the log.
    package enum Notice: Equatable, Sendable {
        /// The first bytes were not our preface.
        case otherProtocol(Preface.ForeignProtocol)
        case otherVersion(UInt8)
        case authFailed(client: String, reason: String)
        case closed(ProtocolStatus, String)
        /// The first event of this connection that the key refused for this reason.
        case eventRefused(ProtocolStatus, String)
        case outputStalled
    }

    struct Drain {
        var begun: Int64
        var deadline: Int64
    }

    let rules: SessionRules
    var phase = Phase.preface
    var deadline: Int64
    var decoder: FrameDecoder
    var tail = FrameTail()
    /// The client's certificate from the TLS handshake (DER); kept until HELLO.
    package var clientCertificate: [UInt8]?
    /// What the client may publish; nil before HELLO.
    var gate: EventGate?
    var gathered = GatheredEvents()
    var window = Window()
    var controlFrames = RateLimit()
    var drain: Drain?
    /// When the latest bytes came, monotonic.
    var lastHeard: Int64
    /// The queue is full: a batch waits for room.
    var isHeld = false
    /// Since when the peer has not read its answers; nil: it reads them.
    var blockedSince: Int64?
    var output = ByteBuffer()
    var ending: Ending?
    var notices: [Notice] = []
    var tally = IngestCounters()

    package init(rules: SessionRules, now: Instant) {
        self.rules = rules
        let configuration = rules.configuration
        deadline = now.monotonic + .milliseconds(configuration.helloMilliseconds)
        decoder = FrameDecoder(
            bodyLimit: configuration.unauthenticatedBytes - Preface.bytes.count - FrameHeader.byteCount)
        lastHeard = now.monotonic
        tally.connectionsAccepted = 1
    }

    package var isAuthenticated: Bool { gate != nil }
    package var hasEnded: Bool { phase == .ended }
    /// What was taken and is not answered: events, and bytes of PUBLISH bodies.
    package var unanswered: (events: Int, bytes: Int) { (window.events, window.bytes) }
    /// Bytes kept of a frame that is not complete yet.
    package var unfinishedBytes: Int { tail.count }

    /// Whether the shell should read on: not while a batch waits for room, nor while the peer does not read its answers.
    package var wantsRead: Bool {
        guard !isHeld, blockedSince == nil else { return false }
        return phase.takesInput || phase == .lingering
    }

    // MARK: Input

    /// Takes the bytes of one read. They are not kept, except for an incomplete frame at their end.
    ///
    /// - Parameter directory: the current snapshot of tenants and keys.
    package mutating func receive(_ bytes: UnsafeRawBufferPointer, now: Instant, directory: TenantDirectory) {
        tally.bytesReceived += bytes.count
        guard phase.takesInput else { return }
        lastHeard = now.monotonic
        review(directory, now: now)
        guard phase.takesInput else { return }
        var rest = bytes
        if phase == .preface { readPreface(&rest, now: now) }
        do throws(FrameError) {
            try readFrames(rest, directory: directory, now: now)
        } catch {
            fail(error.status, error.description, now: now)
        }
    }

    static let proxyRemedy =
        "a PROXY protocol header came before the preface; this server does not read it: switch it off in the load balancer"

    private mutating func readPreface(_ rest: inout UnsafeRawBufferPointer, now: Instant) {
        _ = tail.fill(to: Preface.bytes.count, from: &rest)
        switch tail.withBytes(Preface.check) {
        case .incomplete: break
        case .complete:
            tail.reuse([])
            output.writeBytes(Preface.bytes)
            phase = .hello
        case .otherVersion(let version):
            tally.otherProtocols += 1
            notices.append(.otherVersion(version))
            output.writeBytes(Preface.bytes)
            endOutput(Close(.unsupportedVersion, text: "version 1 is spoken here, not \(version)"), now: now)
        case .foreign(let other):
            tally.otherProtocols += 1
            notices.append(.otherProtocol(other))
            guard other == .proxyHeader else { return abort() }
            // Behind the load balancer is a client of ours, which understands an answer.
            output.writeBytes(Preface.bytes)
            endOutput(Close(.protocolError, text: IngestSession.proxyRemedy), now: now)
        }
    }

    private mutating func readFrames(
        _ bytes: UnsafeRawBufferPointer, directory: TenantDirectory, now: Instant
    ) throws(FrameError) {
        var rest = bytes
        while !rest.isEmpty, phase == .hello || phase == .open {
            if !tail.isEmpty {
                guard try tail.fillFrame(from: &rest, decoder) else { return }
                try handleTail(unread: rest.count, directory: directory, now: now)
            } else if case .frame(let frame) = try decoder.next(in: rest) {
                handle(frame, unread: rest.count, directory: directory, now: now)
                rest = UnsafeRawBufferPointer(rebasing: rest[frame.byteCount...])
            } else {
                tail.since = now.monotonic
                _ = tail.fill(to: rest.count, from: &rest)
            }
        }
    }

    /// Handles the frame that `tail` has become.
    private mutating func handleTail(unread: Int, directory: TenantDirectory, now: Instant) throws(FrameError) {
        let memory = tail.take()
        let failure: FrameError? = memory.withUnsafeBytes { bytes in
            do throws(FrameError) {
                if case .frame(let frame) = try decoder.next(in: bytes) {
                    handle(frame, unread: bytes.count + unread, directory: directory, now: now)
                }
                return nil
            } catch {
                return error
            }
        }
        tail.reuse(memory)
        if let failure { throw failure }
    }

    // MARK: What the shell collects

    package mutating func takeOutput() -> ByteBuffer? {
        guard output.readableBytes > 0 else { return nil }
        defer { output = ByteBuffer() }
        return output
    }

    package mutating func takeEnding() -> Ending? {
        defer { ending = nil }
        return ending
    }

    package mutating func takeNotices() -> [Notice] {
        guard !notices.isEmpty else { return [] }
        defer { notices = [] }
        return notices
    }

    package mutating func takeTally() -> IngestCounters {
        defer { tally = IngestCounters() }
        return tally
    }
}
