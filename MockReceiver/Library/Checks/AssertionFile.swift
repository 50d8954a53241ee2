import Yams

/// Reads assertions from YAML or JSON: a list of mappings, each with any number of counts.
///
/// ```yaml
/// - {duplicates: 0, unverified: 0}                 # of all endpoints together
/// - {path: /orders, accepted: 500, requests: {at_least: 500, at_most: 750}}
/// - {id: evt_…, path: /orders, attempts: 3}
/// ```
public enum AssertionFile {
    /// The most assertions.
    public static let most = 10_000

    /// - Throws: every mistake, with its line and column.
    public static func parse(_ text: String) throws(ProgramError) -> [Assertion] {
        let node = try ProgramFile.compose(text)
        let notes = ProgramNotes()
        guard let items = node?.sequence, !items.isEmpty, items.count <= most else {
            throw ProgramError([
                ProgramError.Mistake(
                    line: 1, column: 1,
                    text: "expected a list of 1 to \(most) mappings, such as - {path: /orders, accepted: 500}")
            ])
        }
        let found = items.flatMap { assertions($0, notes) }
        guard notes.mistakes.isEmpty else { throw ProgramError(notes.mistakes.inOrder) }
        return found
    }

    /// Short form, for command lines: `accepted=500`, `requests>=3`, `duplicates<=0`.
    public static func parse(short text: String, path: PathPattern? = nil, id: String? = nil) throws(ProgramError)
        -> Assertion
    {
        for (sign, isLower, isUpper) in [(">=", true, false), ("<=", false, true), ("=", true, true)] {
            guard let place = text.firstRange(of: sign) else { continue }
            let name = String(text[..<place.lowerBound])
            guard let measure = Assertion.Measure(rawValue: name) else {
                throw mistake(NearWord.unknown(name, among: Assertion.Measure.allCases.map(\.rawValue)))
            }
            guard let count = Int(text[place.upperBound...]), count >= 0 else { break }
            try check(measure, id: id)
            return Assertion(measure, (isLower ? count : 0)...(isUpper ? count : Int.max), path: path, id: id)
        }
        throw mistake("\"\(text.prefix(60))\": expected NAME=N, NAME>=N or NAME<=N, such as accepted=500")
    }

    private static func mistake(_ text: String) -> ProgramError {
        ProgramError([ProgramError.Mistake(line: 1, column: 1, text: text)])
    }

    private static func check(_ measure: Assertion.Measure, id: String?) throws(ProgramError) {
        if let wrong = misuse(measure, id: id) { throw mistake(wrong) }
    }

    private static func misuse(_ measure: Assertion.Measure, id: String?) -> String? {
        if id == nil, measure == .attempts { return "attempts are counted per message: add its id, or count requests" }
        if id != nil, !Assertion.ofMessages.contains(measure) {
            return "\(measure.rawValue) is not counted per message; with an id use attempts, accepted or duplicates"
        }
        return nil
    }

    private static func assertions(_ node: Node, _ notes: ProgramNotes) -> [Assertion] {
        let names = Assertion.Measure.allCases.map(\.rawValue)
        guard let mapping = ProgramMapping(node, "assertion", keys: ["path", "id"] + names, notes) else { return [] }
        let path = mapping.has("path") ? mapping.pattern("path") : nil
        let id = mapping.text("id")
        let found = Assertion.Measure.allCases.filter { mapping.has($0.rawValue) }.compactMap { measure -> Assertion? in
            if let wrong = misuse(measure, id: id) {
                mapping.note(measure.rawValue, wrong)
                return nil
            }
            return range(mapping, measure.rawValue).map { Assertion(measure, $0, path: path, id: id) }
        }
        if !names.contains(where: mapping.has) {
            notes.add(node, "no count is given; expected one of \(names.joined(separator: ", "))")
        }
        return found
    }

    private static func range(_ mapping: ProgramMapping, _ key: String) -> ClosedRange<Int>? {
        guard mapping[key]?.mapping != nil else { return mapping.integer(key, in: 0...Int.max).map { $0...$0 } }
        guard let form = mapping.section(key, keys: ["at_least", "at_most"]) else { return nil }
        let least = form.integer("at_least", in: 0...Int.max) ?? 0
        let most = form.integer("at_most", in: 0...Int.max) ?? Int.max
        guard least <= most else {
            mapping.note(key, "at_least is more than at_most")
            return nil
        }
        return least...most
    }
}
