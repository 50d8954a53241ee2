import Yams

/// How a program writes durations and spans of numbers.
enum ProgramQuantity {
    private static let units = [("ms", 1.0), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]

    static func durationForm(_ range: ClosedRange<Int>) -> String {
        "a duration from \(text(range.lowerBound)) to \(text(range.upperBound)), such as 250ms, 1.5s, 2m or 1h"
    }

    /// Milliseconds; nil: no duration, or out of range.
    static func duration(_ node: Node, in range: ClosedRange<Int>) -> Int? {
        node.scalar.flatMap { milliseconds($0.string) }.flatMap { range.contains($0) ? $0 : nil }
    }

    /// Milliseconds of `250ms`, `1.5s`, `2m`, `1h`, `1d`, or `0`.
    static func milliseconds(_ text: String) -> Int? {
        if text == "0" { return 0 }
        guard let unit = units.first(where: { text.hasSuffix($0.0) }), let number = Double(text.dropLast(unit.0.count)),
            number >= 0, number * unit.1 <= 1e12
        else { return nil }
        return Int((number * unit.1).rounded())
    }

    /// In the form of a program: in the largest unit that gives a whole number.
    static func text(_ milliseconds: Int) -> String {
        guard milliseconds > 0 else { return "0" }
        let unit = units.last { milliseconds.isMultiple(of: Int($0.1)) } ?? units[0]
        return "\(milliseconds / Int(unit.1))\(unit.0)"
    }

    /// `3`, `1..3`, `4..` or `..3`, from 1 on.
    static func span(_ text: String) -> ClosedRange<Int>? {
        guard let dots = text.firstRange(of: "..") else {
            return Int(text).flatMap { $0 > 0 ? $0...$0 : nil }
        }
        let (left, right) = (text[..<dots.lowerBound], text[dots.upperBound...])
        guard let from = left.isEmpty ? 1 : Int(left), let to = right.isEmpty ? Int.max : Int(right),
            from > 0, from <= to, !(left.isEmpty && right.isEmpty)
        else { return nil }
        return from...to
    }

    static func text(_ span: ClosedRange<Int>) -> String {
        if span.lowerBound == span.upperBound { return "\(span.lowerBound)" }
        return "\(span.lowerBound).." + (span.upperBound == .max ? "" : "\(span.upperBound)")
    }
}

/// Finds the known word that a misspelt one was meant to be.
package enum NearWord {
    /// "; did you mean X?", or the list of known words if none is similar.
    package static func hint(for word: String, among known: [String]) -> String {
        let ranked = known.map { (word: $0, distance: distance(word, $0)) }
        if let near = ranked.min(by: { ($0.distance, $0.word) < ($1.distance, $1.word) }),
            near.distance <= max(2, word.utf8.count / 3)
        {
            return "; did you mean \(near.word)?"
        }
        return "; known are \(known.joined(separator: ", "))"
    }

    package static func unknown(_ word: String, among known: [String]) -> String {
        "unknown \"\(word.prefix(60))\"\(hint(for: String(word.prefix(60)), among: known))"
    }

    /// The number of changed, added and dropped letters (edit distance).
    private static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right.utf8)
        var row = Array(0...right.count)
        for (index, letter) in left.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let changed = diagonal + (right[column] == letter ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(changed, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
