import CCurl
import Glibc
import WebhookModel
import WebhookSigning

/// The memory in which one handle's requests are written: header lines that are laid out once per endpoint and patched
/// per attempt, and a body buffer that is used again.
///
/// libcurl reads the lines and the body where they lie, so they stay until the transfer is over. The nodes of the
/// header list lie here too, instead of being allocated for each request.
final class MessageScratch {
    private enum Line: Int, CaseIterable { case id, timestamp, signature, contentType, userAgent, expect }

    private let text: UnsafeMutableRawPointer
    private let nodes: UnsafeMutablePointer<curl_slist>
    private var body: UnsafeMutableRawPointer
    private var bodyCapacity = MessageScratch.keptBody
    private(set) var bodyCount = 0

    // Where the parts that change lie in `text`.
    private var idValue = 0
    private var timestampValue = 0
    private var signatureValue = 0
    private var signatureCount = 0
    private var contentTypeLine = 0

    /// Bytes of body memory that a handle keeps; what a larger message needed is given back.
    static let keptBody = 16 * 1024
    private static let textCapacity = 1024
    private static let timestampDigits = 10

    init(userAgent: String) {
        text = .allocate(byteCount: MessageScratch.textCapacity, alignment: 8)
        body = .allocate(byteCount: MessageScratch.keptBody, alignment: 8)
        nodes = .allocate(capacity: Line.allCases.count)
        nodes.initialize(repeating: curl_slist(), count: Line.allCases.count)
        for line in 1..<Line.allCases.count { nodes[line - 1].next = nodes + line }
        // These two never change; they lie at the end, out of the way of the others.
        var end = MessageScratch.textCapacity - userAgent.utf8.count - 13
        put(.userAgent, at: &end, "User-Agent: ", userAgent.utf8)
        end = MessageScratch.textCapacity - userAgent.utf8.count - 13 - 8
        // A name without a value takes libcurl's own header out: nobody waits for "100 Continue".
        put(.expect, at: &end, "Expect:", "".utf8)
    }

    deinit {
        text.deallocate()
        body.deallocate()
        nodes.deallocate()
    }

    /// For CURLOPT_HTTPHEADER. The same for the life of the scratch.
    var headers: UnsafeMutablePointer<curl_slist> { nodes }
    /// For CURLOPT_POSTFIELDS. Changes with `write`.
    var bodyStart: UnsafeMutableRawPointer { body }

    /// Lays out the header lines of an endpoint's scheme.
    func lay(out signer: Signer) {
        let scheme = signer.scheme
        var end = 0
        idValue = put(.id, at: &end, scheme.idHeader + ": evt_", repeatElement(0x30, count: 32)) - 4
        timestampValue = put(
            .timestamp, at: &end, scheme.timestampHeader + ": ",
            repeatElement(0x30, count: MessageScratch.timestampDigits))
        signatureCount = signer.signatureLength
        signatureValue = put(
            .signature, at: &end, scheme.signatureHeader + ": ", repeatElement(0x20, count: signatureCount))
        contentTypeLine = end
        precondition(end + 16 + Limits.shortTextBytes < MessageScratch.textCapacity - 128, "header lines overlap")
    }

    /// Writes one message: body, id, time, content type, signature.
    ///
    /// - Parameter seconds: Unix seconds.
    func write(_ event: Event, seconds: Int64, signer: Signer) {
        write(id: event.id)
        write(seconds: seconds)
        event.bytes.withUnsafeBytes { record in
            var end = contentTypeLine
            if event.record.contentType.count == 0 {
                put(.contentType, at: &end, "Content-Type: ", "application/json".utf8)
            } else {
                put(.contentType, at: &end, "Content-Type: ", record[event.record.contentType.range])
            }
            write(body: UnsafeRawBufferPointer(rebasing: record[event.record.payload.range]))
        }
        signer.sign(
            id: UnsafeRawBufferPointer(start: text + idValue, count: EventID.webhookIDLength),
            timestamp: UnsafeRawBufferPointer(start: text + timestampValue, count: MessageScratch.timestampDigits),
            body: UnsafeRawBufferPointer(start: body, count: bodyCount),
            into: UnsafeMutableRawBufferPointer(start: text + signatureValue, count: signatureCount))
    }

    /// Writes a line with its NUL, points its node at it, and moves `end` behind it.
    ///
    /// - Returns: where the value begins.
    @discardableResult
    private func put(_ line: Line, at end: inout Int, _ name: String, _ value: some Collection<UInt8>) -> Int {
        nodes[line.rawValue].data = (text + end).assumingMemoryBound(to: CChar.self)
        for byte in name.utf8 { append(byte, &end) }
        let start = end
        for byte in value { append(byte, &end) }
        append(0, &end)
        return start
    }

    private func append(_ byte: UInt8, _ end: inout Int) {
        text.storeBytes(of: byte, toByteOffset: end, as: UInt8.self)
        end += 1
    }

    private func write(id: EventID) {
        var at = idValue + 4
        for half in [id.high, id.low] {
            for shift in stride(from: 60, through: 0, by: -4) {
                append(HexDigits.lower(UInt8(truncatingIfNeeded: half >> UInt64(shift)) & 15), &at)
            }
        }
    }

    /// Ten digits reach from 2001 to 2286; a clock before that gives leading zeros, which verifiers refuse as too old.
    private func write(seconds: Int64) {
        var rest = max(0, seconds)
        for place in (0..<MessageScratch.timestampDigits).reversed() {
            text.storeBytes(of: 0x30 + UInt8(rest % 10), toByteOffset: timestampValue + place, as: UInt8.self)
            rest /= 10
        }
    }

    private func write(body bytes: UnsafeRawBufferPointer) {
        let wanted = max(MessageScratch.keptBody, bytes.count)
        if wanted > bodyCapacity || bodyCapacity > 4 * wanted {
            body.deallocate()
            body = .allocate(byteCount: wanted, alignment: 8)
            bodyCapacity = wanted
        }
        if let start = bytes.baseAddress { memcpy(body, start, bytes.count) }
        bodyCount = bytes.count
    }
}
