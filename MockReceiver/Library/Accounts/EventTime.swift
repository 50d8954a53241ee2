/// Reads a time in the forms that messages use.
enum EventTime {
    /// Unix nanoseconds. Accepts RFC 3339 (`2026-11-21T14:55:58.123Z`, any offset), or a whole number whose size
    /// determines its unit: seconds below 10¹¹, then milliseconds, microseconds and nanoseconds, each a thousand times
    /// larger. nil: anything else.
    static func nanoseconds(_ text: UnsafeRawBufferPointer) -> Int64? {
        if let number = number(text[...]) { return scale(number) }
        return rfc3339(text)
    }

    private static func scale(_ number: Int64) -> Int64? {
        switch number {
        case ..<100_000_000_000: product(number, 1_000_000_000)
        case ..<100_000_000_000_000: product(number, 1_000_000)
        case ..<100_000_000_000_000_000: product(number, 1_000)
        default: number
        }
    }

    /// nil: after the year 2262.
    private static func product(_ number: Int64, _ factor: Int64) -> Int64? {
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }

    private static func rfc3339(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard text.count >= 20, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            text[10] | 0x20 == UInt8(ascii: "t"),
            text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":"), let year = number(text[0..<4]),
            let month = number(text[5..<7]),
            let day = number(text[8..<10]), let hour = number(text[11..<13]), let minute = number(text[14..<16]),
            let second = number(text[17..<19]), (1...12).contains(month)
        else { return nil }
        var end = 19
        var fraction: Int64 = 0
        if text[end] == UInt8(ascii: ".") {
            end += 1
            var unit: Int64 = 100_000_000
            while end < text.count, (0x30...0x39).contains(text[end]) {
                fraction += Int64(text[end] - 0x30) * unit
                unit /= 10
                end += 1
            }
        }
        guard let offset = offset(text[end...]) else { return nil }
        let days = HTTPDate.days(year: Int(year), month: Int(month), day: Int(day))
        let seconds = Int64(days) * 86_400 + hour * 3_600 + minute * 60 + second - offset
        guard let whole = product(seconds, 1_000_000_000), whole < .max - fraction else { return nil }
        return whole + fraction
    }

    /// Seconds east of Greenwich: `Z`, `+02:00`.
    private static func offset(_ text: Slice<UnsafeRawBufferPointer>) -> Int64? {
        guard let first = text.first else { return nil }
        if first | 0x20 == UInt8(ascii: "z") { return text.count == 1 ? 0 : nil }
        let start = text.startIndex
        guard text.count == 6, text[start + 3] == UInt8(ascii: ":"),
            let hours = number(text[(start + 1)..<(start + 3)]), let minutes = number(text[(start + 4)...])
        else {
            return nil
        }
        let seconds = hours * 3_600 + minutes * 60
        switch first {
        case UInt8(ascii: "+"): return seconds
        case UInt8(ascii: "-"): return -seconds
        default: return nil
        }
    }

    private static func number(_ digits: Slice<UnsafeRawBufferPointer>) -> Int64? {
        guard (1...18).contains(digits.count) || digits.count == 19 && digits.first! < 0x39 else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - 0x30)
        }
        return value
    }
}
