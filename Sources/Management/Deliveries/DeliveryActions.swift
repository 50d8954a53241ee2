import Access
import DurableQueue
import Store
import WebhookModel

// One delivery: deliver it again, cancel it.
extension ManagementDesk {
    /// Delivers a final delivery again: it is due at once, in a new round of its webhook's policy.
    ///
    /// - Returns: it as it is now, when that is durable.
    public func redeliver(_ id: String, for caller: Caller) async throws(ManagementError) -> Delivery {
        try await perform(.redeliver, on: id, for: caller)
    }

    /// Sends a delivery no more.
    ///
    /// - Returns: it as it is now, when that is durable.
    public func cancel(_ id: String, for caller: Caller) async throws(ManagementError) -> Delivery {
        try await perform(.cancel, on: id, for: caller)
    }

    private func perform(
        _ action: DeliveryAction, on id: String, for caller: Caller
    ) async throws(ManagementError) -> Delivery {
        try caller.require(.writeDeliveries)
        let number = try delivery(id, visibleTo: caller).listed.id
        let result: DeliveryActionResult
        do throws(TenancyError) { result = try await queue.perform(action, on: number) } catch {
            throw ManagementError(error)
        }
        if let refusal = ManagementError(result, action) { throw refusal }
        return try delivery(id, visibleTo: caller)
    }
}

extension ManagementError {
    /// Nil: it was done.
    fileprivate init?(_ result: DeliveryActionResult, _ action: DeliveryAction) {
        switch (result, action) {
        case (.done, _): return nil
        case (.unknown, _): self = .notFound("delivery")
        case (.wrongState, .redeliver):
            self.init(.conflict, "the delivery is not final: it will be attempted anyway; see next_attempt_at")
        case (.wrongState, .cancel):
            self.init(.conflict, "the delivery is final already; only one that waits for an attempt can be cancelled")
        case (.withoutEndpoint, _):
            self.init(.conflict, "the delivery's webhook was removed; create it again under its name first")
        case (.held, _):
            self.init(
                .conflict, "the delivery is being attempted, and cannot be taken back; try again if it fails")
        case (.inBatch, _):
            self.init(.conflict, "the delivery waits to be sent in a batch with others, and cannot be taken out")
        case (.tooManyAttempts, _):
            self.init(
                .limitReached, "the delivery was attempted too often to be delivered again; publish the event anew")
        }
    }
}
