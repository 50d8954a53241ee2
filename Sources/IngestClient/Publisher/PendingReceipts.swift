import NIOConcurrencyHelpers

/// The receipts of a `submit`, to be collected later, also by several tasks.
public final class PendingReceipts: Sendable {
    private struct State {
        var result: Result<[EventReceipt], PublishError>?
        var isAdmitted = false
        var admission: CheckedContinuation<Void, Never>?
        var waits: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var nextWait: UInt64 = 0
    }

    private let state = NIOLockedValueBox(State())

    package init() {}

    /// Waits for the answers, and returns one receipt per event, in order.
    ///
    /// A cancelled task stops waiting. The events continue, and the receipts can still be collected.
    public func receipts() async throws(PublishError) -> [EventReceipt] {
        if let result = state.withLockedValue({ $0.result }) { return try result.get() }
        let number = state.withLockedValue { state in
            state.nextWait += 1
            return state.nextWait
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { wait(as: number, $0) }
        } onCancel: {
            state.withLockedValue { $0.waits.removeValue(forKey: number) }?.resume()
        }
        guard let result = state.withLockedValue({ $0.result }) else {
            throw PublishError(reason: .cancelled, receipts: [], inDoubt: 0, notStored: 0)
        }
        return try result.get()
    }

    /// The receipt of a single event, or of the first of several.
    public func receipt() async throws(PublishError) -> EventReceipt { try await receipts()[0] }

    /// The result, if it is complete. nil: answers are still missing.
    public var result: Result<[EventReceipt], PublishError>? { state.withLockedValue { $0.result } }

    // The result or the cancellation may have come in the meantime.
    private func wait(as number: UInt64, _ continuation: CheckedContinuation<Void, Never>) {
        let isOver = state.withLockedValue { state in
            guard state.result == nil, !Task.isCancelled else { return true }
            state.waits[number] = continuation
            return false
        }
        if isOver { continuation.resume() }
    }

    // MARK: Called by the publisher

    /// Waits for the end, even if the task is cancelled: the caller that cancels withdraws the publication, which ends
    /// it.
    func end() async -> Result<[EventReceipt], PublishError> {
        if let result { return result }
        await withCheckedContinuation { continuation in
            let isOver = state.withLockedValue { state in
                guard state.result == nil else { return true }
                state.waits[0] = continuation
                return false
            }
            if isOver { continuation.resume() }
        }
        guard let result else { preconditionFailure("a publication ends with a result") }
        return result
    }

    /// Waits until the publication is admitted, or has ended.
    func admission() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLockedValue { state in
                guard !state.isAdmitted, state.result == nil else { return true }
                state.admission = continuation
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    func admit() {
        state.withLockedValue { state in
            state.isAdmitted = true
            defer { state.admission = nil }
            return state.admission
        }?.resume()
    }

    func end(_ result: Result<[EventReceipt], PublishError>) {
        let (admission, waits) = state.withLockedValue { state in
            defer { (state.admission, state.waits) = (nil, [:]) }
            state.result = result
            return (state.admission, state.waits)
        }
        admission?.resume()
        for wait in waits.values { wait.resume() }
    }
}
