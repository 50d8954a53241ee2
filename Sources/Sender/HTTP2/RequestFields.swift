import CNghttp2

/// The header fields of requests to one endpoint, as nghttp2 takes them: those of every request, then the message's.
///
/// One thread owns it. nghttp2 copies the fields when a request begins, and writes their names in lower case.
package final class RequestFields {
    private var fields: [nghttp2_nv] = []
    private let fixedCount: Int
    /// The text of the fixed fields.
    private let text: UnsafeMutableRawBufferPointer
    /// The digits of the length.
    private let digits: UnsafeMutableRawBufferPointer

    private static let mostDigits = 20
    private static let lengthName: StaticString = "content-length"

    /// Fields that belong to a connection of HTTP/1.1 (RFC 9113, 8.2.2): never sent.
    private static let ofConnections: [StaticString] = [
        "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te", "host",
    ]

    /// - Parameters:
    ///   - authority: host, and the port where it is not 443.
    ///   - path: with the query.
    ///   - defaults: fields that are the same for all endpoints.
    ///   - lines: the endpoint's own fields, each `Name: value`. Their values never enter a header table that other
    ///     endpoints' requests share (RFC 7541, 7.1.3).
    package init(authority: String, path: String, defaults: [(name: String, value: String)], lines: [[UInt8]]) {
        let request = [
            (name: ":method", value: "POST"), (name: ":scheme", value: "https"), (name: ":authority", value: authority),
            (name: ":path", value: path),
        ]
        let shared = (request + defaults).map { (Array($0.name.utf8), Array($0.value.utf8), true) }
        let own = lines.compactMap { line in
            line.withUnsafeBytes { bytes in
                RequestFields.parts(of: bytes).map { (Array($0.name), Array($0.value), false) }
            }
        }
        let all = shared + own.filter { !RequestFields.isOfConnection($0.0) }
        text = .allocate(byteCount: max(1, all.reduce(0) { $0 + $1.0.count + $1.1.count }), alignment: 1)
        digits = .allocate(byteCount: RequestFields.mostDigits, alignment: 1)
        fixedCount = all.count
        var end = 0
        for (name, value, isIndexed) in all {
            let (nameBytes, valueBytes) = (put(name, &end), put(value, &end))
            add(nameBytes, valueBytes, isIndexed: isIndexed)
        }
    }

    deinit {
        text.deallocate()
        digits.deallocate()
    }

    /// Forgets the fields of the message before.
    package func beginMessage() { fields.removeLast(fields.count - fixedCount) }

    /// Adds a field of the message, written `Name: value`. The bytes must stay until the request has begun.
    package func add(line: UnsafeRawBufferPointer, isIndexed: Bool = false) {
        guard let (name, value) = RequestFields.parts(of: line) else { return }
        add(name, value, isIndexed: isIndexed)
    }

    /// Adds the length of the body.
    package func addLength(_ length: Int) {
        var rest = length
        var start = RequestFields.mostDigits
        repeat {
            start -= 1
            digits[start] = UInt8(0x30 + rest % 10)
            rest /= 10
        } while rest > 0
        add(RequestFields.lengthName.bytes, UnsafeRawBufferPointer(rebasing: digits[start...]), isIndexed: false)
    }

    func withFields<Result>(_ body: (UnsafePointer<nghttp2_nv>, Int) -> Result) -> Result {
        fields.withUnsafeBufferPointer { body($0.baseAddress!, $0.count) }
    }

    private func add(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, isIndexed: Bool) {
        func bytes(_ part: UnsafeRawBufferPointer) -> UnsafeMutablePointer<UInt8>? {
            part.baseAddress.map { UnsafeMutablePointer(mutating: $0.assumingMemoryBound(to: UInt8.self)) }
        }
        let flags = isIndexed ? NGHTTP2_NV_FLAG_NONE : NGHTTP2_NV_FLAG_NO_INDEX
        fields.append(
            nghttp2_nv(
                name: bytes(name), value: bytes(value), namelen: name.count, valuelen: value.count,
                flags: UInt8(flags.rawValue)))
    }

    private func put(_ bytes: [UInt8], _ end: inout Int) -> UnsafeRawBufferPointer {
        let place = UnsafeMutableRawBufferPointer(rebasing: text[end..<end + bytes.count])
        place.copyBytes(from: bytes)
        end += bytes.count
        return UnsafeRawBufferPointer(place)
    }

    private static func parts(
        of line: UnsafeRawBufferPointer
    ) -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return nil }
        var value = line[(colon + 1)...]
        while value.first == 0x20 || value.first == 0x09 { value = value.dropFirst() }
        while value.last == 0x20 || value.last == 0x09 { value = value.dropLast() }
        return (UnsafeRawBufferPointer(rebasing: line[..<colon]), UnsafeRawBufferPointer(rebasing: value))
    }

    private static func isOfConnection(_ name: [UInt8]) -> Bool {
        name.withUnsafeBytes { bytes in ofConnections.contains { bytes.equalsIgnoringCase($0) } }
    }
}
