import WebhookModel

/// The value of an answer's `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date in one of the three forms of
/// section 5.6.7.
///
/// A number of more than a day is a mistake of unit. Receivers put the time itself there, in Unix seconds or a finer
/// unit, so it is read as one (`time`). Whatever gives no plausible time then, such as a delay in milliseconds, is
/// ignored: the delivery follows its retry schedule. Obeying such a number would hold an endpoint for a day that asked
/// for a minute.
package enum RetryAfter: Equatable, Sendable {
    /// At most a day.
    case seconds(Int64)
    /// Unix seconds.
    case date(Int64)
    /// Unix seconds, of a date in 2000 to 2099: the form of RFC 850 has two digits of the year.
    case shortDate(Int64)
    /// Unix seconds, from a number of more than a day.
    case time(Int64)

    /// Reads a header value. Nil if it is none of these.
    package init?(_ value: UnsafeRawBufferPointer) {
        let text = value.trimmed
        guard let first = text.first else { return nil }
        if (0x30...0x39).contains(first) {
            guard let number = HTTPDate.number(text) else { return nil }
            self = number <= Limits.retryAfterMilliseconds / 1_000 ? .seconds(number) : .time(Self.unixSeconds(number))
        } else if let date = HTTPDate(UnsafeRawBufferPointer(rebasing: text)) {
            self = date.hasShortYear ? .shortDate(date.seconds) : .date(date.seconds)
        } else {
            return nil
        }
    }

    /// Milliseconds to wait from `now` (Unix milliseconds), 0…24 h; 0 also for what is ignored.
    package func milliseconds(now: Int64) -> Int64 {
        let asked: Int64
        switch self {
        case .seconds(let seconds): asked = seconds * 1_000
        case .date(let date): asked = date * 1_000 - now
        case .shortDate(let date):
            // RFC 9110, 5.6.7: more than 50 years ahead means the century before.
            let ahead = date * 1_000 - now
            asked = ahead > Limits.shortYearAheadMilliseconds ? 0 : ahead
        case .time(let time):
            let ahead = time * 1_000 - now
            asked = ahead > Limits.plausibleTimeAheadMilliseconds ? 0 : ahead
        }
        return min(max(0, asked), Limits.retryAfterMilliseconds)
    }

    /// A time in Unix seconds, milliseconds, microseconds or nanoseconds, as seconds. Which one it is follows from its
    /// size: 10^11 seconds are the year 5138, 10^11 milliseconds 1973.
    private static func unixSeconds(_ number: Int64) -> Int64 {
        var seconds = number
        while seconds >= 100_000_000_000 { seconds /= 1_000 }
        return seconds
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
