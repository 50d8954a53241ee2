import CCurl
import WebhookModel

/// The header lines of one libcurl handle (CURLOPT_HTTPHEADER): those of every request, the endpoint's own, the
/// message's.
///
/// libcurl reads nodes and text in place, so they stay until the transfer is over. The nodes are allocated once, and
/// not for each request.
final class HeaderList {
    private let nodes: UnsafeMutablePointer<curl_slist>
    /// Lines with a NUL each: `User-Agent`, `Expect`, the endpoint's own.
    private var text: UnsafeMutableRawBufferPointer
    private let fixed: [[UInt8]]
    /// The first node of the message's lines.
    private var messageNode = 0

    /// The most lines: a scheme has up to eight, and the content type is one.
    private static let mostLines = 2 + Limits.customHeaders + 1 + 8

    init(userAgent: String) {
        // A name without a value removes libcurl's own header: the request never waits for "100 Continue".
        fixed = [Array("User-Agent: \(userAgent)".utf8), Array("Expect:".utf8)]
        nodes = .allocate(capacity: HeaderList.mostLines)
        nodes.initialize(repeating: curl_slist(), count: HeaderList.mostLines)
        text = .allocate(byteCount: 0, alignment: 1)
        layOut([])
    }

    deinit {
        text.deallocate()
        nodes.deallocate()
    }

    /// The list for libcurl; the same pointer for the life of the object.
    var first: UnsafeMutablePointer<curl_slist> { nodes }

    /// Lays out the endpoint's own lines. The handle must not be in use.
    func layOut(_ own: [[UInt8]]) {
        let lines = fixed + own
        text.deallocate()
        text = .allocate(byteCount: lines.reduce(0) { $0 + $1.count + 1 }, alignment: 1)
        var end = 0
        for (node, line) in lines.enumerated() {
            point(node, at: UnsafeRawPointer(text.baseAddress! + end))
            UnsafeMutableRawBufferPointer(rebasing: text[end...]).copyBytes(from: line)
            end += line.count
            text[end] = 0
            end += 1
        }
        messageNode = lines.count
    }

    /// Appends the lines of a message. The renderer must not render another one before the transfer is over.
    func append(_ message: MessageRenderer) {
        for index in 0..<message.lineCount { point(messageNode + index, at: message.line(index).baseAddress!) }
        let count = messageNode + message.lineCount
        for node in 1..<count { nodes[node - 1].next = nodes + node }
        nodes[count - 1].next = nil
    }

    private func point(_ node: Int, at line: UnsafeRawPointer) {
        nodes[node].data = UnsafeMutablePointer(mutating: line.assumingMemoryBound(to: CChar.self))
    }
}
