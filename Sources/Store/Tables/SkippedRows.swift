import LMDB

/// Rows that a scan stepped over because their key or value is malformed. Nothing else is done with them: the caller
/// counts and logs.
public struct SkippedRows: Sendable, Equatable {
    /// Where a malformed row stands.
    public struct Place: Sendable, Equatable, CustomStringConvertible {
        public var table: String
        public var key: [UInt8]

        public init(table: String, key: [UInt8]) {
            self.table = table
            self.key = key
        }

        /// `due 0x0000018bcfe5…`.
        public var description: String {
            "\(table) 0x"
                + key.reduce(into: "") { text, byte in
                    let digits = String(byte, radix: 16)
                    text += digits.count == 1 ? "0\(digits)" : digits
                }
        }
    }

    public private(set) var count = 0
    /// The first of them.
    public private(set) var first: Place?

    public init() {}

    mutating func add(_ database: Database, _ key: UnsafeRawBufferPointer) {
        count += 1
        if first == nil { first = Place(table: database.name, key: Array(key)) }
    }

    public static func += (left: inout SkippedRows, right: SkippedRows) {
        left.count += right.count
        left.first = left.first ?? right.first
    }
}
