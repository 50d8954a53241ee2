import Glibc

/// A point in time as people write it, read into Unix milliseconds.
enum PointInTime {
    /// `2026-01-31T12:00:00Z` (RFC 3339), `+90s` from now (ms, s, m, h, d), or Unix milliseconds. nil: anything else.
    static func read(_ text: String, now: Int64) -> Int64? {
        if text.hasPrefix("+") { return duration(text.dropFirst()).map { now + $0 } }
        if let milliseconds = Int64(text) { return milliseconds }
        return rfc3339(Array(text.utf8))
    }

    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }

    private static func duration(_ text: Substring) -> Int64? {
        let units: [(String, Int64)] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]
        for (unit, milliseconds) in units where text.hasSuffix(unit) {
            // A limit that keeps the product in range: a hundred years.
            guard let count = Int64(text.dropLast(unit.count)), (0...3_155_760_000_000).contains(count) else {
                continue
            }
            let (product, isOver) = count.multipliedReportingOverflow(by: milliseconds)
            return isOver ? nil : product
        }
        return nil
    }

    /// RFC 3339, 5.6. Seconds may have a fraction; milliseconds of it are used.
    private static func rfc3339(_ text: [UInt8]) -> Int64? {
        func number(_ range: Range<Int>) -> Int64? {
            guard range.upperBound <= text.count else { return nil }
            var value: Int64 = 0
            for byte in text[range] {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            return value
        }
        guard text.count >= 20, text[4] == 0x2D, text[7] == 0x2D, [0x54, 0x74, 0x20].contains(text[10]),
            text[13] == 0x3A, text[16] == 0x3A, let year = number(0..<4), let month = number(5..<7),
            let day = number(8..<10), let hour = number(11..<13), let minute = number(14..<16),
            let second = number(17..<19), (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60,
            second <= 60
        else { return nil }
        var milliseconds = ((hour * 60 + minute) * 60 + second) * 1_000
        var index = 19
        if text[index] == 0x2E {
            let digits = text[(index + 1)...].prefix { (0x30...0x39).contains($0) }
            guard !digits.isEmpty else { return nil }
            var scale: Int64 = 100
            for digit in digits.prefix(3) {
                milliseconds += Int64(digit - 0x30) * scale
                scale /= 10
            }
            index = digits.endIndex
        }
        guard let offset = zone(text[index...]) else { return nil }
        return days(year, month, day) * 86_400_000 + milliseconds - offset
    }

    /// `Z`, or `+01:00`, in milliseconds east of Greenwich.
    private static func zone(_ text: ArraySlice<UInt8>) -> Int64? {
        let text = Array(text)
        if text == [0x5A] || text == [0x7A] { return 0 }
        guard text.count == 6, text[0] == 0x2B || text[0] == 0x2D, text[3] == 0x3A,
            let hours = Int64(String(decoding: text[1...2], as: UTF8.self)),
            let minutes = Int64(String(decoding: text[4...5], as: UTF8.self)), (0..<24).contains(hours),
            (0..<60).contains(minutes)
        else { return nil }
        return (text[0] == 0x2B ? 1 : -1) * (hours * 60 + minutes) * 60_000
    }

    /// Days from 1970-01-01 in the Gregorian calendar. Years begin in March here, so that a leap day ends one.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month > 2 ? year : year - 1
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
