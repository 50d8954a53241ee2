import LMDB
public import WebhookModel

/// A row of `deliveries`: 24 bytes.
public struct DeliveryRow: Sendable, Equatable {
    public var state: DeliveryState
    /// Of the last attempt; meaningless before the first.
    public var outcome: Outcome
    /// Attempts made.
    public var attempts: UInt16
    /// HTTP status of the last attempt; 0: no answer.
    public var status: UInt16
    /// While scheduled: when it is due, Unix milliseconds.
    public var dueAt: Int64
    /// When it became final, Unix milliseconds; 0 before.
    public var finishedAt: Int64
    public var round: DeliveryRound

    static let bytes = 24

    public init(
        state: DeliveryState, outcome: Outcome = .delivered, attempts: UInt16 = 0, status: UInt16 = 0, dueAt: Int64,
        finishedAt: Int64 = 0, round: DeliveryRound = .first
    ) {
        self.state = state
        self.outcome = outcome
        self.attempts = attempts
        self.status = status
        self.dueAt = dueAt
        self.finishedAt = finishedAt
        self.round = round
    }

    func write(to value: UnsafeMutableRawBufferPointer) {
        value[0] = state.rawValue
        value[1] = outcome.rawValue
        value.store(attempts, at: 2)
        value.store(status, at: 4)
        value.store(round.bits, at: 6)
        value.store(dueAt, at: 8)
        value.store(finishedAt, at: 16)
    }

    init?(_ value: UnsafeRawBufferPointer) {
        guard value.count == DeliveryRow.bytes, let state = DeliveryState(rawValue: value[0]),
            let outcome = Outcome(rawValue: value[1])
        else { return nil }
        self.init(
            state: state, outcome: outcome, attempts: value.uint16(at: 2), status: value.uint16(at: 4),
            dueAt: Int64(bitPattern: value.uint64(at: 8)), finishedAt: Int64(bitPattern: value.uint64(at: 16)),
            round: DeliveryRound(bits: value.uint16(at: 6)))
    }
}

extension DeliveryRound {
    /// Attempts of earlier rounds that a row can count; the two bits above hold the trigger.
    static let earlierMost: UInt16 = 0x3FFF

    fileprivate var bits: UInt16 { UInt16(trigger.rawValue) << 14 | min(earlier, DeliveryRound.earlierMost) }

    fileprivate init(bits: UInt16) {
        self.init(earlier: bits & DeliveryRound.earlierMost, trigger: AttemptTrigger(rawValue: UInt8(bits >> 14)) ?? .schedule)
    }
}
