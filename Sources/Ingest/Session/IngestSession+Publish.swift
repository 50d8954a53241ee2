import Access
import NIOCore
package import Threading
package import WebhookModel
import WireProtocol

// PUBLISH and its answers. The only file that changes `gathered` and `window`.
extension IngestSession {
    // MARK: Events in

    /// - Parameter unread: bytes of this read from the frame's beginning on, by which the batch is sized.
    mutating func publish(_ frame: Frame, unread: Int, now: Instant) {
        guard frame.isIntact else { return answerCorrupt(frame, now: now) }
        do throws(PublishBody.Failure) {
            let body = try PublishBody(checking: frame.body, eventLimit: rules.configuration.eventsPerFrame)
            take(body, requestID: frame.header.requestID, unread: unread, now: now)
        } catch {
            switch error {
            case .broken(let error):
                fail(.protocolError, error.description, now: now)
            case .tooMany(let count):
                let limit = rules.configuration.eventsPerFrame
                fail(.frameTooLarge, "a PUBLISH of \(count) events; the limit is \(limit)", now: now)
            }
        }
    }

    private mutating func take(_ body: PublishBody, requestID: UInt64, unread: Int, now: Instant) {
        tally.publishFrames += 1
        tally.events += body.count
        guard drain == nil else {
            tally.answeredRetryable += body.count
            return answerAll(requestID, count: body.count, EventAnswer(.draining))
        }
        let configuration = rules.configuration
        window.add(events: body.count, bytes: 4 + body.records.count)
        guard window.events <= configuration.windowEvents, window.bytes <= configuration.windowBytes else {
            window.remove(events: body.count, bytes: 4 + body.records.count)
            return fail(.windowExceeded, "more unacknowledged than the window announced in WELCOME", now: now)
        }
        if gathered.isEmpty { gathered.reserve(bytes: unread, events: body.count) }
        gathered.append(
            body.records, token: requestID, through: &gate!, wallMilliseconds: now.wallMilliseconds,
            forEachRecord: { body.forEachRecord($0) })
    }

    /// The events of this read as a batch for the queue. Nil: there are none, or all are decided and answered already.
    ///
    /// - Parameters:
    ///   - source: the shell, which gets the batch back.
    ///   - receipts: where the queue returns the batch.
    package mutating func takeBatch(
        source: any AnyObject & Sendable, receipts: ReceiptPort, now: Instant
    ) -> EventBatch? {
        guard !gathered.isEmpty else { return nil }
        if let bucket = gate?.bucket, gathered.throttle(by: bucket, now: now.monotonic) { gate?.noteRate() }
        if gate?.notes.isEmpty == false, let notes = gate?.takeNotes() {
            notices += notes.map { .eventRefused($0.kind == .rate ? .throttled : .forbidden, $0.text) }
        }
        let batch = gathered.takeBatch(source: source, receipts: receipts)
        guard batch.hasUndecided else {
            acknowledge(batch, now: now)
            return nil
        }
        tally.batches += 1
        return batch
    }

    // MARK: Answers out

    /// Takes a batch back that is decided, and writes one ACK per PUBLISH frame.
    package mutating func acknowledge(_ batch: EventBatch, now: Instant) {
        var next = 0
        for group in batch.groups {
            answer(group.token, batch.drafts[next..<next + group.count], commit: batch.commit)
            next += group.count
        }
        // A frame's body was its records and four bytes of count.
        window.remove(events: batch.drafts.count, bytes: batch.bytes.count + 4 * batch.groups.count)
        closeIfAnswered(now: now)
    }

    private mutating func answer(_ requestID: UInt64, _ drafts: ArraySlice<EventDraft>, commit: UInt64) {
        let first = drafts[drafts.startIndex]
        let isUniform = drafts.allSatisfy { $0.result == first.result && $0.retryAfter == first.retryAfter }
        if isUniform, first.result == .accepted {
            tally.answeredStored += drafts.count
            FrameEncoder.write(.ack, requestID: requestID, to: &output) { body in
                Ack.encodeStart(commit: commit, count: drafts.count, form: 0, to: &body)
            }
            return
        }
        for draft in drafts { count(ProtocolStatus(draft.result)) }
        if isUniform {
            let answer = EventAnswer(ProtocolStatus(first.result), retryAfter: first.retryAfter)
            return answerAll(requestID, count: drafts.count, answer, commit: commit)
        }
        FrameEncoder.write(.ack, requestID: requestID, to: &output) { body in
            Ack.encodeStart(commit: commit, count: drafts.count, form: 1, to: &body)
            for draft in drafts {
                EventAnswer(ProtocolStatus(draft.result), retryAfter: draft.retryAfter).encode(to: &body)
            }
        }
    }

    /// Writes one answer for every event of a frame.
    mutating func answerAll(_ requestID: UInt64, count: Int, _ answer: EventAnswer, commit: UInt64 = 0) {
        FrameEncoder.write(.ack, requestID: requestID, to: &output) { body in
            Ack.encodeStart(commit: commit, count: count, form: 2, to: &body)
            answer.encode(to: &body)
        }
    }

    private mutating func count(_ status: ProtocolStatus) {
        switch status.statusClass {
        case .stored: tally.answeredStored += 1
        case .sendAgain, .sendElsewhere: tally.answeredRetryable += 1
        case .refused, .closes, nil: tally.answeredRefused += 1
        }
    }
}
