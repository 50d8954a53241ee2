/// What an operator may want to know about a publisher.
package enum PublisherNotice: Sendable, Equatable {
    case connected(address: String)
    /// A connection ended, or could not be made.
    case lost(address: String, error: IngestError, wasOpen: Bool, nextInMilliseconds: Int64)
    case askedToLeave(address: String, reason: String)
    /// A publication ended without all its answers.
    case gaveUp(PublishError)
}
