import Testing
import WebhookModel

/// The relations between the limits, each with its reason. Whoever changes a limit learns here what else depends on it.
@Suite struct LimitsTests {
    /// Bytes of a frame's header, and of an ACK's body before its statuses (Protocol.md).
    private let frameHeaderBytes = 24
    private let ackBytes = 8

    // MARK: Events

    @Test func `the overhead of an event record covers all its texts at their limits`() {
        let texts = Limits.tenantNameBytes + Limits.eventTypeBytes + 3 * Limits.shortTextBytes
        // Two bytes of length before each of the five texts, before each name and value, and of the attributes' number; four before
        // the payload.
        let attributes = Limits.attributes * 2 * (2 + Limits.attributeBytes)
        #expect(EventRecord.fixedBytes + 5 * 2 + texts + 2 + attributes + 4 <= Limits.recordOverheadBytes)
    }

    @Test func `the largest event fits a frame`() {
        // Four bytes for the number of events, and four of length before each.
        #expect(4 + 4 + Limits.payloadBytes + Limits.recordOverheadBytes <= Limits.frameBytes)
    }

    @Test func `a stored hold is longer than the first of a breaker`() {
        #expect(Limits.storedHoldMilliseconds < Limits.retryAfterMilliseconds)
        #expect(Limits.breakerOpenMilliseconds < Limits.storedHoldMilliseconds)
        #expect(Limits.storedHoldMilliseconds < Limits.breakerOpenMillisecondsMost)
    }

    @Test func `an old reader is looked for more often than it is told of`() {
        #expect(Limits.readerCheckMilliseconds < Limits.readerLineMilliseconds)
    }

    @Test func `times in a wrong unit are outside the allowed range`() {
        // Seconds taken for milliseconds lie in 1970; microseconds lie far after 2200.
        #expect(1_800_000_000 < Limits.earliestTime && Limits.earliestTime < Limits.latestTime)
        #expect(Limits.latestTime < 1_800_000_000_000_000)
        #expect(0 < Limits.deliverAheadMilliseconds)
    }

    // MARK: Ingest

    @Test func `a whole frame fits the windows of a connection`() {
        // Otherwise a client that fills a frame would be refused for it.
        #expect(Limits.frameBytes <= Limits.windowBytes && Limits.eventsPerFrame <= Limits.windowEvents)
    }

    @Test func `the windows of several connections fit the intake`() {
        // Otherwise one connection could stop the reading of all others.
        #expect(2 * Limits.windowBytes <= Limits.intakeBytes)
    }

    @Test func `the answer to a frame fits a frame and the output of a connection`() {
        let answer = frameHeaderBytes + ackBytes + Limits.eventsPerFrame
        #expect(answer <= Limits.frameBytes)
        #expect(answer <= Limits.outputBytes)
    }

    @Test func `unauthenticated connections are fewer than all connections`() {
        #expect(Limits.unauthenticatedConnectionsPerAddress < Limits.unauthenticatedConnections)
        #expect(Limits.unauthenticatedConnections < Limits.connections)
    }

    @Test func `unauthenticated connections together hold less than one window`() {
        // All unauthenticated connections together hold less than one authenticated window.
        #expect(Limits.unauthenticatedConnections * Limits.unauthenticatedBytes <= Limits.windowBytes)
    }

    @Test func `each deadline of a connection ends before its idle limit`() {
        // Otherwise the idle limit would close it first, with the wrong reason.
        #expect(Limits.helloMilliseconds < Limits.idleMilliseconds)
        #expect(Limits.headerMilliseconds < Limits.idleMilliseconds)
        #expect(Limits.outputStallMilliseconds < Limits.idleMilliseconds)
        let slowestBody = Int64(Limits.frameBytes / Limits.bodyBytesPerSecond) * 1_000
        #expect(Limits.bodyGraceMilliseconds + slowestBody < Limits.idleMilliseconds)
    }

    @Test func `a key's burst is at least a second of its rate`() {
        #expect(Limits.keyEventsPerSecond <= Limits.keyBurst)
    }

    @Test func `deadlines are checked more often than the shortest of them ends`() {
        let shortest = [
            Limits.helloMilliseconds, Limits.headerMilliseconds, Limits.bodyGraceMilliseconds,
            Limits.authFailureDelayMilliseconds, Limits.closeLingerMilliseconds, Limits.outputStallMilliseconds,
        ].min()!
        #expect(2 * Limits.deadlineCheckMilliseconds <= shortest)
        #expect(Limits.deadlineCheckMilliseconds <= Limits.drainQuietMilliseconds)
    }

    @Test func `a wrong key is answered before its client gives up`() {
        let latest = Limits.authFailureDelayMilliseconds + Limits.deadlineCheckMilliseconds
        #expect(2 * latest < Limits.clientWelcomeMilliseconds)
    }

    @Test func `a producer that stops is noticed within the time for draining`() {
        #expect(4 * Limits.drainQuietMilliseconds <= Limits.drainMilliseconds)
        #expect(Limits.drainMilliseconds < Limits.shutdownGraceMilliseconds)
    }

    @Test func `one read takes all that an unauthenticated connection may send`() {
        #expect(Limits.firstReceiveBytes < Limits.unauthenticatedBytes)
        #expect(Limits.unauthenticatedBytes <= Limits.tlsReadBytes && Limits.tlsReadBytes <= Limits.receiveBytes)
    }

    @Test func `a ClientHello that TLS accepts is read whole`() {
        // At most 2^14 bytes, in records with a head of five each: most clients send one.
        #expect(16 * 1024 + 100 * 5 <= Limits.clientHelloBytes)
    }

    @Test func `TLS is closed while the connection is still read`() {
        #expect(Limits.tlsCloseMilliseconds < Limits.closeLingerMilliseconds)
    }

    @Test func `the kernel queues as many connections as may be unauthenticated`() {
        #expect(Limits.unauthenticatedConnections <= Limits.acceptBacklog)
    }

    // MARK: Ingest client

    @Test func `the client's defaults fit the server's limits`() {
        #expect(Limits.publishFrameEvents <= Limits.eventsPerFrame)
        // A window in flight and as much that waits for it.
        #expect(Limits.publisherEvents == 2 * Limits.windowEvents)
        #expect(Limits.publisherBytes == 2 * Limits.windowBytes)
    }

    @Test func `a publication outlives several attempts to connect again`() {
        #expect(Limits.reconnectMillisecondsLeast < Limits.reconnectMillisecondsMost)
        #expect(10 * Limits.reconnectMillisecondsMost <= Limits.publishPatienceMilliseconds)
    }

    @Test func `a publication outlives a lost attempt to connect, and closing ends before it`() {
        let attempt = Limits.clientConnectMilliseconds + Limits.clientWelcomeMilliseconds
        #expect(2 * attempt <= Limits.publishPatienceMilliseconds)
        #expect(Limits.publisherCloseMilliseconds < Limits.publishPatienceMilliseconds)
    }

    @Test func `a client that connects outlives the server's wait for its HELLO`() {
        #expect(Limits.helloMilliseconds <= Limits.clientWelcomeMilliseconds)
    }

    // MARK: Queue

    @Test func `a chunk is a value on an ordinary page of LMDB`() {
        // 4,096 bytes less the page's header of 16: a longer value needs contiguous pages.
        #expect(Limits.chunkBytes <= 4_080)
    }

    @Test func `the row of the largest batch stays on an ordinary page`() {
        // 19 bytes, and four for each member but the first (DataLayout.md).
        #expect(19 + 4 * (Limits.batchEventsMost - 1) <= 4_080)
    }

    @Test func `what the full map keeps free holds more than a commit`() {
        #expect(Limits.ingestMapPercent < 100)
    }

    @Test func `the disk's reserve is a small part of the map, and many transactions`() {
        #expect(10 * Limits.diskReserveBytes <= Int64(Limits.mapBytes))
        #expect(Limits.diskReserveBytes >= 10 * Int64(Limits.intakeBytes))
    }

    @Test func `the queue's time goes on while it follows a clock that was set back`() {
        #expect(1 < Limits.clockSlewDivisor)
        // What is shorter than a jump is caught up with within a day.
        #expect(Limits.clockJumpNanoseconds * Limits.clockSlewDivisor < 86_400_000_000_000)
    }

    @Test func `a rate's gate opens before its sender runs out of what it holds`() {
        #expect(2 * Limits.rateReopenMilliseconds <= Limits.ratedAheadMilliseconds)
    }

    @Test func `the free space is measured again before a refused producer sends again`() {
        #expect(Limits.spaceCheckMilliseconds <= Int64(Limits.storageFullRetryMilliseconds))
        #expect(Limits.spaceCheckMilliseconds < Limits.sweepRestMilliseconds)
    }

    @Test func `several passes of the sweep end within the retention`() {
        #expect(Limits.sweepRestMilliseconds < Limits.sweepPassMilliseconds)
        #expect(10 * Limits.sweepPassMilliseconds <= Limits.retentionMilliseconds)
    }

    // MARK: Delivery

    @Test func `an endpoint's window is kept full by what is handed over for it`() {
        // A commit's time at the default window: what is in flight, and the same again that waits.
        #expect(2 * Limits.endpointWindow <= Limits.heldPerEndpoint)
        #expect(Limits.heldPerEndpoint <= Limits.heldPerSender)
        // A quarter of a sender is left to a tenant when the others hold the rest (`DispatchState.shareLeft`): it holds the
        // largest window and what follows.
        #expect(2 * Limits.endpointWindowMost <= Limits.heldPerSender / 4)
    }

    @Test func `no endpoint may take all transfers of a sender by its window`() {
        #expect(Limits.endpointWindow < Limits.endpointWindowMost)
        #expect(Limits.endpointWindowMost <= Limits.transfersPerSender)
    }

    @Test func `a sender holds enough for its transfers`() {
        #expect(2 * Limits.transfersPerSender <= Limits.heldPerSender)
    }

    @Test func `a sender can send a core's rate to receivers that answer after a tenth of a second`() {
        // What one core sends, with TLS and everything else: under 40,000 a second (Results).
        #expect(40_000 / 10 <= Limits.transfersPerSender)
        // A tenant alone gets two thirds (`TenantRotation`), and its largest window fits.
        #expect(Limits.endpointWindowMost <= Limits.transfersPerSender * 2 / 3)
    }

    @Test func `a turn of a sender is a small part of what it may have in flight`() {
        #expect(Limits.endpointWindow <= Limits.attemptsPerTurn)
        #expect(16 * Limits.attemptsPerTurn <= Limits.transfersPerSender)
    }

    @Test func `a sender holds the largest event and the largest batch`() {
        #expect(Limits.payloadBytes + Limits.recordOverheadBytes <= Limits.heldBytesPerSender)
        #expect(Limits.batchBytesMost + Limits.recordOverheadBytes <= Limits.heldBytesPerSender)
    }

    @Test func `parking empties the lot in few commits`() {
        // A batch sorted by endpoint must be large; a transaction must not.
        #expect(Limits.heldPerSender <= Limits.lotEntries)
        #expect(Limits.parkedPerCommit <= Limits.lotEntries && Limits.lotEntries <= 4 * Limits.parkedPerCommit)
    }

    @Test func `an attempt has time for its connection and for an answer`() {
        #expect(Limits.connectMilliseconds < Limits.attemptMilliseconds)
        #expect(Limits.attemptMillisecondsLeast <= Limits.attemptMilliseconds)
        #expect(Limits.attemptMilliseconds <= Limits.attemptMillisecondsMost)
    }

    @Test func `a dead HTTP/2 connection is noticed long before its requests are over their time`() {
        #expect(Limits.pingAfterMilliseconds + Limits.pingMilliseconds < Limits.attemptMilliseconds / 2)
        #expect(Limits.pingAfterMilliseconds < Limits.idleConnectionMilliseconds)
    }

    @Test func `what is kept of an answer is a part of what is read`() {
        #expect(Limits.answerExcerptBytes <= Limits.answerBytes)
    }

    @Test func `a rate is served ahead for as long as a report may wait`() {
        // Otherwise a rated endpoint would run dry while its reports wait for their commit.
        #expect(Int(Limits.outcomeLingerMilliseconds) < Limits.ratedAheadMilliseconds)
    }

    @Test func `rates fit their bursts`() {
        #expect(Limits.attemptsPerSecondMost <= Limits.attemptBurstMost)
        #expect(Limits.retriesPerSecond <= Limits.retriesPerSecondMost)
        #expect(Limits.retriesPerSecondMost <= Limits.attemptsPerSecondMost)
        #expect(Limits.tenantBacklog <= Limits.tenantBacklogMost)
    }

    @Test func `the standard policy is within the limits`() {
        #expect(RetryPolicy.standard.attempts <= Limits.attempts)
        #expect(RetryPolicy.standard.delays.allSatisfy { $0 <= Limits.retryDelayMilliseconds })
    }

    @Test func `a Retry-After is no longer than a delay may be`() {
        #expect(Limits.retryAfterMilliseconds <= Limits.retryDelayMilliseconds)
    }

    @Test func `an endpoint is disabled only after the standard policy has ended for some delivery`() {
        let policy = RetryPolicy.standard
        let longest = policy.delays.reduce(0, +) * Int64(100 + policy.jitterPercent) / 100
        #expect(longest < Limits.failingMilliseconds)
    }

    @Test func `an endpoint is warned about before it is disabled`() {
        let days = Limits.failingWarningDays
        #expect(days == days.sorted() && days.allSatisfy { 0 < $0 })
        #expect(Int64(days.last!) * 86_400_000 < Limits.failingMilliseconds)
    }

    @Test func `a breaker opens for longer and longer, and is probed many times before its endpoint is disabled`() {
        #expect(Limits.breakerOpenMilliseconds < Limits.breakerOpenMillisecondsMost)
        #expect(100 * Limits.breakerOpenMillisecondsMost < Limits.failingMilliseconds)
    }

    @Test func `an open breaker gives its deliveries back, whatever its jitter`() {
        let shortest = Limits.breakerOpenMilliseconds * (100 - Limits.breakerJitterPercent) / 100
        #expect(Limits.shortHoldNanoseconds < shortest * 1_000_000)
    }

    @Test func `a breaker's window holds the failures that open it`() {
        // At the default window and time limit, ten attempts that time out end within the window.
        let rounds = (Limits.breakerAttemptsLeast + Limits.endpointWindow - 1) / Limits.endpointWindow
        #expect(Int64(rounds) * Limits.attemptMilliseconds <= Limits.breakerWindowMilliseconds)
        // In a row, or as a share of the least number: neither rule makes the other superfluous.
        #expect(Limits.breakerAttemptsLeast * Limits.breakerFailedPercent < Limits.breakerFailuresInARow * 100)
        #expect(Limits.breakerWindowMilliseconds % 6 == 0, "the window is counted in six parts")
    }

    @Test func `a lane outlives a short hold`() {
        #expect(Limits.shortHoldNanoseconds < Limits.laneRetirementNanoseconds)
    }

    @Test func `a stop waits for attempts at the default time limit`() {
        #expect(Limits.attemptMilliseconds < Limits.shutdownGraceMilliseconds)
    }

    // MARK: Messages

    @Test func `the head of a request is smaller than receivers accept`() {
        // 8 KiB, of which URL and owner's headers leave a KiB for ours: signature, id, time, type, length, host.
        #expect(Limits.urlBytes + Limits.customHeaderBytes + 1_024 <= 8 * 1_024)
        // One header of the longest name has room for a value.
        #expect(Limits.headerNameBytes < Limits.customHeaderBytes)
    }

    @Test func `the defaults of a batch are within its bounds`() {
        #expect(1 < Limits.batchEvents && Limits.batchEvents <= Limits.batchEventsMost)
        #expect(Limits.batchBytesLeast <= Limits.batchBytes && Limits.batchBytes <= Limits.batchBytesMost)
        #expect(Limits.batchWaitMillisecondsLeast <= Limits.batchWaitMilliseconds)
        #expect(Limits.batchWaitMilliseconds <= Limits.batchWaitMillisecondsMost)
        #expect(Limits.batchEventsMost <= Limits.eventsPerCommit)
    }

    @Test func `a batch waits at least as long as a report, so that one commit forms it`() {
        #expect(Limits.outcomeLingerMilliseconds <= Limits.batchWaitMillisecondsLeast)
    }

    @Test func `a signature is still valid when the longest attempt ends`() {
        #expect(2 * Limits.attemptMillisecondsMost <= Limits.signatureToleranceSeconds * 1_000)
    }

    @Test func `one header of a scheme fits the lines that an owner may add`() {
        #expect(Limits.headerNameBytes + Limits.templateBytes < Limits.customHeaderBytes)
        #expect(Limits.schemeMarkBytes < Limits.templateBytes)
    }

    @Test func `dead letters are kept longer than delivered events`() {
        #expect(Limits.retentionMilliseconds <= Limits.deadLetterMilliseconds)
        // An owner who is warned for five days can still redeliver.
        #expect(Limits.failingMilliseconds < Limits.deadLetterMilliseconds)
    }

    // MARK: Settings and command

    @Test func `a settings document fits a file, and a wrong name is shown whole`() {
        #expect(Limits.settingsBytes <= Limits.textFileBytes)
        #expect(Limits.pemBytes <= Limits.textFileBytes)
        #expect(Limits.shownValueBytes >= Limits.tenantNameBytes && Limits.shownValueBytes >= Limits.endpointNameBytes)
    }

    @Test func `a line of the publish command holds the largest event with every byte escaped`() {
        #expect(6 * (Limits.payloadBytes + Limits.recordOverheadBytes) <= Limits.publishLineBytes)
        #expect(Limits.publishReadBytes <= Limits.publishLineBytes)
    }

    @Test func `the publish command reads ahead no more than its publisher holds`() {
        #expect(Limits.publishLineBatch <= Limits.publishFrameEvents)
        #expect(Limits.publishLineBatch * Limits.publishLineBatches <= Limits.publisherEvents)
    }

    @Test func `a conformance check may fill several windows`() {
        #expect(Limits.checkBytes == 4 * Limits.windowBytes)
    }
}
