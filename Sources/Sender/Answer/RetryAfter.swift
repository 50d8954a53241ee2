import WebhookModel

/// The value of an answer's `Retry-After` (RFC 9110 section 10.2.3).
package enum RetryAfter: Equatable, Sendable {
    case seconds(Int64)
    /// Unix seconds.
    case date(Int64)

    /// Reads a header value: digits, or an IMF-fixdate. Nil for the obsolete date forms and everything else.
    package init?(_ value: UnsafeRawBufferPointer) {
        let text = value.trimmed
        guard let first = text.first else { return nil }
        if (0x30...0x39).contains(first) {
            guard let seconds = Self.number(text) else { return nil }
            self = .seconds(seconds)
        } else {
            guard let date = Self.fixdate(text) else { return nil }
            self = .date(date)
        }
    }

    /// Milliseconds to wait from `now` (Unix milliseconds), 0…24 h.
    package func milliseconds(now: Int64) -> Int64 {
        let asked =
            switch self {
            case .seconds(let seconds): seconds * 1_000
            case .date(let date): date * 1_000 - now
            }
        return min(max(0, asked), Limits.retryAfterMilliseconds)
    }

    /// Decimal digits only; larger values become ten digits, far more than the limit of a day.
    private static func number(_ text: Slice<UnsafeRawBufferPointer>) -> Int64? {
        var value: Int64 = 0
        for byte in text {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = min(value * 10 + Int64(byte - 0x30), 9_999_999_999)
        }
        return value
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
    private static func fixdate(_ text: Slice<UnsafeRawBufferPointer>) -> Int64? {
        guard text.count == 29 else { return nil }
        let bytes = UnsafeRawBufferPointer(rebasing: text)
        func digits(_ range: Range<Int>) -> Int64? {
            number(bytes[range])
        }
        let months = "JanFebMarAprMayJunJulAugSepOctNovDec".utf8
        guard let day = digits(5..<7), let year = digits(12..<16), let hour = digits(17..<19),
            let minute = digits(20..<22), let second = digits(23..<25), bytes[26..<29].elementsEqual("GMT".utf8),
            let month = (0..<12).first(where: { bytes[8..<11].elementsEqual(months.dropFirst($0 * 3).prefix(3)) }),
            (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        return daysSince1970(year, Int64(month) + 1, day) * 86_400 + hour * 3_600 + minute * 60 + second
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
    /// Without spaces, tabs and line ends on either side.
    fileprivate var trimmed: Slice<UnsafeRawBufferPointer> {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A }
        var slice = self[...]
        while let first = slice.first, isSpace(first) { slice = slice.dropFirst() }
        while let last = slice.last, isSpace(last) { slice = slice.dropLast() }
        return slice
    }
}
