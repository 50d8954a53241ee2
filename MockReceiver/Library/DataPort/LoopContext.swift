import WebhookModel
import WebhookSigning

/// What one event loop keeps for itself: resolved paths and signature verifiers, and its way to the shared core.
final class LoopContext: @unchecked Sendable {
    // Unchecked: made before its loop serves anything, then touched on that loop only.
    private let shared: SharedCore
    private var epoch = -1
    private var paths: [UInt64: ResolvedPath] = [:]
    /// By secret rule: an OpenSSL context belongs to one thread.
    private var verifiers: [Int: SignatureVerifier] = [:]
    private let tolerance: Int64
    private let excerptBytes: Int?

    init(shared: SharedCore, configuration: ReceiverConfiguration) {
        self.shared = shared
        tolerance = configuration.tolerance
        excerptBytes = configuration.journalCapacity > 0 ? configuration.journalExcerptBytes : nil
    }

    /// Checks, accounts for and decides one whole request.
    ///
    /// - Parameters:
    ///   - bytes: the request, as given to the parser.
    ///   - now: Unix nanoseconds.
    func receive(_ parser: RequestParser, _ bytes: UnsafeRawBufferPointer, now: Int64) -> Decision {
        parser.withBody(bytes) { body in
            let hash = BodyHash.of(body)
            while true {
                let path = resolve(UnsafeRawBufferPointer(rebasing: bytes[parser.head.path]))
                let webhookID = parser.value(of: path.idHeader, in: bytes)
                let identity = webhookID.isEmpty ? nil : EventID.of(webhookID: webhookID)
                let request = ReceivedRequest(
                    path: path, id: identity?.id, isForeignID: identity?.isForeign ?? false, bodyHash: hash,
                    bodyLength: body.count, verdict: verdict(path, parser, bytes, body, now: now), at: now)
                let excerpt = excerpt(parser, bytes, webhookID, body)
                if let decision = shared.withCore({ $0.receive(request, excerpt: excerpt) }) { return decision }
                // The program changed in between.
                forget()
            }
        }
    }

    private func verdict(
        _ path: ResolvedPath, _ parser: RequestParser, _ bytes: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer,
        now: Int64
    ) -> Verdict {
        guard let rule = path.secretRule, let check = path.check else { return .unchecked }
        let verifier: SignatureVerifier
        if let known = verifiers[rule] {
            verifier = known
        } else {
            verifier = SignatureVerifier(check.secrets, scheme: check.scheme, tolerance: tolerance)
            verifiers[rule] = verifier
        }
        return Verdict(
            verifier.verify(body: body, now: now / 1_000_000_000) { parser.value(of: $0, in: bytes) })
    }

    /// The path from this loop's cache, else from the core. Unlike paths of one hash stand in neighbouring places.
    private func resolve(_ bytes: UnsafeRawBufferPointer) -> ResolvedPath {
        var place = BodyHash.of(bytes)
        while let known = paths[place] {
            if known.path.utf8.elementsEqual(bytes) { return known }
            place &+= 1
        }
        let resolved = shared.withCore { $0.resolve(String(decoding: bytes, as: UTF8.self)) }
        if resolved.epoch != epoch {
            forget()
            epoch = resolved.epoch
        }
        // What is beyond the cap is not kept here either.
        if resolved.number != nil { paths[place] = resolved }
        return resolved
    }

    private func forget() {
        paths.removeAll()
        verifiers.removeAll()
    }

    private func excerpt(
        _ parser: RequestParser, _ bytes: UnsafeRawBufferPointer, _ webhookID: UnsafeRawBufferPointer,
        _ body: UnsafeRawBufferPointer
    ) -> ReceivedRequest.Excerpt? {
        guard let excerptBytes else { return nil }
        return ReceivedRequest.Excerpt(
            id: String(decoding: webhookID, as: UTF8.self),
            head: Array(bytes.prefix(min(parser.headLength, excerptBytes))), body: Array(body.prefix(excerptBytes)))
    }
}
