import Glibc

/// A point in time as people write it: RFC 3339 in UTC, to the second (`2027-01-31T12:00:00Z`).
package enum UTCTime {
    /// Unix milliseconds; nil for another form, and for a day or an hour that does not exist.
    package static func milliseconds(_ text: String) -> Int64? {
        guard let match = text.wholeMatch(of: /(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z/)?.output else { return nil }
        let fields = [match.1, match.2, match.3, match.4, match.5, match.6].compactMap { Int32($0) }
        var parts = tm()
        parts.tm_year = fields[0] - 1_900
        parts.tm_mon = fields[1] - 1
        parts.tm_mday = fields[2]
        parts.tm_hour = fields[3]
        parts.tm_min = fields[4]
        parts.tm_sec = fields[5]
        // timegm(3) turns the 31st of February into March: what comes back must be what went in.
        var time = timegm(&parts)
        var back = tm()
        gmtime_r(&time, &back)
        let written = [
            back.tm_year + 1_900, back.tm_mon + 1, back.tm_mday, back.tm_hour, back.tm_min, back.tm_sec,
        ]
        return written == fields ? Int64(time) * 1_000 : nil
    }
}
