import MockReceiver

/// The hash of each event's payload by the receiver's function, made again from the sequence number: nothing is kept
/// per event.
final class PayloadHash: @unchecked Sendable {
    // Unchecked: used by one thread at a time, by the reconciliation that owns it.
    private var template: RecordTemplate

    init(workload: Workload, identity: RunIdentity) {
        template = RecordTemplate(workload: workload, identity: identity)
    }

    func of(_ sequence: Int) -> UInt64 { template.withPayload(of: sequence) { BodyHash.of($0) } }
}
