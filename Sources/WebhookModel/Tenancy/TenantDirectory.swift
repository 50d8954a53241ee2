/// Who may publish what: an immutable snapshot of tenants and API keys.
///
/// The queue's writer makes a new one whenever tenants or keys change, and sessions look events up in it. Look-ups are
/// by bytes, so the hot path makes no String.
public final class TenantDirectory: Sendable {
    /// A tenant as ingest sees it.
    public struct Entry: Sendable {
        public let number: TenantNumber
        public let enabled: Bool
        let name: [UInt8]
    }

    private let slots: [Int32]
    private let entries: [Entry]
    /// All API keys; who looks for one by its digest compares in constant time.
    public let keys: [APIKey]
    private let keysByName: [String: Int]

    public init(tenants: [Tenant], keys: [APIKey]) {
        entries = tenants.map { Entry(number: $0.number, enabled: $0.enabled, name: Array($0.name.utf8)) }
        self.keys = keys
        keysByName = Dictionary(keys.enumerated().map { ($1.name, $0) }) { first, _ in first }
        var capacity = 16
        while capacity < tenants.count * 2 { capacity *= 2 }
        var slots = [Int32](repeating: -1, count: capacity)
        for (index, entry) in entries.enumerated() {
            var slot = Int(truncatingIfNeeded: entry.name.withUnsafeBytes(TenantDirectory.hash)) & (capacity - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (capacity - 1) }
            slots[slot] = Int32(index)
        }
        self.slots = slots
    }

    public static let empty = TenantDirectory(tenants: [], keys: [])

    /// The API key with this name; nil: there is none.
    public func key(named name: String) -> APIKey? { keysByName[name].map { keys[$0] } }

    /// The tenant with this name; nil: there is none.
    public func tenant(named name: UnsafeRawBufferPointer) -> Entry? {
        var slot = Int(truncatingIfNeeded: TenantDirectory.hash(name)) & (slots.count - 1)
        while slots[slot] >= 0 {
            let entry = entries[Int(slots[slot])]
            if entry.name.count == name.count, entry.name.elementsEqual(name) { return entry }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// The same by its text.
    public func tenant(name: String) -> Entry? { Array(name.utf8).withUnsafeBytes { tenant(named: $0) } }

    private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let hash = FNV1a.hash(bytes)
        return hash ^ (hash >> 32)
    }
}
