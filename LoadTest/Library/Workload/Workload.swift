/// What the events of a run look like: tenants in turn or by a mix, one type, payloads that contain their sequence
/// number.
package struct Workload: Sendable {
    package var tenants: Int
    /// The prefix of tenant names: `tenant-` gives `tenant-000`, `tenant-001`, …
    package var tenantPrefix: String
    package var eventType: String
    package var payloadBytes: Int
    package var seed: UInt64
    /// Which tenant each event belongs to; nil: all in turn.
    package var mix: TenantMix?
    /// Groups that are measured separately; they do not overlap.
    package var groups: [TenantGroup] = []

    package init(
        tenants: Int = 100, tenantPrefix: String = "tenant-", eventType: String = "load.tested",
        payloadBytes: Int = 512,
        seed: UInt64 = 1
    ) {
        self.tenants = tenants
        self.tenantPrefix = tenantPrefix
        self.eventType = eventType
        self.payloadBytes = payloadBytes
        self.seed = seed
    }

    /// Digits of a tenant's number. All names have the same length, so a record is patched in place.
    package var tenantDigits: Int { max(3, String(tenants - 1).count) }

    /// The name of the tenant with this index.
    package func tenantName(_ index: Int) -> String {
        let digits = String(index)
        return tenantPrefix + String(repeating: "0", count: tenantDigits - digits.count) + digits
    }

    /// Index of the tenant that this event belongs to.
    package func tenantIndex(of sequence: Int) -> Int { mix?.tenant(of: sequence) ?? sequence % tenants }

    /// The receiver's path for the tenant with this index, as `prepare` writes it.
    package func path(_ index: Int) -> String { "/" + tenantName(index) }

    /// JSON with the sequence number in hex; the rest is filler from the seed.
    package static let leastPayloadBytes = Workload.payloadHead.count + 16 + Workload.payloadMiddle.count + 2
    static let payloadHead = Array(#"{"sequence":""#.utf8)
    static let payloadMiddle = Array(#"","filler":""#.utf8)

    /// The payload of an event, as it must arrive.
    package func payload(of sequence: Int) -> [UInt8] {
        var payload = payloadTemplate()
        payload.withUnsafeMutableBytes { bytes in
            Hex.write(UInt64(sequence), to: bytes, at: Workload.payloadHead.count)
        }
        return payload
    }

    func payloadTemplate() -> [UInt8] {
        var payload = Workload.payloadHead
        payload.reserveCapacity(payloadBytes)
        payload += [UInt8](repeating: 0x30, count: 16) + Workload.payloadMiddle
        var random = SplitMix(seed: seed)
        while payload.count < payloadBytes - 2 { payload.append(0x61 + UInt8(random.next() % 26)) }
        payload += Array(#""}"#.utf8)
        return payload
    }
}

/// Fixed-width hex, in place.
enum Hex {
    /// Sixteen lower-case digits.
    static func write(_ number: UInt64, to bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
        for digit in 0..<16 {
            let nibble = UInt8(truncatingIfNeeded: number >> UInt64(60 - digit * 4)) & 15
            bytes[offset + digit] = nibble < 10 ? 0x30 + nibble : 0x57 + nibble
        }
    }
}
