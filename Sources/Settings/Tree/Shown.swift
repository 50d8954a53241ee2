import WebhookModel

/// How values of a document appear in messages.
package enum Shown {
    /// `invalid value "x" for window; expected …`. The value is left out where it is nil, long, or holds a control
    /// character.
    package static func invalid(_ value: String?, for field: String, expected: String) -> String {
        guard let value, value.utf8.count <= Limits.shownValueBytes, !hasControls(value) else {
            return "invalid value for \(field); expected \(expected)"
        }
        return "invalid value \"\(value)\" for \(field); expected \(expected)"
    }

    /// A field's name in quotes.
    static func name(_ name: String) -> String { "\"\(short(name))\"" }

    /// The text, cut and without control characters.
    static func short(_ text: String) -> String {
        let clean = hasControls(text) ? String(text.unicodeScalars.map { isControl($0) ? "?" : Character($0) }) : text
        return clean.utf8.count <= Limits.shownValueBytes ? clean : clean.prefix(Limits.shownValueBytes / 4) + "…"
    }

    private static func hasControls(_ text: String) -> Bool { text.unicodeScalars.contains(where: isControl) }

    /// C0, DEL and C1: a terminal may act on them.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }
}
