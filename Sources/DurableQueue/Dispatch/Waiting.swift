package import Store
package import WebhookModel

/// A delivery and the table in which it waits.
package struct Waiting: Equatable {
    package var pending: PendingEntry
    package var entry: QueueEntry

    package init(pending: PendingEntry, entry: QueueEntry) {
        self.pending = pending
        self.entry = entry
    }
}
