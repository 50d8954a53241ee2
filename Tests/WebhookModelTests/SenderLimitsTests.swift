import Testing
import WebhookModel

/// Relations between the bounds of names, addresses, connections and answers.
@Suite struct SenderLimitsTests {
    @Test func `names and addresses leave an attempt its time`() {
        // One name server that does not answer is known to be silent before an attempt's time is over.
        #expect(Int64(Limits.lookupTrySeconds * Limits.lookupTries) * 1_000 <= Limits.attemptMilliseconds)
        // What waits for a name that nobody answers for goes back to the queue.
        #expect(Limits.nameUnansweredMilliseconds * 1_000_000 > Limits.shortHoldNanoseconds)
        #expect(Limits.nameUnknownMilliseconds * 1_000_000 > Limits.shortHoldNanoseconds)
        #expect(Limits.nameUnansweredMilliseconds < Limits.namePauseMillisecondsMost)
        #expect(Limits.nameUnknownMilliseconds < Limits.namePauseMillisecondsMost)
        // At one failure per look-up, a name that does not exist opens no breaker within a minute.
        #expect(Limits.nameUnknownMilliseconds * Int64(Limits.breakerFailuresInARow) >= 50_000)
        // Every address of a name is tried while the first may still connect.
        #expect(Limits.addressDelayMilliseconds * Int64(Limits.addressesPerAttempt) < Limits.connectMilliseconds)
        // They need a fraction of the descriptors that attempts have.
        #expect(10 * Limits.rivalConnections <= Limits.transfersPerSender)
        // A name's addresses are remembered as failing for longer than they are cached.
        #expect(Limits.addressAvoidedMilliseconds > Limits.nameUsableMilliseconds)
    }

    @Test func `an attempt whose outcome is decided does not hold its place for long`() {
        // Every endpoint's limit leaves time for the rest of an answer.
        #expect(Limits.answerRestMilliseconds <= Limits.attemptMillisecondsLeast)
        // The connections of such answers are a small part of a sender's.
        #expect(Limits.drainingAnswers * 16 <= Limits.transfersPerSender)
    }

    @Test func `a connection that its server keeps for two seconds is used again`() {
        #expect(Limits.keepAliveMarginMilliseconds < 2_000)
        #expect(Limits.keepAliveMarginMilliseconds < Limits.idleConnectionMilliseconds)
    }

    @Test func `an HTTP/2 server cannot use up more than its connection`() {
        #expect(Limits.streamsBeforeSettings <= Limits.streamsPerConnection)
        // What one answer may have fits the window, so that it is cut off by its limit and not delayed.
        #expect(Limits.connectionWindowBytes >= 4 * Limits.answerBytes)
        // A large message does not fill a connection.
        #expect(Limits.sessionOutputBytes >= Limits.payloadBytes)
        // A server that sends no more frames than its requests allow is never cut off.
        #expect(Limits.idleFrames >= Limits.streamsPerConnection * 4 && Limits.idleFramesPerRequest >= 5)
    }
}
