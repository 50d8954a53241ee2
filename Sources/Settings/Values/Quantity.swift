/// Sizes and durations as people write them: `64GiB`, `1500`, `30s`, `500ms`.
package enum Quantity {
    /// Bytes: a whole number, alone or with B, KiB, MiB, GiB, TiB. Nil for anything else, and past `Int.max`.
    package static func bytes(_ text: String) -> Int? {
        scaled(text, units: byteUnits, bare: 1).flatMap { Int(exactly: $0) }
    }

    /// Milliseconds: a whole number with ms, s, m, h or d; a number without its unit is nil, except 0.
    package static func milliseconds(_ text: String) -> Int64? {
        text == "0" ? 0 : scaled(text, units: timeUnits, bare: nil)
    }

    /// In the largest unit that is exact.
    package static func text(bytes: Int) -> String { written(Int64(bytes), units: byteUnits, zero: "0") }
    package static func text(milliseconds: Int64) -> String { written(milliseconds, units: timeUnits, zero: "0s") }

    private static let byteUnits: [(String, Int64)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
    ]
    private static let timeUnits: [(String, Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("ms", 1), ("s", 1_000),
    ]

    private static func scaled(_ text: String, units: [(String, Int64)], bare: Int64?) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let name = text[digits.endIndex...]
        guard let number = Int64(digits) else { return nil }
        let unit = name.isEmpty ? bare : units.first { $0.0 == name }?.1
        guard let unit else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit)
        return overflow ? nil : product
    }

    private static func written(_ amount: Int64, units: [(String, Int64)], zero: String) -> String {
        guard amount != 0 else { return zero }
        let fitting = units.filter { amount % $0.1 == 0 }.max { $0.1 < $1.1 }
        guard let (name, unit) = fitting else { return "\(amount)" }
        return "\(amount / unit)\(name)"
    }
}
