/// A message's place in the order of its key.
struct OrderMark {
    /// `BodyHash` of the key.
    let key: UInt64
    let number: Int64

    /// The range keeps sums of gaps over all keys within 64 bits.
    private static let numbers = 0...Int64(1) << 46

    /// nil: a header is missing, or the number is invalid, negative or above 2⁴⁶.
    init?(_ order: ExpectedConduct.Ordering, _ request: RequestView) {
        let key = request.value(of: Array(order.keyHeader.utf8))
        let written = request.value(of: Array(order.numberHeader.utf8))
        guard !key.isEmpty, let number = Int64(String(decoding: written, as: UTF8.self)),
            OrderMark.numbers.contains(number)
        else { return nil }
        self.key = BodyHash.of(key)
        self.number = number
    }
}

/// The accepted messages of each ordering key.
struct OrderBook {
    private struct Line {
        var lowest: Int64
        var highest: Int64
        var count: Int64

        var missing: Int64 { max(0, highest - lowest + 1 - count) }
    }

    private var lines: [UInt64: Line] = [:]

    /// What one more accepted message changed.
    struct Change {
        var isInversion = false
        var missing = 0
        var isNewKey = false
    }

    /// - Parameter mayGrow: whether a new key may be added.
    /// - Returns: nil: a new key would have been needed.
    mutating func accept(_ mark: OrderMark, mayGrow: Bool) -> Change? {
        guard var line = lines[mark.key] else {
            guard mayGrow else { return nil }
            lines[mark.key] = Line(lowest: mark.number, highest: mark.number, count: 1)
            return Change(isNewKey: true)
        }
        // The same number again: a message without an id that was sent twice.
        guard mark.number != line.highest else { return Change() }
        let before = line.missing
        let isInversion = mark.number < line.highest
        line.lowest = min(line.lowest, mark.number)
        line.highest = max(line.highest, mark.number)
        line.count += 1
        lines[mark.key] = line
        return Change(isInversion: isInversion, missing: Int(line.missing - before))
    }
}
