import Settings
import WebhookModel

/// Writes a whole HTTP/1.1 request in one piece, head and body, so that it is sent with one call.
final class RequestWriter {
    private let renderer = MessageRenderer(kept: Limits.keptMessageBytes)
    private let userAgent: String

    init(userAgent: String) { self.userAgent = userAgent }

    /// Renders and signs the order's message, and calls `body` with the request's bytes, which are valid for the call.
    func write(_ order: AttemptOrder, _ body: (UnsafeRawBufferPointer) -> Void) {
        let start = requestStart(of: order.target)
        renderer.render(
            order.delivery, seconds: order.startedAt / 1_000, target: order.target,
            headRoom: start.count + RequestWriter.lengthLineBytes)
        let length = renderer.body.count
        let digits = RequestWriter.digits(of: length)
        let lengthLine = RequestWriter.lengthName.utf8CodeUnitCount + digits + 4
        let request = renderer.request(headBytes: start.count + renderer.lineBytes + lengthLine)
        var end = 0
        start.withUnsafeBytes { RequestWriter.put($0, request, &end) }
        for index in 0..<renderer.lineCount {
            RequestWriter.put(renderer.line(index), request, &end)
            RequestWriter.putLineEnd(request, &end)
        }
        RequestWriter.put(RequestWriter.lengthName.bytes, request, &end)
        RequestWriter.put(length, digits, request, &end)
        RequestWriter.putLineEnd(request, &end)
        RequestWriter.putLineEnd(request, &end)
        body(UnsafeRawBufferPointer(request))
    }

    /// Request line and the fields that are the same for all messages of an endpoint (RFC 9112, 3; RFC 9110, 7.2).
    private func requestStart(of target: EndpointTarget) -> [UInt8] {
        if let start = target.requestStart { return start }
        let url = target.url
        var start = Array("POST \(url.requestTarget) HTTP/1.1\r\nHost: \(url.hostField)\r\n".utf8)
        for (name, value) in target.headers.defaults(userAgent: userAgent) { start += "\(name): \(value)\r\n".utf8 }
        for line in target.headers.lines { start += line + "\r\n".utf8 }
        target.requestStart = start
        return start
    }

    private static let lengthName: StaticString = "Content-Length: "
    /// The name, 20 digits, and two line ends.
    private static let lengthLineBytes = lengthName.utf8CodeUnitCount + 20 + 4

    private static func digits(of number: Int) -> Int {
        var digits = 1
        var rest = number
        while rest >= 10 {
            rest /= 10
            digits += 1
        }
        return digits
    }

    private static func put(
        _ number: Int, _ digits: Int, _ request: UnsafeMutableRawBufferPointer, _ end: inout Int
    ) {
        var rest = number
        for place in stride(from: end + digits - 1, through: end, by: -1) {
            request[place] = UInt8(0x30 + rest % 10)
            rest /= 10
        }
        end += digits
    }

    private static func putLineEnd(_ request: UnsafeMutableRawBufferPointer, _ end: inout Int) {
        request[end] = 0x0D
        request[end + 1] = 0x0A
        end += 2
    }

    private static func put(
        _ bytes: UnsafeRawBufferPointer, _ request: UnsafeMutableRawBufferPointer, _ end: inout Int
    ) {
        UnsafeMutableRawBufferPointer(rebasing: request[end...]).copyMemory(from: bytes)
        end += bytes.count
    }
}
