/// The identity of an event: 16 bytes chosen by the producer, intended to be a UUID (RFC 9562, version 7 recommended).
///
/// It is the idempotency key, the key of logs and queries, and as `evt_` + 32 lower-case hex digits the `webhook-id`
/// header.
public struct EventID: Hashable, Sendable, Comparable {
    /// The first and the last eight bytes, read as big-endian numbers.
    public let high: UInt64
    public let low: UInt64

    @inlinable
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Not an identity: refused at ingest.
    @inlinable public var isZero: Bool { high | low == 0 }

    @inlinable
    public static func < (left: EventID, right: EventID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    /// The length of `webhookID` in bytes.
    public static let webhookIDLength = 36

    /// `evt_` and 32 lower-case hex digits: what receivers see in `webhook-id`.
    public var webhookID: String {
        var digits = Array("evt_".utf8)
        digits.reserveCapacity(EventID.webhookIDLength)
        for half in [high, low] {
            for shift in stride(from: 60, through: 0, by: -4) {
                digits.append(HexDigits.lower(UInt8(truncatingIfNeeded: half >> UInt64(shift)) & 15))
            }
        }
        return String(decoding: digits, as: UTF8.self)
    }

    /// Reads `webhookID` back from its bytes. nil: the bytes are anything else.
    @inlinable
    public init?(webhookID bytes: some Collection<UInt8>) {
        guard bytes.count == EventID.webhookIDLength, bytes.starts(with: "evt_".utf8) else { return nil }
        var halves: (UInt64, UInt64) = (0, 0)
        for byte in bytes.dropFirst(4) {
            guard let digit = HexDigits.value(byte) else { return nil }
            halves = (halves.0 << 4 | halves.1 >> 60, halves.1 << 4 | UInt64(digit))
        }
        self.init(high: halves.0, low: halves.1)
    }
}

extension EventID: CustomStringConvertible {
    public var description: String { webhookID }
}

/// One hex digit and its number, without Foundation.
public enum HexDigits {
    /// The ASCII digit of a number below 16.
    @inlinable
    public static func lower(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x57 + nibble }

    /// The number of a digit of either case; nil for anything else.
    @inlinable
    public static func value(_ ascii: UInt8) -> UInt8? {
        switch ascii {
        case 0x30...0x39: ascii - 0x30
        case 0x61...0x66: ascii - 0x57
        case 0x41...0x46: ascii - 0x37
        default: nil
        }
    }
}
