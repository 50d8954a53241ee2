package import WebhookModel
import WireProtocol

// Who the peer is, at HELLO and for as long as the connection lasts.
extension IngestSession {
    /// Why a HELLO opens nothing, in words for the producer and the log.
    struct KeyRefusal: Error {
        let reason: String
    }

    /// The gate that this HELLO opens.
    mutating func authenticate(
        _ hello: Hello, directory: TenantDirectory, now: Moment
    ) -> Result<TenantGate, KeyRefusal> {
        let certificate = clientCertificate
        clientCertificate = nil
        var text = hello.apiKey
        let authentication = text.withUTF8 { rules.authenticate(UnsafeRawBufferPointer($0), certificate) }
        guard let authentication else {
            let reason =
                switch (hello.apiKey.isEmpty, certificate) {
                case (false, _): "the API key is not known"
                case (true, nil): "neither an API key nor a client certificate was shown"
                case (true, _): "no API key names the client certificate"
                }
            return .failure(KeyRefusal(reason: reason))
        }
        let gate = TenantGate(authentication, directory: directory, rates: rules.rates)
        if let reason = gate.refusal(wallMilliseconds: now.wallMilliseconds) {
            return .failure(KeyRefusal(reason: reason))
        }
        return .success(gate)
    }

    /// Answers a HELLO that opens nothing: after the delay, whatever was wrong.
    mutating func refuse(_ hello: Hello, _ refusal: KeyRefusal, now: Moment) {
        tally.authFailures += 1
        notices.append(.authFailed(client: hello.clientName, reason: refusal.reason))
        phase = .refusing(Close(.authFailed, text: refusal.reason))
        deadline = now.monotonic + .milliseconds(rules.configuration.authFailureDelayMilliseconds)
    }

    /// Holds the key against the current directory and the time: one that was removed, replaced or has expired ends the
    /// connection, an idle one too. What was taken is answered first.
    package mutating func review(_ directory: TenantDirectory, now: Moment) {
        guard phase == .open, let reason = gate?.review(directory, wallMilliseconds: now.wallMilliseconds) else {
            return
        }
        fail(.authFailed, reason, now: now)
    }
}
