import NIOCore
import WebhookModel
import WebhookSigning

/// The state of one event loop: resolved paths and signature verifiers, and its access to the shared core.
final class LoopContext: @unchecked Sendable {
    // Unchecked: made before its loop serves anything, then used on that loop only.
    private let shared: SharedCore
    private var epoch = -1
    private var paths: [UInt64: ResolvedPath] = [:]
    private var checks = SignatureChecks()
    private let tolerance: Int64
    private let excerptBytes: Int?
    private var connections: [ObjectIdentifier: any Channel] = [:]
    private var unflushed: [RequestHandler] = []

    init(shared: SharedCore, configuration: ReceiverConfiguration) {
        self.shared = shared
        tolerance = configuration.tolerance
        // The ring takes its excerpt itself.
        excerptBytes =
            configuration.journalFile != nil
            ? .max : configuration.journalCapacity > 0 ? configuration.journalExcerptBytes : nil
    }

    func add(_ connection: any Channel) { connections[ObjectIdentifier(connection)] = connection }
    func remove(_ connection: any Channel) { connections[ObjectIdentifier(connection)] = nil }

    /// Flushes after everything that this turn of the loop has read is answered, so that a sender is woken once for its
    /// whole batch.
    func flushSoon(_ handler: RequestHandler, _ eventLoop: any EventLoop) {
        unflushed.append(handler)
        guard unflushed.count == 1 else { return }
        eventLoop.assumeIsolated().execute {
            for handler in self.unflushed { handler.flush() }
            self.unflushed.removeAll(keepingCapacity: true)
        }
    }

    /// Resets every connection of this loop.
    func evict() {
        for connection in connections.values { connection.resetConnection() }
    }

    /// Checks, records and decides one whole request.
    ///
    /// - Parameters:
    ///   - bytes: the request, as given to the parser.
    ///   - latest: the connection's latest path, tried first; set to this request's.
    ///   - now: Unix nanoseconds.
    func receive(
        _ parser: borrowing RequestParser, _ bytes: UnsafeRawBufferPointer, _ latest: inout ResolvedPath?, now: Int64
    ) -> Decision {
        parser.withView(bytes) { view in
            if let found = FoundHandshake.find(posted: view), let decision = receive(found, view, now: now) {
                return decision
            }
            let hash = BodyHash.of(view.body)
            while true {
                let path = resolve(view.path, &latest)
                let view = view.read(for: path)
                var request = self.request(path, view, now: now)
                request.bodyHash = hash
                request.bodyLength = view.body.count
                checks.check(&request, view, tolerance: tolerance)
                let excerpt = excerpt(path, view)
                if let decision = shared.withCore({ $0.receive(request, view, excerpt: excerpt) }) { return decision }
                // The program changed in the meantime.
                latest = nil
                forget()
            }
        }
    }

    /// Checks a request whose head is whole and whose body is not.
    ///
    /// - Returns: nil: no rule applies yet.
    func receiveHead(
        _ parser: borrowing RequestParser, _ bytes: UnsafeRawBufferPointer, _ latest: inout ResolvedPath?, now: Int64
    ) -> Decision? {
        let (current, mayAnswer) = shared.withCore { ($0.epoch, $0.mayAnswerEarly) }
        // A handshake must not make an endpoint of its path, and only its body shows that it is one.
        guard mayAnswer else { return nil }
        // The cached path may be stale, and it is not checked again before the request is whole.
        if current != epoch {
            latest = nil
            forget()
        }
        return parser.withView(bytes) { view in
            let path = resolve(view.path, &latest)
            let view = view.read(for: path)
            var request = self.request(path, view, now: now)
            request.isWhole = false
            let excerpt = excerpt(path, view)
            return shared.withCore { $0.receiveHead(request, view, excerpt: excerpt) }
        }
    }

    /// Records and decides a request of a method that carries no webhook.
    ///
    /// - Returns: nil: nothing answers it, so it is refused.
    func receiveOther(_ parser: borrowing RequestParser, _ bytes: UnsafeRawBufferPointer, now: Int64) -> Decision? {
        parser.withView(bytes) { view in
            let path = otherPath(view)
            let found = FoundHandshake.find(in: view).flatMap { path.handshakes.contains($0.kind) ? $0 : nil }
            return receiveOther(found, path, view, now: now)
        }
    }

    /// nil: the program does not answer such handshakes, or the request has a message's id: it is a message.
    private func receive(_ found: FoundHandshake, _ view: RequestView, now: Int64) -> Decision? {
        let path = otherPath(view)
        guard path.handshakes.contains(found.kind), view.value(of: path.idHeader).isEmpty else { return nil }
        return receiveOther(found, path, view, now: now)
    }

    private func receiveOther(
        _ found: FoundHandshake?, _ path: ResolvedPath, _ view: RequestView, now: Int64
    ) -> Decision? {
        var view = view.read(for: path)
        view.handshake = found?.kind
        var request = ReceivedRequest(path, at: now)
        request.isMessage = false
        request.handshake = found?.kind
        request.bodyLength = view.body.count
        // Without an id, because it is no attempt of a message.
        let excerpt = excerpt(id: "", view)
        return shared.withCore { $0.receiveOther(request, view, answer: found?.answer, excerpt: excerpt) }
    }

    /// Not from the cache: such requests are rare, and their paths need not be endpoints.
    private func otherPath(_ view: RequestView) -> ResolvedPath {
        shared.withCore { $0.resolveOther(String(decoding: view.path, as: UTF8.self)) }
    }

    private func request(_ path: ResolvedPath, _ view: RequestView, now: Int64) -> ReceivedRequest {
        var request = ReceivedRequest(path, at: now)
        let webhookID = view.value(of: path.idHeader)
        guard !webhookID.isEmpty else { return request }
        let identity = EventID.of(webhookID: webhookID)
        request.id = identity.id
        request.isForeignID = identity.isForeign
        return request
    }

    /// The path from its connection, or from this loop's cache, or from the core. Different paths with the same hash
    /// are in adjacent places.
    private func resolve(_ bytes: UnsafeRawBufferPointer, _ latest: inout ResolvedPath?) -> ResolvedPath {
        if let latest, latest.epoch == epoch, isPath(latest, bytes) { return latest }
        var place = BodyHash.of(bytes)
        while let known = paths[place] {
            if isPath(known, bytes) {
                latest = known
                return known
            }
            place &+= 1
        }
        let resolved = shared.withCore { $0.resolve(String(decoding: bytes, as: UTF8.self)) }
        if resolved.epoch != epoch {
            forget()
            epoch = resolved.epoch
        }
        // Paths beyond the cap are not cached either.
        if resolved.number != nil { paths[place] = resolved }
        latest = resolved
        return resolved
    }

    private func isPath(_ path: ResolvedPath, _ bytes: UnsafeRawBufferPointer) -> Bool {
        path.bytes.withUnsafeBytes { RequestView.equal($0, bytes) }
    }

    private func forget() {
        paths.removeAll()
        checks = SignatureChecks()
        epoch = -1
    }

    private func excerpt(_ path: ResolvedPath, _ view: RequestView) -> ReceivedRequest.Excerpt? {
        guard excerptBytes != nil else { return nil }
        let id = view.value(of: path.idHeader).prefix(4 * JournalEntry.mostIDBytes)
        return excerpt(id: JournalEntry.kept(id: String(decoding: id, as: UTF8.self)), view)
    }

    private func excerpt(id: String, _ view: RequestView) -> ReceivedRequest.Excerpt? {
        guard let excerptBytes else { return nil }
        return ReceivedRequest.Excerpt(
            id: id,
            head: Array(view.bytes.prefix(min(view.headLength, excerptBytes))),
            body: Array(view.body.prefix(excerptBytes)))
    }
}
