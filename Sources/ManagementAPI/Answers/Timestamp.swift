/// Times in answers: RFC 3339 in UTC, with milliseconds (`2026-01-31T12:00:00.000Z`).
package enum Timestamp {
    /// - Parameter milliseconds: Unix; 0: not known, null.
    static func json(_ milliseconds: Int64) -> JSON { milliseconds == 0 ? .null : .text(text(milliseconds)) }

    static func json(_ milliseconds: Int64?) -> JSON { milliseconds.map { .text(text($0)) } ?? .null }

    package static func text(_ milliseconds: Int64) -> String {
        let (days, rest) = divided(milliseconds, by: 86_400_000)
        let (year, month, day) = civil(days)
        let fields = [
            (rest / 3_600_000, 2, ":"), (rest / 60_000 % 60, 2, ":"), (rest / 1_000 % 60, 2, "."),
            (rest % 1_000, 3, "Z"),
        ]
        var text = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T"
        for (value, digits, end) in fields { text += padded(value, digits) + end }
        return text
    }

    /// Days since 1970 as a date: years are counted from March, so that a leap day ends one. 146,097 days are 400
    /// years.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = divided(days + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    /// Rounded down, with a rest that is not negative.
    private static func divided(_ value: Int64, by divisor: Int64) -> (Int64, Int64) {
        let rest = value % divisor
        return rest < 0 ? (value / divisor - 1, rest + divisor) : (value / divisor, rest)
    }

    private static func padded(_ value: Int64, _ digits: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(digits - text.count, 0)) + text
    }
}
