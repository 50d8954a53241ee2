/// How many descriptors the senders may use: each attempt in flight and each idle connection to an endpoint has one.
///
/// A third of the process's descriptors for attempts in flight, and together with the idle connections two thirds. The
/// rest is for producers, files and connections that are being closed.
package struct DescriptorShares: Equatable {
    /// Attempts in flight in one sender.
    package let transfers: Int
    /// Idle connections of one sender.
    package let kept: Int

    /// - Parameters:
    ///   - descriptors: that the process may have.
    ///   - transfers: attempts in flight that are wanted in one sender.
    ///   - kept: idle connections that are wanted in all senders together.
    package init(of descriptors: Int, senders: Int, transfers: Int, kept: Int) {
        let third = descriptors / 3
        self.transfers = max(min(transfers, third / senders), 1)
        self.kept = max(min(kept, 2 * third - self.transfers * senders) / senders, 1)
    }
}
