import NIOCore

/// How publications are admitted, and how they end.
extension PublisherCore {
    mutating func submit(_ publication: Publication) {
        guard phase != .finished else {
            publication.number = 0
            return perform(.end(publication, publication.end(.closed).result))
        }
        publication.number = nextPublication
        nextPublication += 1
        deadlines.append(publication)
        if publication.isAdmitted { admit(publication) } else { waiting.append(publication) }
    }

    /// Admits waiting publications in order, as long as the buffer has space for them.
    mutating func admitWaiting() {
        while let publication = waiting.first {
            if publication.isEnded {
                waiting.removeFirst()
                endedWaiting -= 1
                continue
            }
            guard space.fits(publication) else { return }
            waiting.removeFirst()
            publication.isAdmitted = true
            admit(publication)
            perform(.admit(publication))
        }
    }

    private mutating func admit(_ publication: Publication) {
        space.take(publication)
        metrics.submitted += publication.count
        freshEvents += publication.count
        fresh.append(Run(publication: publication, range: 0..<publication.count))
    }

    /// Ends a publication, once. If every event has an answer, the answers are its result, else an error with this
    /// reason.
    mutating func end(_ publication: Publication, _ reason: PublishError.Reason) {
        guard !publication.isEnded else { return }
        let (result, open) = publication.end(reason)
        if publication.isAdmitted {
            space.give(back: publication)
        } else {
            endedWaiting += 1
            sweepWaiting()
        }
        deadlines.noteEnd()
        if open > 0 { sweep() }
        switch result {
        case .success: metrics.refused += open
        case .failure(let error):
            metrics.unanswered += publication.isAdmitted ? open : 0
            if reason != .cancelled { perform(.note(.gaveUp(error))) }
        }
        perform(.end(publication, result))
    }

    /// Runs of ended publications are skipped when they come to the front. While nothing can be sent they must not
    /// accumulate.
    private mutating func sweep() {
        leftovers += 1
        guard leftovers > 64 + 2 * deadlines.live else { return }
        leftovers = 0
        fresh.removeAll { $0.publication.isEnded }
        again.removeAll { $0.publication.isEnded }
        freshEvents = fresh.reduce(0) { $0 + $1.range.count }
    }

    /// Removing each ended call at once would cost a pass over all waiting calls. They are removed when half of the
    /// queue has ended.
    private mutating func sweepWaiting() {
        guard endedWaiting > 64, endedWaiting > waiting.count / 2 else { return }
        waiting.removeAll { $0.isEnded }
        endedWaiting = 0
    }

    mutating func endOverdue(_ now: Int64) {
        while let publication = deadlines.first, deadline(of: publication) <= now {
            let last = current?.phase == .open ? nil : lastError
            end(publication, .timedOut(milliseconds: settings.patienceMilliseconds, last: last))
        }
        if case .closing(let until) = phase, until <= now {
            while let publication = deadlines.first { end(publication, .closed) }
        }
    }

    /// After `closing`, when nothing is left, closes all connections.
    mutating func finishWhenDone() {
        guard case .closing = phase, deadlines.live == 0 else { return }
        phase = .finished
        for link in leaving + (current.map { [$0] } ?? []) { perform(.leave(link: link.number)) }
        current = nil
        leaving = []
        connectAt = nil
        flights.removeAll()
        fresh.removeAll()
        again.removeAll()
        waiting.removeAll()
        endedWaiting = 0
        shelf.removeAll()
        metrics.eventsInFlight = 0
        perform(.finished)
    }
}
