import Threading

/// The answer that a command's caller waits for. It is given exactly once: by `send`, or as `stopped` when the last reference goes without
/// an answer. So a command that is dropped on any path (at shutdown, after a failure, in a mailbox that nobody drains) is answered too.
package final class CommandReply<Value: Sendable>: Sendable {
    private let deliver: Locked<(@Sendable (Result<Value, TenancyError>) -> Void)?>

    package init(_ deliver: @escaping @Sendable (Result<Value, TenancyError>) -> Void) {
        self.deliver = Locked(deliver)
    }

    deinit { take()?(.failure(.stopped)) }

    /// Answers the caller. A second answer is a programming error.
    package func send(_ result: Result<Value, TenancyError>) {
        guard let deliver = take() else { preconditionFailure("a command is answered once") }
        deliver(result)
    }

    private func take() -> (@Sendable (Result<Value, TenancyError>) -> Void)? {
        deliver.withLock { deliver in
            defer { deliver = nil }
            return deliver
        }
    }
}
