import Scheduling
import WebhookModel
import WebhookSigning

/// Renders messages, one at a time: body, content type, and the signed headers of the endpoint's scheme.
///
/// All memory is used again for the next message. The body lies behind free room, in which a transport may write the
/// rest of a request, so that the whole request is one piece and the body is copied once.
final class MessageRenderer {
    /// The message's id, then its header lines, each with a NUL.
    private var text: UnsafeMutableRawBufferPointer
    /// Where the lines lie in `text`, without their NULs.
    private var lines: [Range<Int>] = []
    private var memory: UnsafeMutableRawBufferPointer
    private var bodyStart = 0
    private var bodyEnd = 0
    private let kept: Int

    /// - Parameter kept: bytes of message memory that are kept; what a larger message needed is freed with the next one.
    init(kept: Int) {
        self.kept = kept
        text = .allocate(byteCount: Limits.messageTextBytes, alignment: 8)
        memory = .allocate(byteCount: kept, alignment: 16)
    }

    deinit {
        text.deallocate()
        memory.deallocate()
    }

    /// Renders and signs one message. The one before is gone.
    ///
    /// - Parameters:
    ///   - seconds: Unix seconds of the attempt.
    ///   - headRoom: bytes that the caller will write before the body besides the message's lines (`lineBytes`).
    func render(_ delivery: DueDelivery, seconds: Int64, target: EndpointTarget, headRoom: Int = 0) {
        let event = delivery.event
        let own =
            Line.contentType.utf8CodeUnitCount + Limits.shortTextBytes + 1
            + Line.id.utf8CodeUnitCount + EventID.webhookIDLength + 1
        let head = target.signer.headBytes(id: EventID.webhookIDLength, type: Limits.eventTypeBytes)
        makeTextRoom(EventID.webhookIDLength + own + head)
        // A line end on the wire has a byte more than a NUL: content type, id, the scheme's.
        bodyStart = headRoom + own + head + 2 + target.signer.scheme.headers.count
        lines.removeAll(keepingCapacity: true)
        if let batch = delivery.batch {
            write("bat_", batch.id.high, batch.id.low)
        } else {
            write("evt_", event.id.high, event.id.low)
        }
        event.bytes.withUnsafeBytes { record in
            write(body: delivery, record)
            let isJSON = delivery.batch != nil || target.endpoint.settings.body == .envelope
            let type = UnsafeRawBufferPointer(rebasing: record[event.record.contentType.range])
            var start = writeContentType(isJSON || type.isEmpty ? Line.json.bytes : type)
            if target.needsIDLine { start = writeID(at: start) }
            let message = MessageToSign(
                id: UnsafeRawBufferPointer(rebasing: text[..<EventID.webhookIDLength]),
                type: delivery.batch == nil
                    ? UnsafeRawBufferPointer(rebasing: record[event.record.type.range]) : Line.batchType.bytes,
                seconds: seconds, body: body)
            target.signer.write(message, into: UnsafeMutableRawBufferPointer(rebasing: text[start...])) { line in
                lines.append(start + line.lowerBound..<start + line.upperBound)
            }
        }
    }

    /// The body of the rendered message.
    var body: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[bodyStart..<bodyEnd]) }

    var lineCount: Int { lines.count }

    /// A header line of the rendered message: content type first, then the id if the scheme tells none, then the scheme's. A NUL follows it in memory.
    func line(_ index: Int) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: text[lines[index]]) }

    /// Bytes of those lines with their line ends (CR LF).
    var lineBytes: Int { lines.reduce(0) { $0 + $1.count + 2 } }

    /// The body with this number of bytes before it, for the caller to write: at most `headRoom` and `lineBytes`.
    func request(headBytes: Int) -> UnsafeMutableRawBufferPointer {
        precondition(headBytes <= bodyStart, "the head has no room")
        return UnsafeMutableRawBufferPointer(rebasing: memory[bodyStart - headBytes..<bodyEnd])
    }

    private enum Line {
        static let contentType: StaticString = "Content-Type: "
        /// An owner's header cannot have this name (`HeaderRules.isReserved`).
        static let id: StaticString = "webhook-id: "
        static let json: StaticString = "application/json"
        /// The type in headers that carry an event's type; in a batch the types stand in the envelopes.
        static let batchType: StaticString = "batch"
    }
}

extension MessageRenderer {
    /// - Returns: where the next line begins in `text`.
    private func writeContentType(_ type: UnsafeRawBufferPointer) -> Int {
        let start = EventID.webhookIDLength
        var end = start
        put(Line.contentType.bytes, at: &end)
        put(type, at: &end)
        lines.append(start..<end)
        text[end] = 0
        return end + 1
    }

    /// The same for the line with the message's id.
    private func writeID(at start: Int) -> Int {
        var end = start
        put(Line.id.bytes, at: &end)
        put(UnsafeRawBufferPointer(rebasing: text[..<EventID.webhookIDLength]), at: &end)
        lines.append(start..<end)
        text[end] = 0
        return end + 1
    }

    private func put(_ bytes: UnsafeRawBufferPointer, at end: inout Int) {
        UnsafeMutableRawBufferPointer(rebasing: text[end...]).copyMemory(from: bytes)
        end += bytes.count
    }

    /// The message's id: a prefix of four letters and 32 hex digits.
    private func write(_ prefix: StaticString, _ high: UInt64, _ low: UInt64) {
        var end = 0
        put(prefix.bytes, at: &end)
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
            bodyEnd = bodyStart + array.write(into: bodyRoom(array.mostBytes))
            return
        }
        switch endpoint.settings.body {
        case .raw:
            let payload = UnsafeRawBufferPointer(rebasing: record[event.record.payload.range])
            let room = bodyRoom(payload.count)
            if payload.count > 0 { room.copyMemory(from: payload) }
            bodyEnd = bodyStart + payload.count
        case .envelope:
            let envelope = Envelope(event, record, tenantName: endpoint.tenantName)
            bodyEnd = bodyStart + envelope.write(into: bodyRoom(envelope.mostBytes))
        }
    }

    private func makeTextRoom(_ count: Int) {
        guard count > text.count else { return }
        text.deallocate()
        text = .allocate(byteCount: count, alignment: 8)
    }

    /// Memory for a body of this size, from `bodyStart` on.
    private func bodyRoom(_ count: Int) -> UnsafeMutableRawBufferPointer {
        let wanted = max(kept, bodyStart + count)
        if wanted > memory.count || memory.count > 4 * wanted {
            memory.deallocate()
            memory = .allocate(byteCount: wanted, alignment: 16)
        }
        return UnsafeMutableRawBufferPointer(rebasing: memory[bodyStart...])
    }
}
