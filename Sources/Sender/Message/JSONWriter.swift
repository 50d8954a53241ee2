import WebhookModel

/// Writes JSON (RFC 8259) into memory that the caller made large enough.
struct JSONWriter {
    private let output: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ output: UnsafeMutableRawBufferPointer) { self.output = output }

    mutating func raw(_ text: StaticString) { raw(text.bytes) }

    mutating func raw(_ bytes: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(rebasing: output[count...]).copyMemory(from: bytes)
        count += bytes.count
    }

    mutating func textOrNull(_ bytes: UnsafeRawBufferPointer) {
        if bytes.isEmpty { raw("null") } else { text(bytes) }
    }

    /// A string of well-formed UTF-8. Only what must be escaped is (RFC 8259 section 7).
    mutating func text(_ bytes: UnsafeRawBufferPointer) {
        put(UInt8(ascii: "\""))
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                put(UInt8(ascii: "\\"))
                put(byte)
            case 0..<0x20:
                raw("\\u00")
                put(HexDigits.lower(byte >> 4))
                put(HexDigits.lower(byte & 15))
            default: put(byte)
            }
        }
        put(UInt8(ascii: "\""))
    }

    /// Sixteen lower-case hex digits.
    mutating func hex(_ number: UInt64) {
        for shift in stride(from: 60, through: 0, by: -4) {
            put(HexDigits.lower(UInt8(truncatingIfNeeded: number >> UInt64(shift)) & 15))
        }
    }

    /// A string of base64 (RFC 4648 section 4).
    mutating func base64(_ bytes: UnsafeRawBufferPointer) {
        put(UInt8(ascii: "\""))
        var place = 0
        while place < bytes.count {
            let left = bytes.count - place
            let group =
                UInt32(bytes[place]) << 16 | (left > 1 ? UInt32(bytes[place + 1]) << 8 : 0)
                | (left > 2 ? UInt32(bytes[place + 2]) : 0)
            put(JSONWriter.digit(group >> 18))
            put(JSONWriter.digit(group >> 12))
            put(left > 1 ? JSONWriter.digit(group >> 6) : UInt8(ascii: "="))
            put(left > 2 ? JSONWriter.digit(group) : UInt8(ascii: "="))
            place += 3
        }
        put(UInt8(ascii: "\""))
    }

    private static func digit(_ bits: UInt32) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: bits & 63)
        return switch value {
        case 0..<26: 0x41 + value
        case 26..<52: 0x61 + value - 26
        case 52..<62: 0x30 + value - 52
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }

    /// `2026-11-21T14:55:58.123Z` (RFC 3339) of Unix milliseconds.
    mutating func time(_ milliseconds: Int64) {
        let date = CivilTime(milliseconds)
        decimal(date.year, 4)
        put(UInt8(ascii: "-"))
        decimal(date.month, 2)
        put(UInt8(ascii: "-"))
        decimal(date.day, 2)
        put(UInt8(ascii: "T"))
        decimal(date.seconds / 3_600, 2)
        put(UInt8(ascii: ":"))
        decimal(date.seconds / 60 % 60, 2)
        put(UInt8(ascii: ":"))
        decimal(date.seconds % 60, 2)
        put(UInt8(ascii: "."))
        decimal(date.milliseconds, 3)
        put(UInt8(ascii: "Z"))
    }

    private mutating func decimal(_ number: Int64, _ digits: Int) {
        var rest = number
        for place in stride(from: count + digits - 1, through: count, by: -1) {
            output[place] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += digits
    }

    private mutating func put(_ byte: UInt8) {
        output[count] = byte
        count += 1
    }
}

/// A moment in the Gregorian calendar, UTC.
private struct CivilTime {
    let year: Int64
    let month: Int64
    let day: Int64
    /// Of the day.
    let seconds: Int64
    let milliseconds: Int64

    /// - Parameter time: Unix milliseconds, not before 1970.
    init(_ time: Int64) {
        milliseconds = time % 1_000
        seconds = time / 1_000 % 86_400
        // Years begin in March here, so that the leap day is a year's last; 400 years repeat.
        let days = time / 86_400_000 + 719_468
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = days / 146_097 * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    }
}
