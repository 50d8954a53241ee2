import Foundation

/// Numbers formatted for people.
package enum Figures {
    /// `12345` as `12,345`.
    package static func grouped(_ number: Int) -> String {
        var digits = ""
        for (index, digit) in String(number.magnitude).reversed().enumerated() {
            if index > 0, index % 3 == 0 { digits.append(",") }
            digits.append(digit)
        }
        return (number < 0 ? "-" : "") + String(digits.reversed())
    }

    /// Milliseconds with a useful number of digits.
    package static func milliseconds(_ value: Double) -> String {
        switch abs(value) {
        case ..<10: fixed(value, 3)
        case ..<100: fixed(value, 2)
        default: fixed(value, 1)
        }
    }

    package static func fixed(_ value: Double, _ places: Int) -> String {
        String(format: "%.\(places)f", value)
    }

    /// Bytes in the binary unit that fits.
    package static func bytes(_ count: Int) -> String {
        var value = Double(count)
        for unit in ["B", "KiB", "MiB"] {
            if value < 1_024 { return unit == "B" ? "\(count) B" : "\(fixed(value, 1)) \(unit)" }
            value /= 1_024
        }
        return "\(fixed(value, 2)) GiB"
    }

    package static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    package static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
