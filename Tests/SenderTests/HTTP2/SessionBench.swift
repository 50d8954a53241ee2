import CNghttp2
import Sender

/// One HTTP2Session and a server of hand-written frames, without sockets.
final class SessionBench {
    struct Frame: Equatable {
        let type: UInt8
        let flags: UInt8
        let stream: UInt32
        let payload: [UInt8]
    }

    let session = HTTP2Session()
    /// Monotonic nanoseconds.
    var now: Int64 = 1_000_000_000
    /// The socket takes nothing.
    var isBlocked = false
    private var sent: [UInt8] = []
    private var isPrefaceRead = false
    private let inflater: OpaquePointer
    private let fields = RequestFields(
        authority: "hooks.example", path: "/in?x=1",
        defaults: [(name: "User-Agent", value: "Needletail/test"), (name: "Accept", value: "*/*")],
        lines: [Array("X-Own: Value".utf8), Array("Connection: close".utf8)])

    init() {
        let pointer = UnsafeMutablePointer<OpaquePointer?>.allocate(capacity: 1)
        defer { pointer.deallocate() }
        precondition(nghttp2_hd_inflate_new(pointer) == 0)
        inflater = pointer.pointee!
    }

    deinit { nghttp2_hd_inflate_del(inflater) }

    /// A session whose server has sent its settings.
    static func opened(window: UInt32? = nil) -> SessionBench {
        let bench = SessionBench()
        bench.serve(.settings(window: window))
        _ = bench.frames()
        return bench
    }

    /// Begins a request; nil: the session takes none.
    @discardableResult
    func begin(_ token: Int = 1, body: [UInt8] = Array("{}".utf8)) -> Int32? {
        guard session.room > 0 else { return nil }
        fields.beginMessage()
        let line = Array("Webhook-Id: evt_\(token)".utf8)
        return line.withUnsafeBytes { line in
            fields.add(line: line)
            fields.addLength(body.count)
            let stream = body.withUnsafeBytes { session.begin(token, fields, body: $0) }
            flush()
            return stream
        }
    }

    /// The server sends frames, all in one piece.
    @discardableResult
    func serve(_ frames: Served...) -> Bool { receive(frames.flatMap(\.bytes)) }

    @discardableResult
    func receive(_ bytes: [UInt8]) -> Bool {
        defer { flush() }
        return bytes.withUnsafeBytes { session.receive($0, now: now) }
    }

    private func flush() {
        while !isBlocked, session.hasOutput {
            session.send { bytes in
                sent += bytes
                return bytes.count
            }
        }
    }

    /// The frames that the session sent since the last call.
    func frames() -> [Frame] {
        flush()
        if !isPrefaceRead {
            precondition(sent.starts(with: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8))
            sent.removeFirst(24)
            isPrefaceRead = true
        }
        var frames: [Frame] = []
        while sent.count >= 9 {
            let length = Int(sent[0]) << 16 | Int(sent[1]) << 8 | Int(sent[2])
            let stream = sent[5...8].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            frames.append(Frame(type: sent[3], flags: sent[4], stream: stream, payload: Array(sent[9..<9 + length])))
            sent.removeFirst(9 + length)
        }
        return frames
    }

    /// The fields of a HEADERS frame.
    func fields(of frame: Frame) -> [String] {
        var fields: [String] = []
        var block = frame.payload[...]
        while true {
            var field = nghttp2_nv()
            var flags: CInt = 0
            let count = block.withUnsafeBufferPointer {
                nghttp2_hd_inflate_hd2(inflater, &field, &flags, $0.baseAddress, $0.count, 1)
            }
            precondition(count >= 0)
            block = block.dropFirst(count)
            if flags & CInt(NGHTTP2_HD_INFLATE_EMIT.rawValue) != 0 {
                func text(_ start: UnsafeMutablePointer<UInt8>?, _ count: Int) -> String {
                    String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
                }
                fields.append("\(text(field.name, field.namelen)): \(text(field.value, field.valuelen))")
            }
            if flags & CInt(NGHTTP2_HD_INFLATE_FINAL.rawValue) != 0 {
                nghttp2_hd_inflate_end_headers(inflater)
                return fields
            }
        }
    }
}

/// A frame of a server.
struct Served {
    let bytes: [UInt8]

    static func frame(_ type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) -> Served {
        let length = payload.count
        return Served(
            bytes: [UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags]
                + number(stream) + payload)
    }

    static func data(_ stream: UInt32, _ text: String, end: Bool = false) -> Served {
        frame(0, flags: end ? 1 : 0, stream: stream, Array(text.utf8))
    }

    /// HPACK: all fields as literals that are not indexed.
    static func headers(_ stream: UInt32, _ fields: [(String, String)], end: Bool = false) -> Served {
        frame(1, flags: end ? 5 : 4, stream: stream, block(fields))
    }

    static func answer(_ stream: UInt32, _ status: Int = 200, length: Int? = nil, end: Bool = true) -> Served {
        headers(stream, [(":status", "\(status)")] + (length.map { [("content-length", "\($0)")] } ?? []), end: end)
    }

    static func block(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { name, value in [0x00] + string(name) + string(value) }
    }

    static func reset(_ stream: UInt32, _ code: UInt32) -> Served { frame(3, stream: stream, number(code)) }

    /// - Parameters:
    ///   - streams: SETTINGS_MAX_CONCURRENT_STREAMS.
    ///   - window: SETTINGS_INITIAL_WINDOW_SIZE.
    static func settings(streams: UInt32? = nil, window: UInt32? = nil) -> Served {
        frame(4, (streams.map { [0, 3] + number($0) } ?? []) + (window.map { [0, 4] + number($0) } ?? []))
    }

    static func goAway(last: UInt32, _ code: UInt32 = 0) -> Served { frame(7, number(last) + number(code)) }

    static func window(_ stream: UInt32, _ bytes: UInt32) -> Served { frame(8, stream: stream, number(bytes)) }

    static let ping = frame(6, [UInt8](repeating: 7, count: 8))
    static let pong = frame(6, flags: 1, [UInt8](repeating: 0, count: 8))

    /// Length with a prefix of seven bits (RFC 7541, 5.1), without Huffman coding.
    private static func string(_ text: String) -> [UInt8] {
        var rest = text.utf8.count
        guard rest >= 127 else { return [UInt8(rest)] + text.utf8 }
        var bytes: [UInt8] = [127]
        rest -= 127
        while rest >= 128 {
            bytes.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        return bytes + [UInt8(rest)] + text.utf8
    }

    private static func number(_ number: UInt32) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }
}
