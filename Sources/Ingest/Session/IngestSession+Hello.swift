import Access
package import Threading
package import WebhookModel
import WireProtocol

// HELLO, and the API key for as long as the connection lasts. The only file that changes `gate`'s key.
extension IngestSession {
    /// Handles the first frame, which must be HELLO.
    mutating func handleFirst(_ frame: Frame, directory: TenantDirectory, now: Instant) {
        guard frame.header.type == .hello else {
            return fail(.protocolError, "the first frame is of type \(frame.header.typeByte), not HELLO", now: now)
        }
        guard frame.isIntact else { return fail(.corrupt, "the checksum of HELLO is wrong", now: now) }
        do throws(BodyError) {
            welcome(try Hello(decoding: frame.body), requestID: frame.header.requestID, directory: directory, now: now)
        } catch {
            fail(.protocolError, "HELLO: \(error)", now: now)
        }
    }

    private mutating func welcome(_ hello: Hello, requestID: UInt64, directory: TenantDirectory, now: Instant) {
        do throws(AccessRefusal) {
            let opened = try openGate(hello, directory: directory, now: now)
            guard drain == nil else { return finish(Close(.draining, text: "the server is shutting down"), now: now) }
            tally.authenticated += 1
            gate = opened
            decoder.bodyLimit = rules.configuration.frameBytes
            phase = .open
            rules.configuration.welcome.write(to: &output, requestID: requestID)
        } catch {
            refuse(hello, error, now: now)
        }
    }

    /// Authenticates the client and checks that its key may publish now.
    private mutating func openGate(
        _ hello: Hello, directory: TenantDirectory, now: Instant
    ) throws(AccessRefusal) -> EventGate {
        let certificate = clientCertificate
        clientCertificate = nil
        let key = Array(hello.apiKey.utf8)
        guard let authentication = rules.authenticate(key, certificate) else {
            throw AccessRefusal(shownKey: key, certificate)
        }
        let gate = EventGate(
            authentication, directory: directory, rates: rules.rates, payloadLimit: rules.configuration.payloadBytes)
        if let refusal = gate.refusal(wallMilliseconds: now.wallMilliseconds) { throw refusal }
        return gate
    }

    /// Answers a HELLO that was refused. The delay is the same for every reason.
    private mutating func refuse(_ hello: Hello, _ refusal: AccessRefusal, now: Instant) {
        tally.authFailures += 1
        notices.append(.authFailed(client: hello.clientName, reason: refusal.description))
        phase = .refusing(Close(.authFailed, text: "\(refusal); \(refusal.mend)"))
        deadline = now.monotonic + .milliseconds(rules.configuration.authFailureDelayMilliseconds)
    }

    /// Checks the key against the current snapshot and the time. A key that was removed, was replaced or has expired ends the
    /// connection, also an idle one. What the session has taken is answered first.
    package mutating func review(_ directory: TenantDirectory, now: Instant) {
        guard phase == .open, let refusal = gate?.review(directory, wallMilliseconds: now.wallMilliseconds) else {
            return
        }
        fail(.authFailed, refusal.description, now: now)
    }
}
