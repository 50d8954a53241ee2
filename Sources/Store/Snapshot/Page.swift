import LMDB
public import WebhookModel

/// Where the next page of a list begins. It names a row, so it stays right while rows are written and removed. Opaque
/// to callers.
public struct PageCursor: Sendable, Hashable, CustomStringConvertible {
    let list: StoreList
    let key: [UInt8]

    init(_ list: StoreList, _ key: UnsafeRawBufferPointer) {
        self.list = list
        self.key = Array(key)
    }

    /// Reads `description` back; nil where it is anything else.
    public init?(_ text: String) {
        let digits = Array(text.utf8)
        guard digits.count >= 2, digits.count % 2 == 0, digits.count <= 2 + 2 * Key.capacity else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = HexDigits.value(digits[index]), let low = HexDigits.value(digits[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        guard let list = StoreList(rawValue: bytes[0]) else { return nil }
        self.list = list
        key = Array(bytes.dropFirst())
    }

    /// Lower-case hex digits.
    public var description: String {
        var digits: [UInt8] = []
        for byte in [list.rawValue] + key {
            digits.append(HexDigits.lower(byte >> 4))
            digits.append(HexDigits.lower(byte & 15))
        }
        return String(decoding: digits, as: UTF8.self)
    }
}

/// The lists that have pages.
enum StoreList: UInt8, Sendable {
    case tenants = 1
    case keys = 2
    case endpoints = 3
    case events = 4
    case deliveries = 5
    case attempts = 6
    case deadLetters = 7
    case parked = 8
}

/// Which part of a list is wanted.
public struct PageRequest: Sendable {
    /// Rows of a page, 1 to `Limits.pageRows`.
    public var limit: Int
    /// `next` of the page before; nil: the first page.
    public var after: PageCursor?
    /// Rows that one page looks at: with a filter it may return fewer than `limit`.
    public var scanned: Int

    public init(
        limit: Int = Limits.pageRowsDefault, after: PageCursor? = nil, scanned: Int = Limits.pageScannedRows
    ) {
        self.limit = min(max(limit, 1), Limits.pageRows)
        self.after = after
        self.scanned = max(scanned, 1)
    }
}

/// A part of a list.
public struct Page<Row: Sendable>: Sendable {
    public var rows: [Row]
    /// Where the list goes on; nil: this was the end. A page may be empty and still have a next one.
    public var next: PageCursor?
    /// Rows that are malformed, and left out.
    public var skipped = SkippedRows()
}
