import CNghttp2
import WebhookModel

/// The client's side of one HTTP/2 connection (RFC 9113) without its socket: received bytes in, bytes to send out.
///
/// nghttp2 does frames, header tables, flow control and the checks of the protocol. What a peer may cost is bounded
/// here: streams, answers, frames without content. One thread owns it. nghttp2 keeps an unretained pointer to it, which
/// holds because the session ends with the object.
package final class HTTP2Session {
    private let session: OpaquePointer
    private var streams: [StreamAnswer] = []
    private var free: [Int] = []
    /// Streams whose answers are not known yet, those that the owner abandoned included.
    package private(set) var openStreams = 0
    private var ended: [StreamEnd] = []
    /// Requests that were not reported yet.
    package var hasOpen: Bool { openStreams > 0 || !early.isEmpty || !ended.isEmpty }
    /// Answers that came before the socket took the whole request, and where that ends.
    private var early: [(end: StreamEnd, requestEnd: Int)] = []
    /// Requests whose answers have their header sections and not their ends.
    private var decided: [Int] = []
    /// The stream whose field section is being received.
    private var reading: StreamAnswer?
    private var budget = FrameBudget()
    /// The turn's time while bytes are being received, monotonic nanoseconds.
    private var now: Int64 = 0
    /// Streams that the peer seems to accept at a time; less than it announced after it refused some.
    private var accepted = Limits.streamsPerConnection
    /// Answers since `accepted` was last changed.
    private var answersInARow = 0
    // What was not written to the socket yet.
    private var out: [UInt8] = []
    private var outStart = 0
    /// Bytes written to the socket since the beginning.
    private var written = 0
    /// The peer said that it takes no more requests (GOAWAY), or the owner wants no more on this connection.
    package private(set) var isDraining = false
    /// An answer was received on it, and it was no word that the connection is the wrong one.
    package private(set) var hasAnswered = false
    /// The peer sent something.
    package private(set) var wasHeard = false
    /// A PING of ours is not answered yet.
    package private(set) var awaitsPong = false
    /// Begins a connection: preface and settings are in the output.
    package init() {
        var callbacks: OpaquePointer?
        var options: OpaquePointer?
        precondition(
            nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&options) == 0, "nghttp2: no memory")
        defer {
            nghttp2_session_callbacks_del(callbacks)
            nghttp2_option_del(options)
        }
        HTTP2Session.setCallbacks(callbacks!)
        HTTP2Session.setOptions(options!)
        let own = UnsafeMutablePointer<OpaquePointer?>.allocate(capacity: 1)
        defer { own.deallocate() }
        own.initialize(to: nil)
        precondition(nghttp2_session_client_new2(own, callbacks, nil, options) == 0, "nghttp2: no memory")
        session = own.pointee!
        nghttp2_session_set_user_data(session, Unmanaged.passUnretained(self).toOpaque())
        open()
    }

    deinit { nghttp2_session_del(session) }

    private static func setOptions(_ options: OpaquePointer) {
        // Until its SETTINGS arrive, a peer is expected to take this number of streams (RFC 9113, 6.5.2).
        nghttp2_option_set_peer_max_concurrent_streams(options, UInt32(Limits.streamsBeforeSettings))
        // Our own table for writing fields: a peer may ask for more.
        nghttp2_option_set_max_deflate_dynamic_table_size(options, Limits.headerTableBytes)
        // Of a closed stream nothing is kept.
        nghttp2_option_set_no_closed_streams(options, 1)
        nghttp2_option_set_max_outbound_ack(options, Limits.idleFrames)
    }

    private func open() {
        let settings = [
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_HEADER_TABLE_SIZE.rawValue), value: UInt32(Limits.headerTableBytes)),
            nghttp2_settings_entry(settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue), value: UInt32(Limits.answerBytes)),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue), value: UInt32(Limits.answerBytes)),
        ]
        check(nghttp2_submit_settings(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), settings, settings.count))
        // Answers are read at once, so the window of the connection need not hold back any stream's.
        check(
            nghttp2_session_set_local_window_size(
                session, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, Int32(Limits.connectionWindowBytes)))
        pump()
    }

    /// What may go wrong in calls that the peer has no part in: no memory.
    private func check(_ code: CInt) {
        precondition(code == 0, "nghttp2: \(String(cString: nghttp2_strerror(code)))")
    }
}

// Requests.
extension HTTP2Session {
    /// The number of requests that may begin now.
    package var room: Int {
        guard !isDraining, nghttp2_session_check_request_allowed(session) != 0,
            out.count - outStart < Limits.sessionOutputBytes
        else { return 0 }
        let announced = nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS)
        return max(0, min(accepted, Int(announced)) - openStreams)
    }

    /// Begins a request. What the peer's window allows of it is in the output afterwards.
    ///
    /// - Parameters:
    ///   - token: comes back with its end.
    ///   - body: its bytes are copied where they cannot be sent at once.
    /// - Returns: the stream, for `abandon`; nil: the connection takes no request.
    package func begin(_ token: Int, _ fields: RequestFields, body: UnsafeRawBufferPointer) -> Int32? {
        let slot = free.popLast() ?? streams.count
        if slot == streams.count { streams.append(StreamAnswer()) }
        let stream = streams[slot]
        stream.begin(token, lending: body)
        var provider = nghttp2_data_provider()
        provider.read_callback = HTTP2Session.readBody
        let identifier = fields.withFields { pointer, count in
            // The stream's place, from 1: a null pointer means that there is none.
            nghttp2_submit_request(
                session, nil, pointer, count, &provider, UnsafeMutableRawPointer(bitPattern: slot + 1))
        }
        guard identifier > 0 else {
            stream.end()
            free.append(slot)
            isDraining = true
            return nil
        }
        stream.identifier = identifier
        openStreams += 1
        budget.addRequest()
        pump()
        stream.returnBody()
        return identifier
    }

    /// Gives up a request: its stream is reset, and nothing is reported about it.
    ///
    /// - Returns: what was received of its answer; nil: it has ended before.
    func abandon(_ identifier: Int32) -> StreamEnd? {
        guard let stream = stream(identifier) else {
            // The answer is there, and the socket has not taken all of the request.
            let end = (early.map(\.end) + ended).first { $0.identifier == identifier }
            early.removeAll { $0.end.identifier == identifier }
            ended.removeAll { $0.identifier == identifier }
            return end.map { StreamEnd(cutOff: $0) }
        }
        stream.isAbandoned = true
        let end = StreamEnd(stream, .broken, written: written)
        reset(stream)
        pump()
        return end
    }

    /// What was received so far of an answer; nil: the stream is closed.
    package func progress(of identifier: Int32) -> StreamEnd? {
        stream(identifier).map { StreamEnd($0, .broken, written: written) }
    }

    /// The requests whose answers got their header sections since the last call, and have not ended.
    package func takeDecided() -> [Int] {
        guard !decided.isEmpty else { return [] }
        var taken: [Int] = []
        swap(&taken, &decided)
        return taken
    }

    /// The same for callers that do not want the answer.
    @discardableResult
    package func giveUp(_ identifier: Int32) -> StreamEnd? { abandon(identifier) }

    /// No more requests on this connection.
    package func drain() { isDraining = true }

    /// Asks the peer for a sign of life.
    package func ping() {
        guard !awaitsPong else { return }
        awaitsPong = true
        check(nghttp2_submit_ping(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil))
        pump()
    }

    private func reset(_ stream: StreamAnswer) {
        nghttp2_submit_rst_stream(
            session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream.identifier, UInt32(NGHTTP2_CANCEL.rawValue))
    }

    private func stream(_ identifier: Int32) -> StreamAnswer? {
        let place = Int(bitPattern: nghttp2_session_get_stream_user_data(session, identifier))
        guard place > 0 else { return nil }
        return streams[place - 1]
    }
}

// Bytes.
extension HTTP2Session {
    /// Takes received bytes. `now`: monotonic nanoseconds.
    ///
    /// - Returns: false when the connection is over: the peer broke the protocol or its limits, or it said goodbye and no
    ///   request is open. Send what is in the output if that is possible, and close the connection.
    package func receive(_ bytes: UnsafeRawBufferPointer, now: Int64) -> Bool {
        self.now = now
        wasHeard = true
        budget.advance(to: now)
        let taken = nghttp2_session_mem_recv(
            session, bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), bytes.count)
        budget.spend(unknown: bytes.count)
        guard taken == bytes.count, !budget.isSpent else { return false }
        pump()
        // After a violation nghttp2 sends a GOAWAY and takes nothing more.
        return nghttp2_session_want_read(session) != 0
    }

    package var hasOutput: Bool { outStart < out.count }

    /// A quarter of the output above which no request begins.
    var hasMuchOutput: Bool { out.count - outStart > Limits.sessionOutputBytes / 4 }

    /// Hands over what is to be sent; `body` returns how much of it was written.
    package func send(_ body: (UnsafeRawBufferPointer) -> Int) {
        let count = out.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[outStart...])) }
        outStart += count
        written += count
        if !early.isEmpty {
            ended += early.filter { $0.requestEnd <= written }.map { StreamEnd(sent: $0.end) }
            early.removeAll { $0.requestEnd <= written }
        }
        guard !hasOutput else { return }
        outStart = 0
        if out.capacity > Limits.sessionOutputBytes { out = [] } else { out.removeAll(keepingCapacity: true) }
    }

    /// The requests that ended since the last call.
    package func takeEnded() -> [StreamEnd] {
        guard !ended.isEmpty else { return [] }
        var taken: [StreamEnd] = []
        swap(&taken, &ended)
        return taken
    }

    /// The ends of all requests that are still open: the connection has broken.
    package func takeRest() -> [StreamEnd] {
        isDraining = true
        // A server that answers 2xx and closes before it has read the whole request has not received it.
        ended += early.map { StreamEnd(cutOff: $0.end) }
        early = []
        decided = []
        for stream in streams where stream.identifier >= 0 {
            if !stream.isAbandoned { ended.append(StreamEnd(stream, .broken, written: written)) }
            stream.end()
        }
        openStreams = 0
        return takeEnded()
    }

    /// Moves frames that may be sent into the output.
    private func pump() {
        // What was written is dropped in time, even if the output is never empty.
        if outStart > Limits.sessionOutputBytes {
            out.removeFirst(outStart)
            outStart = 0
        }
        while true {
            var bytes: UnsafePointer<UInt8>?
            let count = nghttp2_session_mem_send(session, &bytes)
            // Less than 0: no memory, or a violation that ended the session.
            guard count > 0 else { return }
            out.append(contentsOf: UnsafeBufferPointer(start: bytes, count: count))
        }
    }
}

// What nghttp2 reports while it takes and makes frames.
extension HTTP2Session {
    /// - Returns: false: the connection ends.
    func frameBegins(_ head: nghttp2_frame_hd) -> Bool {
        budget.know(HTTP2Session.frameHeadBytes + head.length)
        let isCounted =
            switch UInt32(head.type) {
            case NGHTTP2_DATA.rawValue: head.length == 0 || stream(head.stream_id) == nil
            case NGHTTP2_HEADERS.rawValue: stream(head.stream_id) == nil
            default: true
            }
        if isCounted { budget.spend() }
        // We asked for no pushes; nghttp2 takes them until the server has acknowledged that.
        return !budget.isSpent && UInt32(head.type) != NGHTTP2_PUSH_PROMISE.rawValue
    }

    func fieldsBegin(_ identifier: Int32) {
        reading = stream(identifier)
        reading?.beginFields(now: now)
    }

    /// - Returns: false: the stream is reset.
    func took(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
        guard let reading else { return true }
        return reading.take(name, value)
    }

    func took(body piece: UnsafeRawBufferPointer, of identifier: Int32) {
        guard let stream = stream(identifier), !stream.isAbandoned, !stream.isTooLarge else { return }
        if !stream.take(body: piece) { reset(stream) }
    }

    func took(_ frame: nghttp2_frame) {
        let isLast = UInt32(frame.hd.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0
        if UInt32(frame.hd.type) == NGHTTP2_HEADERS.rawValue, let stream = stream(frame.hd.stream_id),
            stream.endFields(), !isLast, !stream.isAbandoned
        {
            decided.append(stream.token)
        }
        switch UInt32(frame.hd.type) {
        case NGHTTP2_DATA.rawValue where isLast, NGHTTP2_HEADERS.rawValue where isLast:
            guard let stream = stream(frame.hd.stream_id) else { return }
            stream.isWhole = true
            // An answer that is no success does not depend on the rest of the request.
            if stream.requestEnd == nil, !(200..<300).contains(stream.reader.status) { reset(stream) }
        case NGHTTP2_RST_STREAM.rawValue: stream(frame.hd.stream_id)?.wasReset = true
        case NGHTTP2_GOAWAY.rawValue: isDraining = true
        case NGHTTP2_PING.rawValue where UInt32(frame.hd.flags) & NGHTTP2_FLAG_ACK.rawValue != 0: awaitsPong = false
        default: break
        }
    }

    func closed(_ identifier: Int32, _ code: UInt32) {
        let place = Int(bitPattern: nghttp2_session_get_stream_user_data(session, identifier))
        guard place > 0, streams[place - 1].identifier == identifier else { return }
        let stream = streams[place - 1]
        openStreams -= 1
        free.append(place - 1)
        if reading === stream { reading = nil }
        let end = StreamEnd(stream, HTTP2Session.result(of: stream, code), written: written)
        adapt(end)
        if !stream.isAbandoned {
            if let requestEnd = stream.requestEnd, requestEnd > written, end.result == .whole || end.isHeadWhole {
                early.append((end, requestEnd))
            } else {
                ended.append(end)
            }
        }
        stream.end()
    }

    /// A request that nghttp2 held back was never sent.
    func notSent(_ identifier: Int32) {
        guard let slot = streams.firstIndex(where: { $0.identifier == identifier }) else { return }
        let stream = streams[slot]
        openStreams -= 1
        free.append(slot)
        if !stream.isAbandoned { ended.append(StreamEnd(stream, .unprocessed, written: written)) }
        stream.end()
    }

    func give(_ identifier: Int32, _ frame: UnsafeMutableRawBufferPointer) -> (count: Int, isLast: Bool) {
        guard let stream = stream(identifier) else { return (0, true) }
        let (count, isLast) = stream.give(frame)
        if isLast { stream.requestEnd = written + out.count - outStart + HTTP2Session.frameHeadBytes + count }
        return (count, isLast)
    }

    /// RFC 9113, 4.1.
    private static let frameHeadBytes = 9

    private static func result(of stream: StreamAnswer, _ code: UInt32) -> StreamEnd.Result {
        if stream.isTooLarge { return .tooLarge }
        if stream.isWhole { return .whole }
        switch code {
        // The server has said all that its answer has, and wants nothing more of the request (RFC 9113, 8.1).
        case NGHTTP2_NO_ERROR.rawValue where stream.hasItsLength: return .whole
        case NGHTTP2_REFUSED_STREAM.rawValue where !stream.isFinal: return .unprocessed
        case NGHTTP2_HTTP_1_1_REQUIRED.rawValue where !stream.isFinal: return .needsHTTP1
        default: return stream.wasReset ? .broken : .malformed
        }
    }

    /// A peer that refuses streams gets fewer at a time; each round of answers raises the number again by one.
    private func adapt(_ end: StreamEnd) {
        switch end.result {
        case .unprocessed:
            accepted = max(1, min(accepted, openStreams))
            answersInARow = 0
        case .whole:
            hasAnswered = hasAnswered || !end.reader.isMeantForAnother
            answersInARow += 1
            guard answersInARow >= accepted, accepted < Limits.streamsPerConnection else { return }
            accepted += 1
            answersInARow = 0
        case .needsHTTP1, .broken, .malformed, .tooLarge: break
        }
    }
}
