import LMDB
public import WebhookModel

/// A row of `deliveries`: 24 bytes, 9 more where it waits with others, and the checksum.
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
    public var bond: Bond

    /// The sequence or batch that it waits in. Most deliveries have none.
    public enum Bond: Sendable, Equatable {
        case none
        /// The hash of its ordering key.
        case sequence(UInt64)
        /// The first member of its batch; position 0: it is in none yet.
        case batch(leader: EventPosition)
    }

    private static let plainBytes = 24
    private static let bondedBytes = 33

    public init(
        state: DeliveryState, outcome: Outcome = .delivered, attempts: UInt16 = 0, status: UInt16 = 0, dueAt: Int64,
        finishedAt: Int64 = 0, round: DeliveryRound = .first, bond: Bond = .none
    ) {
        self.state = state
        self.outcome = outcome
        self.attempts = attempts
        self.status = status
        self.dueAt = dueAt
        self.finishedAt = finishedAt
        self.round = round
        self.bond = bond
    }

    var bytes: Int { RowChecksum.bytes + (bond == .none ? DeliveryRow.plainBytes : DeliveryRow.bondedBytes) }

    /// Its sequence at its endpoint; nil where it is in none.
    public func sequence(at endpoint: EndpointNumber) -> SequenceKey? {
        guard case .sequence(let hash) = bond else { return nil }
        return SequenceKey(endpoint: endpoint, hash: hash)
    }

    func write(_ key: Key, to value: UnsafeMutableRawBufferPointer) {
        value[0] = state.rawValue
        value[1] = outcome.rawValue
        value.store(attempts, at: 2)
        value.store(status, at: 4)
        value.store(round.bits, at: 6)
        value.store(dueAt, at: 8)
        value.store(finishedAt, at: 16)
        switch bond {
        case .none: break
        case .sequence(let hash):
            value[24] = 1
            value.store(hash, at: 25)
        case .batch(let leader):
            value[24] = 2
            value.store(leader.value, at: 25)
        }
        RowChecksum.write(key, to: value)
    }

    /// A row as it stands in the table; nil where it is damaged. Rows of format 1, without a checksum, are read too.
    init?(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        let count: Int
        switch value.count {
        case DeliveryRow.plainBytes, DeliveryRow.bondedBytes: count = value.count
        case DeliveryRow.plainBytes + RowChecksum.bytes, DeliveryRow.bondedBytes + RowChecksum.bytes:
            guard RowChecksum.isRight(key, value) else { return nil }
            count = value.count - RowChecksum.bytes
        default: return nil
        }
        guard let state = DeliveryState(rawValue: value[0]), let outcome = Outcome(rawValue: value[1]) else {
            return nil
        }
        let bond: Bond
        switch count == DeliveryRow.bondedBytes ? value[24] : 0 {
        case 0 where count == DeliveryRow.plainBytes: bond = .none
        case 1: bond = .sequence(value.uint64(at: 25))
        case 2: bond = .batch(leader: EventPosition(value.uint64(at: 25)))
        default: return nil
        }
        self.init(
            state: state, outcome: outcome, attempts: value.uint16(at: 2), status: value.uint16(at: 4),
            dueAt: Int64(bitPattern: value.uint64(at: 8)), finishedAt: Int64(bitPattern: value.uint64(at: 16)),
            round: DeliveryRound(bits: value.uint16(at: 6)), bond: bond)
    }
}

extension DeliveryRound {
    /// Attempts of earlier rounds that a row can count; the two bits above hold the trigger.
    public static let earlierMost: UInt16 = 0x3FFF

    fileprivate var bits: UInt16 { UInt16(trigger.rawValue) << 14 | min(earlier, DeliveryRound.earlierMost) }

    fileprivate init(bits: UInt16) {
        self.init(
            earlier: bits & DeliveryRound.earlierMost, trigger: AttemptTrigger(rawValue: UInt8(bits >> 14)) ?? .schedule
        )
    }
}
