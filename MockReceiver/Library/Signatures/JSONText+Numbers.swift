extension JSONText {
    /// How programs write a number that they have read.
    package enum NumberForm: CaseIterable {
        /// The shortest decimal fraction; whole numbers without one (JavaScript, Go).
        case shortest
        /// The same, but a number that had a fraction or an exponent keeps a fraction (Python, Java).
        case floating
        /// At least two digits after the point (decimal types of money).
        case twoDecimals
    }

    /// The same value with its numbers in another form.
    ///
    /// - Parameter changes: set where a number is written differently.
    package func renumbered(_ form: NumberForm, _ changes: inout Bool) -> JSONText {
        switch self {
        case .scalar(let text):
            guard let first = text.first, first == 0x2D || (0x30...0x39).contains(first) else { return self }
            let written = JSONText.number(String(decoding: text, as: UTF8.self), form)
            if Array(written.utf8) != text { changes = true }
            return .scalar(Array(written.utf8))
        case .array(let items): return .array(items.map { $0.renumbered(form, &changes) })
        case .object(let members):
            return .object(members.map { (name: $0.name, value: $0.value.renumbered(form, &changes)) })
        }
    }

    private static func number(_ text: String, _ form: NumberForm) -> String {
        // Whole numbers are kept whole by all of them.
        guard text.contains(where: { ".eE".contains($0) }), let value = Double(text), value.isFinite else {
            return text
        }
        switch form {
        case .shortest: return Int64(exactly: value).map(String.init) ?? "\(value)"
        case .floating: return "\(value)"
        case .twoDecimals:
            guard let point = text.firstIndex(of: "."), !text.contains(where: { "eE".contains($0) }) else {
                return text
            }
            let missing = 2 - text[point...].dropFirst().count
            return missing > 0 ? text + String(repeating: "0", count: missing) : text
        }
    }
}
