/// A date of HTTP (RFC 9110 section 5.6.7). Recipients must accept three forms; the name of the day is not compared.
struct HTTPDate {
    /// Unix seconds.
    let seconds: Int64
    /// The year had two digits, and was read as 2000 to 2099.
    let hasShortYear: Bool

    /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994`.
    init?(_ text: UnsafeRawBufferPointer) {
        guard let end = text.firstIndex(where: { !HTTPDate.isLetter($0) }), HTTPDate.longestDay >= end, end >= 3 else {
            return nil
        }
        let rest = UnsafeRawBufferPointer(rebasing: text[end...])
        let parts: Parts?
        if rest.first == 0x20 {
            parts = end == 3 ? HTTPDate.asctime(rest) : nil
        } else if rest.count == 26 {
            parts = end == 3 ? HTTPDate.fixdate(rest) : nil
        } else {
            parts = HTTPDate.rfc850(rest)
        }
        guard let parts, let time = HTTPDate.timeOfDay(parts.time), let month = HTTPDate.month(parts.month),
            let day = HTTPDate.number(parts.day), (1...31).contains(day), let year = HTTPDate.number(parts.year)
        else { return nil }
        hasShortYear = parts.year.count == 2
        seconds = HTTPDate.daysSince1970(hasShortYear ? 2_000 + year : year, month, day) * 86_400 + time
    }

    /// Decimal digits only; what is too large for a time in nanoseconds becomes the largest number.
    static func number(_ text: Slice<UnsafeRawBufferPointer>) -> Int64? {
        var value: Int64 = 0
        for byte in text {
            guard (0x30...0x39).contains(byte) else { return nil }
            let (tenfold, overflows) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = tenfold.addingReportingOverflow(Int64(byte - 0x30))
            value = overflows || overflowsToo ? .max : sum
        }
        return text.isEmpty ? nil : value
    }

    private typealias Piece = Slice<UnsafeRawBufferPointer>
    private typealias Parts = (day: Piece, month: Piece, year: Piece, time: Piece)

    /// `Wednesday`.
    private static let longestDay = "Wednesday".utf8.count

    /// `, 06 Nov 1994 08:49:37 GMT`
    private static func fixdate(_ text: UnsafeRawBufferPointer) -> Parts? {
        guard text.count == 26, text.has(", ", at: 0), text.has(" ", at: 4), text.has(" ", at: 8),
            text.has(" ", at: 13), text.has(" GMT", at: 22)
        else { return nil }
        return (text[2..<4], text[5..<8], text[9..<13], text[14..<22])
    }

    /// `, 06-Nov-94 08:49:37 GMT`
    private static func rfc850(_ text: UnsafeRawBufferPointer) -> Parts? {
        guard text.count == 24, text.has(", ", at: 0), text.has("-", at: 4), text.has("-", at: 8),
            text.has(" ", at: 11), text.has(" GMT", at: 20)
        else { return nil }
        return (text[2..<4], text[5..<8], text[9..<11], text[12..<20])
    }

    /// ` Nov  6 08:49:37 1994`: the day has two digits, or a space and one.
    private static func asctime(_ text: UnsafeRawBufferPointer) -> Parts? {
        guard text.count == 21, text.has(" ", at: 0), text.has(" ", at: 4), text.has(" ", at: 7),
            text.has(" ", at: 16)
        else { return nil }
        return (text[(text.has(" ", at: 5) ? 6 : 5)..<7], text[1..<4], text[17..<21], text[8..<16])
    }

    /// `08:49:37`; a leap second has the number 60.
    private static func timeOfDay(_ text: Piece) -> Int64? {
        let bytes = UnsafeRawBufferPointer(rebasing: text)
        guard bytes.has(":", at: 2), bytes.has(":", at: 5), let hour = number(bytes[0..<2]),
            let minute = number(bytes[3..<5]), let second = number(bytes[6..<8]), hour < 24, minute < 60, second <= 60
        else { return nil }
        return hour * 3_600 + minute * 60 + second
    }

    private static func month(_ text: Piece) -> Int64? {
        let months = "JanFebMarAprMayJunJulAugSepOctNovDec".utf8
        return (0..<12).first { text.elementsEqual(months.dropFirst($0 * 3).prefix(3)) }.map { Int64($0) + 1 }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    /// Days of the proleptic Gregorian calendar, counted in years that begin in March so that the leap day comes last.
    private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let marchYear = month > 2 ? year : year - 1
        let marchMonth = (month + 9) % 12
        let days =
            365 * marchYear + marchYear / 4 - marchYear / 100 + marchYear / 400 + (153 * marchMonth + 2) / 5 + day - 1
        return days - 719_468
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func has(_ text: StaticString, at index: Int) -> Bool {
        self[index..<index + text.utf8CodeUnitCount].elementsEqual(
            UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
