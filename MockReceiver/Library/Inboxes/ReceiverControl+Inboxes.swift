extension ReceiverControl {
    /// Seconds that an inbox may last.
    static let inboxSeconds = 1...7 * 86_400

    /// A new inbox; nil: there are too many.
    func openInbox(lasting seconds: Int) -> Inbox? {
        let now = WallClock.now()
        let inbox = shared.withCore { core -> Inbox? in
            core.expireInboxes(now: now)
            var random = SystemRandomNumberGenerator()
            return core.openInbox(now: now, lasting: Int64(seconds) * 1_000_000_000, random: &random)
        }
        guard inbox != nil else { return nil }
        // The cached path in the loops must expire even if there is no request.
        Task { [weak self] in
            try await Task.sleep(for: .seconds(seconds) + .milliseconds(10))
            self?.expireInboxes()
        }
        return inbox
    }

    func closeInbox(_ token: String) -> Bool { shared.withCore { $0.closeInbox(token) } }

    func inboxes() -> [Inbox] {
        expireInboxes()
        return shared.withCore { $0.inboxes.all }
    }

    func inbox(_ token: String) -> (inbox: Inbox, entries: [JournalEntry], count: Int)? {
        expireInboxes()
        return shared.withCore { $0.inboxes.content(token) }
    }

    private func expireInboxes() {
        let now = WallClock.now()
        shared.withCore { $0.expireInboxes(now: now) }
    }
}

extension ReceiverServer {
    /// Opens a separate path whose latest 100 requests are kept until it expires.
    ///
    /// Needs a journal (`ReceiverConfiguration.journalCapacity`).
    ///
    /// - Parameter seconds: 1 second to 7 days.
    /// - Returns: nil: 128 inboxes are open.
    public func openInbox(lasting seconds: Int = 86_400) -> Inbox? {
        precondition(ReceiverControl.inboxSeconds.contains(seconds), "an inbox lasts 1 second to 7 days")
        return control.openInbox(lasting: seconds)
    }

    /// The requests of an inbox, newest first; nil: it has expired.
    public func requests(in inbox: Inbox) -> [JournalEntry]? { control.inbox(inbox.token)?.entries }
}
