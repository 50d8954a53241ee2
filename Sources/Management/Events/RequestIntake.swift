import Threading
import WebhookModel

/// The way of a request's events to the writer and back: one batch, one waiting task.
final class RequestIntake: Sendable {
    private let port: IntakePort
    private let receipts = ReceiptPort { batches in
        for batch in batches { (batch.source as? Waiting)?.resume(with: batch) }
    }

    init(_ port: IntakePort) { self.port = port }

    /// Where the request waits. A batch that the queue drops, because it ends, resumes it too.
    private final class Waiting: Sendable {
        private let continuation: Locked<CheckedContinuation<EventBatch?, Never>?>

        init(_ continuation: CheckedContinuation<EventBatch?, Never>) { self.continuation = Locked(continuation) }

        deinit { resume(with: nil) }

        func resume(with batch: EventBatch?) {
            let waiting = continuation.withLock { continuation in
                defer { continuation = nil }
                return continuation
            }
            waiting?.resume(returning: batch)
        }
    }

    /// Gives the events to the writer, and returns the decided drafts when they are durable.
    ///
    /// - Parameter make: makes the batch with this source and these receipts.
    /// - Returns: nil: the queue ended before it answered. Drafts that the queue had no room for are `busy`.
    func offer(_ make: (any AnyObject & Sendable, ReceiptPort) -> EventBatch) async -> [EventDraft]? {
        let batch = await withCheckedContinuation { (continuation: CheckedContinuation<EventBatch?, Never>) in
            let waiting = Waiting(continuation)
            let batch = make(waiting, receipts)
            guard batch.hasUndecided, port.offer(batch, {}) else {
                batch.settle(.busy, retryAfter: Limits.storageFullRetryMilliseconds)
                return waiting.resume(with: batch)
            }
        }
        return batch?.drafts
    }
}
