/// Messages from any thread to one owner: a mutex, an array that is swapped out whole, and the owner's bell.
///
/// Bounded by weight (the caller's unit: events, bytes, messages). A full mailbox says no at once; who was told no may leave
/// a waker, called once when the owner next drains.
public final class Mailbox<Message: Sendable>: Sendable {
    private struct State {
        var messages: [Message] = []
        var weight = 0
        var wakers: [@Sendable () -> Void] = []
        var closed = false
        var sealed = false
    }

    private let state: Locked<State>
    private let bell: Bell
    public let capacity: Int

    public init(capacity: Int, bell: Bell) {
        state = Locked(State())
        self.capacity = capacity
        self.bell = bell
    }

    /// Puts the message in unless the mailbox is full or closed. One message is always taken by an empty mailbox, whatever it
    /// weighs.
    ///
    /// - Parameter onRoom: called once, on the owner's thread, after the drain that follows a refusal.
    /// - Returns: false: full or closed; the message was not taken.
    public func offer(_ message: Message, weight: Int = 1, onRoom: (@Sendable () -> Void)? = nil) -> Bool {
        let taken = state.withLock { state in
            guard !state.closed, state.messages.isEmpty || state.weight + weight <= capacity else {
                if let onRoom { state.wakers.append(onRoom) }
                return false
            }
            state.messages.append(message)
            state.weight += weight
            return true
        }
        if taken { bell.ring() }
        return taken
    }

    /// Puts the message in whatever the weight: for senders that are bounded by their own windows.
    ///
    /// - Returns: false: the mailbox is sealed; the message was not taken.
    @discardableResult
    public func post(_ message: Message, weight: Int = 0) -> Bool {
        let taken = state.withLock { state in
            guard !state.sealed else { return false }
            state.messages.append(message)
            state.weight += weight
            return true
        }
        if taken { bell.ring() }
        return taken
    }

    /// Takes everything, in order. `messages` must be empty: its storage becomes the mailbox's next one.
    public func drain(into messages: inout [Message]) {
        precondition(messages.isEmpty, "drain into an empty array")
        let wakers = state.withLock { state -> [@Sendable () -> Void] in
            swap(&state.messages, &messages)
            state.weight = 0
            guard !state.wakers.isEmpty else { return [] }
            let wakers = state.wakers
            state.wakers.removeAll()
            return wakers
        }
        for wake in wakers { wake() }
    }

    /// Offers are refused from now on; posts and what is inside still arrive.
    public func close() { state.withLock { $0.closed = true } }

    /// Nothing is taken from now on, neither offers nor posts. What is inside still arrives, and `last` after it.
    public func seal(with last: Message? = nil) {
        state.withLock { state in
            guard !state.sealed else { return }
            state.closed = true
            state.sealed = true
            if let last { state.messages.append(last) }
        }
        bell.ring()
    }

    public var isEmpty: Bool { state.withLock { $0.messages.isEmpty } }
}
