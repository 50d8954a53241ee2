import CCurl
import Glibc
import Scheduling
import WebhookModel

/// Writes a whole request into one buffer: head and body, so that it goes out with one call.
final class RequestWriter {
    private let scratch: MessageRenderer
    private let userAgent: String
    private var buffer: UnsafeMutableRawBufferPointer
    private var laidOut: EndpointTarget?

    /// Bytes of memory that are kept; what a larger request needed is given back.
    private static let keptBytes = 64 * 1024

    init(userAgent: String) {
        self.userAgent = userAgent
        scratch = MessageRenderer(userAgent: userAgent)
        buffer = .allocate(byteCount: RequestWriter.keptBytes, alignment: 16)
    }

    deinit { buffer.deallocate() }

    /// Renders and signs the order's message, and shows its bytes; they are gone afterwards.
    func write(_ order: AttemptOrder, _ body: (UnsafeRawBufferPointer) -> Void) {
        let target = order.target
        if laidOut !== target {
            laidOut = target
            scratch.lay(out: target)
        }
        scratch.write(order.delivery, seconds: order.startedAt / 1_000, target: target)
        let start = requestStart(of: target)
        makeRoom(start.count + scratch.messageLineBytes + RequestWriter.lengthLineBytes + scratch.bodyCount)
        var end = 0
        start.withUnsafeBytes { put($0, &end) }
        scratch.forEachMessageLine { line in
            put(line, &end)
            putLineEnd(&end)
        }
        putLength(scratch.bodyCount, &end)
        put(UnsafeRawBufferPointer(start: scratch.bodyStart, count: scratch.bodyCount), &end)
        body(UnsafeRawBufferPointer(rebasing: buffer[..<end]))
        makeRoom(0)
    }

    /// Request line and the fields that are the same for all messages of an endpoint (RFC 9112, 3; RFC 9110, 7.2).
    private func requestStart(of target: EndpointTarget) -> [UInt8] {
        if let start = target.requestStart { return start }
        let url = target.url
        var start = Array(
            "POST \(url.requestTarget) HTTP/1.1\r\nHost: \(url.hostField)\r\nUser-Agent: \(userAgent)\r\nAccept: */*\r\n"
                .utf8)
        for header in target.endpoint.settings.headers { start += "\(header.name): \(header.value)\r\n".utf8 }
        target.requestStart = start
        return start
    }

    /// `Content-Length: `, 20 digits, and two line ends.
    private static let lengthLineBytes = 16 + 20 + 4

    private func putLength(_ length: Int, _ end: inout Int) {
        let name: StaticString = "Content-Length: "
        put(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), &end)
        var digits = 1
        var rest = length
        while rest >= 10 {
            rest /= 10
            digits += 1
        }
        rest = length
        for place in stride(from: end + digits - 1, through: end, by: -1) {
            buffer[place] = UInt8(0x30 + rest % 10)
            rest /= 10
        }
        end += digits
        putLineEnd(&end)
        putLineEnd(&end)
    }

    private func putLineEnd(_ end: inout Int) {
        buffer[end] = 0x0D
        buffer[end + 1] = 0x0A
        end += 2
    }

    private func put(_ bytes: UnsafeRawBufferPointer, _ end: inout Int) {
        UnsafeMutableRawBufferPointer(rebasing: buffer[end...]).copyMemory(from: bytes)
        end += bytes.count
    }

    private func makeRoom(_ count: Int) {
        let wanted = max(RequestWriter.keptBytes, count)
        guard buffer.count != wanted, buffer.count < wanted || count == 0 else { return }
        buffer.deallocate()
        buffer = .allocate(byteCount: wanted, alignment: 16)
    }
}
