import NIOCore
import WireProtocol

/// Sending frames and processing answers.
extension PublisherCore {
    mutating func putBack(_ run: Run) {
        again.append(run)
        isAgainInOrder = false
    }

    mutating func bringBackDue(_ now: Int64) {
        guard let due = shelf.nextDue, due <= now else { return }
        for run in shelf.takeDue(now) where !run.publication.isEnded { putBack(run) }
    }

    /// Fills frames as long as there is something to send and space in the window.
    mutating func sendFrames(_ now: Int64) {
        // A connection that is being left still decides events. If others were sent elsewhere first, later events could
        // overtake them.
        guard var link = current, link.phase == .open, leaving.isEmpty else { return }
        if !isAgainInOrder {
            again.sort(by: Run.isEarlier)
            isAgainInOrder = true
        }
        while let flight = fill(link, now) {
            link.eventsOut += flight.events
            link.bytesOut += flight.bytes
            flights[nextFrame] = flight
            metrics.frames += 1
            metrics.bytes += flight.bytes
            metrics.eventsInFlight += flight.events
            perform(.send(link: link.number, frame: nextFrame, runs: flight.runs, bytes: flight.bytes))
            nextFrame += 1
        }
        current = link
    }

    /// Takes one frame's worth from the queues. nil: nothing may be sent now.
    private mutating func fill(_ link: Link, _ now: Int64) -> Flight? {
        var runs: [Run] = []
        var events = 0
        var bytes = Link.bodyStart
        while let (run, isFresh) = takeNext(now, isFirst: events == 0) {
            if let rest = fill(from: run, link, &runs, &events, &bytes) {
                restore(rest, isFresh: isFresh)
                break
            }
        }
        guard events > 0 else { return nil }
        return Flight(link: link.number, runs: runs, events: events, bytes: bytes, sentAt: now)
    }

    /// Moves events of one run into the frame. Returns those that did not fit.
    private mutating func fill(
        from run: Run, _ link: Link, _ runs: inout [Run], _ events: inout Int, _ bytes: inout Int
    ) -> Run? {
        let publication = run.publication
        let all = publication.events
        var first = run.range.lowerBound
        var rest: Run?
        for index in run.range {
            let size = all[index].recordBytes
            if let refusal = link.refusal(of: all[index], recordBytes: size) {
                append(publication, first..<index, to: &runs)
                first = index + 1
                settle(publication, index..<index + 1, EventAnswer(refusal), commit: 0)
                continue
            }
            guard fits(size + Link.lengthBytes, link, events, bytes) else {
                rest = Run(publication: publication, range: index..<run.range.upperBound)
                break
            }
            events += 1
            bytes += size + Link.lengthBytes
        }
        append(publication, first..<(rest?.range.lowerBound ?? run.range.upperBound), to: &runs)
        finishIfSettled(publication)
        return rest
    }

    private func append(_ publication: Publication, _ range: Range<Int>, to runs: inout [Run]) {
        guard !range.isEmpty else { return }
        publication.states.markSent(range)
        runs.append(Run(publication: publication, range: range))
    }

    private func fits(_ size: Int, _ link: Link, _ events: Int, _ bytes: Int) -> Bool {
        guard events < link.terms.frameEvents, bytes + size <= link.terms.frameBytes,
            link.eventsOut + events < link.terms.windowEvents
        else { return false }
        // An empty window always accepts a single event, whatever its size.
        return link.bytesOut + bytes + size <= link.terms.windowBytes || link.eventsOut + events == 0
    }

    // MARK: The queues

    /// Events that were sent before go first: they are older than any that were not.
    private mutating func takeNext(_ now: Int64, isFirst: Bool) -> (run: Run, isFresh: Bool)? {
        while let run = again.first {
            again.removeFirst()
            if !run.publication.isEnded { return (run, false) }
        }
        while let run = fresh.first {
            if !run.publication.isEnded, isFirst, let end = lingerEnd, end > now { return nil }
            fresh.removeFirst()
            freshEvents -= run.range.count
            if !run.publication.isEnded { return (run, true) }
        }
        return nil
    }

    private mutating func restore(_ run: Run, isFresh: Bool) {
        guard isFresh else { return again.prepend(run) }
        fresh.prepend(run)
        freshEvents += run.range.count
    }

    /// The time until which less than a full frame waits for more events. nil: it does not wait.
    var lingerEnd: Int64? {
        guard settings.lingerMilliseconds > 0, phase == .running, current?.phase == .open,
            freshEvents < current?.terms.frameEvents ?? 0
        else { return nil }
        return fresh.first { !$0.publication.isEnded }.map {
            $0.publication.submittedAt + settings.lingerMilliseconds * PublisherCore.millisecond
        }
    }

    // MARK: Answers

    mutating func answer(
        _ number: UInt64, _ frame: UInt64, _ ack: Ack, _ now: Int64, _ random: inout some RandomNumberGenerator
    ) {
        guard let flight = flights[frame], flight.link == number else { return }
        flights[frame] = nil
        release(flight, now)
        var isDraining = false
        var first = 0
        for run in flight.runs {
            defer { first += run.range.count }
            guard !run.publication.isEnded else { continue }
            if let answer = uniform(ack), answer.status.isFinal {
                settle(run.publication, run.range, answer, commit: ack.commit)
            } else {
                for index in run.range {
                    let answer = ack[first + index - run.range.lowerBound]
                    judge(answer, Run(publication: run.publication, range: index..<index + 1), ack.commit, now)
                    if answer.status.statusClass == .sendElsewhere { isDraining = true }
                }
            }
            finishIfSettled(run.publication)
        }
        // The server may also send GOAWAY. Without one the grace time is as long as the time allowed for connecting.
        if isDraining {
            leave(number, grace: settings.welcomeMilliseconds, within: settings.backoffLeastMilliseconds, now, &random)
        }
        closeIfSilent(number)
    }

    private mutating func release(_ flight: Flight, _ now: Int64) {
        metrics.eventsInFlight -= flight.events
        let micros = Int((now - flight.sentAt) / 1_000)
        let smoothed = metrics.roundTripMicroseconds
        metrics.roundTripMicroseconds = smoothed == 0 ? micros : smoothed + (micros - smoothed) / 8
        if current?.number == flight.link {
            current?.eventsOut -= flight.events
            current?.bytesOut -= flight.bytes
            current?.hasAnswered = true
        } else if let index = leaving.firstIndex(where: { $0.number == flight.link }) {
            leaving[index].eventsOut -= flight.events
            leaving[index].bytesOut -= flight.bytes
        }
    }

    /// Processes one event's answer: final, or to be sent again.
    private mutating func judge(_ answer: EventAnswer, _ run: Run, _ commit: UInt64, _ now: Int64) {
        let publication = run.publication
        let index = run.range.lowerBound
        let pause: Int64? =
            switch answer.status.statusClass {
            case .sendAgain: max(Int64(answer.retryAfter), settings.backoffLeastMilliseconds)
            case .sendElsewhere: 0
            case .stored, .refused, .closes, nil: nil
            }
        // If the next try would come after the deadline, the caller is told at once. This does not apply to an event in
        // doubt: this copy is not stored, but an earlier one may be.
        guard settings.sendsAgain, let pause,
            now + pause * PublisherCore.millisecond < deadline(of: publication) || publication.states.isInDoubt(index)
        else { return settle(publication, run.range, answer, commit: commit) }
        publication.states.postpone(index, answer)
        metrics.postponed += 1
        if pause == 0 { putBack(run) } else { shelf.put(run, due: now + pause * PublisherCore.millisecond) }
    }

    /// The single answer for the whole frame, if there is one.
    private func uniform(_ ack: Ack) -> EventAnswer? {
        switch ack.answers {
        case .allAccepted: EventAnswer(.accepted)
        case .all(let answer): answer
        case .each: nil
        }
    }

    private mutating func settle(
        _ publication: Publication, _ range: Range<Int>, _ answer: EventAnswer, commit: UInt64
    ) {
        publication.states.settle(range, answer, commit: commit)
        if answer.status.statusClass == .stored {
            metrics.stored += range.count
            if answer.status == .duplicate { metrics.duplicates += range.count }
        } else {
            metrics.refused += range.count
        }
    }

    private mutating func finishIfSettled(_ publication: Publication) {
        if !publication.isEnded, publication.states.unsettled == 0 { end(publication, .closed) }
    }
}

extension ProtocolStatus {
    /// Whether the event is not to be sent again.
    fileprivate var isFinal: Bool { statusClass != .sendAgain && statusClass != .sendElsewhere }
}
