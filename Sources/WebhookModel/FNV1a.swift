/// FNV-1a with 64 bits: a fast hash of short byte strings.
///
/// Equal bytes have equal hashes in every process and version, and the hashes of ordering keys are on disk. Anybody can make bytes with
/// the same hash: compare the bytes where that matters.
///
/// Source: Fowler, Noll, Vo; draft-eastlake-fnv, "The FNV Non-Cryptographic Hash Algorithm".
public enum FNV1a {
    @inlinable
    public static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash
    }
}
