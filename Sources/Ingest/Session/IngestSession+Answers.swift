import NIOCore
package import WebhookModel
import WireProtocol

// Answers and endings.
extension IngestSession {
    /// What this read has gathered for the queue; nil where there is nothing for it to decide.
    package mutating func takeEvents(now: Moment) -> GatheredEvents? {
        guard !gathered.isEmpty else { return nil }
        if let bucket = gate?.bucket { gathered.throttle(by: bucket, now: now.monotonic) }
        let events = gathered
        gathered = GatheredEvents()
        guard events.hasUndecided else {
            answer(drafts: events.drafts, groups: events.groups, bytes: events.bytes.count, commit: 0)
            settle(now: now)
            return nil
        }
        tally.batches += 1
        return events
    }

    /// A batch came back from the queue, decided: writes one ACK per PUBLISH frame.
    package mutating func acknowledge(_ batch: EventBatch, now: Moment) {
        answer(drafts: batch.drafts, groups: batch.groups, bytes: batch.bytes.count, commit: batch.commit)
        settle(now: now)
    }

    private mutating func answer(drafts: [EventDraft], groups: [DraftGroup], bytes: Int, commit: UInt64) {
        var next = 0
        for group in groups {
            answer(group.token, drafts[next..<next + group.count], commit: commit)
            next += group.count
        }
        // Each frame's body was its records and four bytes of count.
        window.remove(events: drafts.count, bytes: bytes + 4 * groups.count)
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

    /// One answer for every event of a frame.
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

    // MARK: Endings

    /// The connection cannot go on. What was taken is answered first.
    mutating func fail(_ status: ProtocolStatus, _ text: String, now: Moment) {
        tally.protocolErrors += 1
        notices.append(.closed(status, text))
        finish(Close(status, text: text), now: now)
    }

    /// Takes nothing more; the CLOSE (nil: a plain end) follows the last answer.
    mutating func finish(_ close: Close?, now: Moment) {
        phase = .finishing(close)
        deadline = now.monotonic + .milliseconds(rules.configuration.answerMilliseconds)
        settle(now: now)
    }

    /// Says goodbye if everything is answered.
    private mutating func settle(now: Moment) {
        guard case .finishing(let close) = phase, window.isEmpty else { return }
        sayGoodbye(close, now: now)
    }

    mutating func sayGoodbye(_ close: Close?, now: Moment) {
        close?.write(to: &output)
        phase = .lingering
        deadline = now.monotonic + .milliseconds(rules.configuration.outputStallMilliseconds)
        ending = .halfClose
    }

    /// The channel has sent everything, the goodbye included: from here on the peer's end is waited for.
    package mutating func goodbyeIsOut(now: Moment) {
        guard phase == .lingering else { return }
        deadline = now.monotonic + .milliseconds(rules.configuration.lingerMilliseconds)
    }

    mutating func abort() {
        phase = .ended
        ending = .abort
    }

    /// Over a connection limit: says so and closes, whatever the peer sends.
    package mutating func refuseAdmission(now: Moment) {
        tally.connectionsRefused += 1
        tally.protocolErrors += 1
        output.writeBytes(Preface.bytes)
        sayGoodbye(Close(.tooManyConnections, text: "over the connection limit"), now: now)
        ending = .close
    }
}
