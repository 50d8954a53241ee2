import Glibc
public import WebhookModel
import WebhookSigning

extension EventID {
    /// A new id: a UUID of version 7 (RFC 9562, 5.7), so that ids are in order of time and the server's index grows at
    /// one place.
    public static func timeOrdered() -> EventID {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let milliseconds = UInt64(time.tv_sec) * 1_000 + UInt64(time.tv_nsec) / 1_000_000
        return EventID(
            high: milliseconds << 16 | 0x7000 | UInt64.random(in: 0...0xFFF),
            low: 1 << 63 | UInt64.random(in: 0..<1 << 62))
    }

    /// The id for a producer with a natural key: the first 16 bytes of SHA-256(tenant ‖ 0x00 ‖ key) (Protocol.md, event
    /// record). The same key gives the same id in every client and in the REST API.
    public init(tenant: String, idempotencyKey: String) {
        let digest = SHA256Digest.of(Array(tenant.utf8) + [0] + Array(idempotencyKey.utf8))
        func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(high: number(digest[0..<8]), low: number(digest[8..<16]))
    }
}
