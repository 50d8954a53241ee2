package import WebhookModel

/// The event ids of one run: UUIDs of version 7 (RFC 9562, 5.7) that ascend, and whose sequence number can be read
/// back.
///
/// 48 bits of the run's start in Unix ms · version · 12 bits of the run · variant · 22 bits of the run · 40 bits of
/// sequence. An id is a function of the sequence, so a resent event needs no memory of its id, and a look-up is an
/// array index.
package struct RunIdentity: Sendable, Equatable {
    private static let sequenceBits: UInt64 = 40
    private static let sequenceMask: UInt64 = (1 << sequenceBits) - 1
    private let high: UInt64
    private let lowPrefix: UInt64

    package init(startMilliseconds: Int64, seed: UInt64) {
        let time = UInt64(bitPattern: startMilliseconds)
        let run = SplitMix.mix(seed ^ SplitMix.mix(time))
        high = time << 16 | 0x7000 | (run & 0xFFF)
        lowPrefix = 1 << 63 | ((run >> 12) & 0x3F_FFFF) << RunIdentity.sequenceBits
    }

    /// The id of the event with this sequence number (0 ..< 2^40).
    package func id(of sequence: Int) -> EventID {
        EventID(high: high, low: lowPrefix | UInt64(sequence))
    }

    /// The sequence number of an id of this run; nil: an id of another run.
    package func sequence(of id: EventID) -> Int? {
        guard id.high == high, id.low & ~RunIdentity.sequenceMask == lowPrefix else { return nil }
        return Int(id.low & RunIdentity.sequenceMask)
    }
}
