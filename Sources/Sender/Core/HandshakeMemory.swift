import WebhookModel

/// When the memory that many new connections needed, and do not need any more, is given back. No clock.
package struct HandshakeMemory {
    /// New connections when it was last given back.
    private var counted: UInt64 = 0
    /// When it may be given back again, monotonic nanoseconds.
    private var notBefore = Int64.min

    package init() {}

    /// Whether to give memory back now; the caller does it if so.
    ///
    /// - Parameters:
    ///   - newConnections: that the sender has opened since its start.
    ///   - now: monotonic nanoseconds.
    package mutating func isDue(newConnections: UInt64, now: Int64) -> Bool {
        guard newConnections - counted >= UInt64(Limits.connectionsBeforeTrim), now >= notBefore else { return false }
        counted = newConnections
        notBefore = now + Limits.trimMilliseconds * 1_000_000
        return true
    }
}
