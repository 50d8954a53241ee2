import MockReceiver

/// The hash of each event's payload by the receiver's function, computed again from the sequence number. Nothing is
/// kept per event.
final class PayloadHash: @unchecked Sendable {
    // Unchecked: used by one thread at a time, the reconciliation that owns it.
    private var template: RecordTemplate

    init(workload: Workload, identity: RunIdentity) {
        template = RecordTemplate(workload: workload, identity: identity)
    }

    func of(_ sequence: Int) -> UInt64 { template.withPayload(of: sequence) { BodyHash.of($0) } }
}
