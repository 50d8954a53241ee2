/// Connections: one is used; others only collect the answers that they still owe.
extension PublisherCore {
    mutating func connectWhenDue(_ now: Int64) {
        guard let due = connectAt, due <= now, current == nil else { return }
        connectAt = nil
        let link = Link(number: nextLink, address: nextAddress)
        nextLink += 1
        current = link
        perform(.connect(link: link.number, address: link.address))
    }

    mutating func open(_ number: UInt64, _ terms: LinkTerms, _ now: Int64) {
        // Closed in the meantime.
        guard current?.number == number else { return perform(.leave(link: number)) }
        current?.phase = .open
        current?.terms = terms
        current?.openedAt = now
        metrics.connections += 1
        metrics.payloadBytesMost = terms.eventBytes
        perform(.note(.connected(address: address(of: number))))
        if case .starting = phase {
            phase = .running
            perform(.started(nil))
        }
    }

    mutating func lose(_ number: UInt64, _ error: IngestError, _ now: Int64, _ random: inout some RandomNumberGenerator)
    {
        let address = address(of: number)
        returnFlights(of: number, error)
        leaving.removeAll { $0.number == number }
        guard let link = current, link.number == number else { return }
        current = nil
        // At the start a wrong key must be reported even if another address is down.
        if hasEverOpened || lastError?.isPermanent != true { lastError = error }
        nextAddress = (link.address + 1) % settings.servers.count
        if link.phase == .open {
            metrics.lostConnections += 1
            // The connection worked, so earlier failures no longer count.
            if link.hasAnswered || now - link.openedAt >= backoff.most { backoff.reset() }
        } else {
            metrics.failedConnections += 1
        }
        if case .starting(let until, let busyUntil) = phase {
            if failsForGood(lastError?.isBusy == true ? max(until, busyUntil) : until, now) {
                return fail(lastError ?? error)
            }
        }
        let pause = backoff.next(random: &random)
        // At the start every address is tried once without a pause.
        let isFirstRound = !hasEverOpened && backoff.failures < settings.servers.count
        connectAt = now + (isFirstRound ? 0 : pause)
        let wait = ((connectAt ?? now) - now) / PublisherCore.millisecond
        perform(.note(.lost(address: address, error: error, wasOpen: link.phase == .open, nextInMilliseconds: wait)))
    }

    private var hasEverOpened: Bool { metrics.connections > 0 }

    /// Before the first connection an error is reported at once, after every address was tried: no call waits for
    /// answers yet, and a wrong key or name should be seen by whoever wrote the settings.
    private func failsForGood(_ until: Int64, _ now: Int64) -> Bool {
        let isRoundOver = backoff.failures + 1 >= settings.servers.count
        return isRoundOver && (lastError?.isPermanent == true || now >= until)
    }

    private mutating func fail(_ error: IngestError) {
        perform(.started(error))
        phase = .closing(until: .min)
        connectAt = nil
    }

    /// Sends no new events to the connection. It stays open until it has answered everything, for the grace time at
    /// most. The next connection is made within the spread time. Both in milliseconds.
    mutating func leave(
        _ number: UInt64, grace: Int64, within spread: Int64, _ now: Int64, _ random: inout some RandomNumberGenerator
    ) {
        guard var link = current, link.number == number, link.phase == .open else { return }
        metrics.goAways += 1
        current = nil
        link.leavesAt = now + grace * PublisherCore.millisecond
        leaving.append(link)
        nextAddress = (link.address + 1) % settings.servers.count
        let pause = Int64.random(in: 0...spread, using: &random) * PublisherCore.millisecond
        connectAt = now + pause
        closeIfSilent(number)
    }

    /// Events that were not answered within the grace time are in doubt.
    mutating func giveUpLeaving(_ now: Int64) {
        while let link = leaving.first(where: { $0.leavesAt <= now }) {
            perform(.leave(link: link.number))
            returnFlights(of: link.number, .timedOut(waitingFor: "answers after GOAWAY", milliseconds: 0))
            leaving.removeAll { $0.number == link.number }
        }
    }

    /// A connection that is being left is closed when it owes no answer.
    mutating func closeIfSilent(_ number: UInt64) {
        guard let index = leaving.firstIndex(where: { $0.number == number }), leaving[index].eventsOut == 0 else {
            return
        }
        leaving.remove(at: index)
        perform(.leave(link: number))
    }

    /// Puts the unanswered events of a connection back into the queue, in the order sent.
    mutating func returnFlights(of number: UInt64, _ error: IngestError) {
        let lost = flights.filter { $0.value.link == number }.sorted { $0.key < $1.key }
        for (frame, flight) in lost {
            flights[frame] = nil
            metrics.eventsInFlight -= flight.events
            for run in flight.runs where !run.publication.isEnded {
                run.publication.states.markInDoubt(run.range)
                if settings.sendsAgain {
                    metrics.resent += run.range.count
                    putBack(run)
                } else {
                    end(run.publication, .lost(error))
                }
            }
        }
    }

    func address(of number: UInt64) -> String {
        let link = (leaving + (current.map { [$0] } ?? [])).first { $0.number == number }
        return link.map { settings.servers[$0.address].description } ?? ""
    }
}
