import CCurl
import Glibc
import Scheduling
import WebhookModel
import WebhookSigning

/// The memory in which one handle's requests are written: header lines, and a body buffer that is used again.
///
/// libcurl reads the lines and the body where they lie, so they stay until the transfer is over. The nodes of the
/// header list lie here too, instead of being allocated for each request. In `text` lie, in this order: the message's id;
/// the lines that never change; the endpoint's own, laid out once per endpoint; those of the message.
final class MessageRenderer {
    private var text: UnsafeMutableRawBufferPointer
    private let nodes: UnsafeMutablePointer<curl_slist>
    private var body: UnsafeMutableRawBufferPointer
    private(set) var bodyCount = 0

    private let userAgent: String
    /// Where the endpoint's lines begin in `text`, and where the message's; and the first node of the message's.
    private var endpointStart = 0
    private var messageStart = 0
    private var messageNode = 0

    /// Bytes of body memory that a handle keeps; what a larger message needed is given back.
    static let keptBody = 16 * 1024
    private static let usualText = 1024
    /// `User-Agent` and `Expect`.
    private static let fixedLines = 2
    /// Lines at most: a scheme has up to eight.
    private static let mostLines = fixedLines + Limits.customHeaders + 1 + 8

    init(userAgent: String) {
        self.userAgent = userAgent
        text = .allocate(byteCount: MessageRenderer.usualText, alignment: 8)
        body = .allocate(byteCount: MessageRenderer.keptBody, alignment: 8)
        nodes = .allocate(capacity: MessageRenderer.mostLines)
        nodes.initialize(repeating: curl_slist(), count: MessageRenderer.mostLines)
        writeFixedLines()
    }

    deinit {
        text.deallocate()
        body.deallocate()
        nodes.deallocate()
    }

    /// For CURLOPT_HTTPHEADER. The same for the life of the scratch.
    var headers: UnsafeMutablePointer<curl_slist> { nodes }
    /// For CURLOPT_POSTFIELDS. Changes with `write`.
    var bodyStart: UnsafeMutableRawPointer { body.baseAddress! }

    /// Lays out the lines of an endpoint and makes room for those of its messages.
    func lay(out target: EndpointTarget) {
        let block = target.headers
        let contentType = Line.contentType.utf8CodeUnitCount + Limits.shortTextBytes + 1
        let head = target.signer.headBytes(id: EventID.webhookIDLength, type: Limits.eventTypeBytes)
        makeRoom(endpointStart + block.bytes.count + contentType + head)
        for (index, start) in block.starts.enumerated() {
            point(MessageRenderer.fixedLines + index, at: endpointStart + start)
        }
        block.bytes.withUnsafeBytes {
            UnsafeMutableRawBufferPointer(rebasing: text[endpointStart...]).copyMemory(from: $0)
        }
        messageStart = endpointStart + block.bytes.count
        messageNode = MessageRenderer.fixedLines + block.starts.count
        let count = messageNode + 1 + target.signer.scheme.headers.count
        for node in 1..<count { nodes[node - 1].next = nodes + node }
        nodes[count - 1].next = nil
    }

    /// Writes one message for the endpoint that was laid out: body, content type, the scheme's headers.
    ///
    /// - Parameter seconds: Unix seconds.
    func write(_ delivery: DueDelivery, seconds: Int64, target: EndpointTarget) {
        let event = delivery.event
        if let batch = delivery.batch {
            write("bat_", batch.id.high, batch.id.low)
        } else {
            write("evt_", event.id.high, event.id.low)
        }
        event.bytes.withUnsafeBytes { record in
            write(body: delivery, record)
            var end = messageStart
            put(Line.contentType, at: &end)
            let isJSON = delivery.batch != nil || target.endpoint.settings.body == .envelope
            if isJSON || event.record.contentType.count == 0 {
                put(Line.json, at: &end)
            } else {
                put(UnsafeRawBufferPointer(rebasing: record[event.record.contentType.range]), at: &end)
            }
            text[end] = 0
            end += 1
            point(messageNode, at: messageStart)
            let message = MessageToSign(
                id: UnsafeRawBufferPointer(rebasing: text[..<EventID.webhookIDLength]),
                type: delivery.batch == nil
                    ? UnsafeRawBufferPointer(rebasing: record[event.record.type.range]) : Line.batchType,
                seconds: seconds,
                body: UnsafeRawBufferPointer(rebasing: body[..<bodyCount]))
            var node = messageNode
            target.signer.write(message, into: UnsafeMutableRawBufferPointer(rebasing: text[end...])) { line in
                node += 1
                point(node, at: end + line.lowerBound)
            }
        }
    }

    /// Shows the lines of the message that was written: content type and the scheme's, without their ends.
    func forEachMessageLine(_ body: (UnsafeRawBufferPointer) -> Void) {
        var node: UnsafeMutablePointer<curl_slist>? = nodes + messageNode
        while let line = node {
            body(UnsafeRawBufferPointer(start: line.pointee.data, count: strlen(line.pointee.data)))
            node = line.pointee.next
        }
    }

    /// Bytes of those lines with their ends, at most.
    var messageLineBytes: Int { text.count - messageStart + 2 * MessageRenderer.mostLines }

    private enum Line {
        static let contentType: StaticString = "Content-Type: "
        static let json: StaticString = "application/json"
        /// What headers say that carry an event's type: the types of a batch's events stand in their envelopes.
        static var batchType: UnsafeRawBufferPointer {
            let text: StaticString = "batch"
            return UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        }
    }
}

extension MessageRenderer {
    private func writeFixedLines() {
        var end = EventID.webhookIDLength
        point(0, at: end)
        put("User-Agent: ", at: &end)
        for byte in userAgent.utf8 + [0] {
            text[end] = byte
            end += 1
        }
        // A name without a value takes libcurl's own header out: nobody waits for "100 Continue".
        point(1, at: end)
        put("Expect:", at: &end)
        text[end] = 0
        end += 1
        endpointStart = end
    }

    private func makeRoom(_ count: Int) {
        guard count > text.count else { return }
        text.deallocate()
        text = .allocate(byteCount: count, alignment: 8)
        writeFixedLines()
    }

    private func point(_ node: Int, at offset: Int) {
        nodes[node].data = (text.baseAddress! + offset).assumingMemoryBound(to: CChar.self)
    }

    private func put(_ bytes: StaticString, at end: inout Int) {
        put(UnsafeRawBufferPointer(start: bytes.utf8Start, count: bytes.utf8CodeUnitCount), at: &end)
    }

    private func put(_ bytes: UnsafeRawBufferPointer, at end: inout Int) {
        UnsafeMutableRawBufferPointer(rebasing: text[end...]).copyMemory(from: bytes)
        end += bytes.count
    }

    /// The message's id: a prefix of four letters and 32 hex digits.
    private func write(_ prefix: StaticString, _ high: UInt64, _ low: UInt64) {
        var end = 0
        put(prefix, at: &end)
        for half in [high, low] {
            for shift in stride(from: 60, through: 0, by: -4) {
                text[end] = HexDigits.lower(UInt8(truncatingIfNeeded: half >> UInt64(shift)) & 15)
                end += 1
            }
        }
    }

    private func write(body delivery: DueDelivery, _ record: UnsafeRawBufferPointer) {
        let (event, endpoint) = (delivery.event, delivery.endpoint)
        if let batch = delivery.batch {
            let array = BatchBody(batch, tenantName: endpoint.tenantName)
            makeBodyRoom(array.mostBytes)
            bodyCount = array.write(into: body)
            return
        }
        switch endpoint.settings.body {
        case .raw:
            let payload = UnsafeRawBufferPointer(rebasing: record[event.record.payload.range])
            makeBodyRoom(payload.count)
            if payload.count > 0 { body.copyMemory(from: payload) }
            bodyCount = payload.count
        case .envelope:
            let envelope = Envelope(event, record, tenantName: endpoint.tenantName)
            makeBodyRoom(envelope.mostBytes)
            bodyCount = envelope.write(into: body)
        }
    }

    private func makeBodyRoom(_ count: Int) {
        let wanted = max(MessageRenderer.keptBody, count)
        guard wanted > body.count || body.count > 4 * wanted else { return }
        body.deallocate()
        body = .allocate(byteCount: wanted, alignment: 8)
    }
}
