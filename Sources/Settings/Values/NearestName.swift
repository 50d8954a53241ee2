/// Suggests the known name that is nearest to an unknown one.
package enum NearestName {
    /// "; did you mean X?", or the known names where none is near.
    ///
    /// - Parameter manual: where the known names are listed, for a message that would be too long with them.
    package static func hint(for name: String, among known: [String], manual: String? = nil) -> String {
        // The distance costs the product of the lengths.
        guard name.utf8.count <= 128 else { return "; known here: \(known.joined(separator: ", "))" }
        let ranked = known.map { (name: $0, distance: distance(name, $0)) }
        if name.count > 3, let longer = known.first(where: { $0.hasSuffix(name) }) {
            return "; did you mean \(longer)?"
        }
        let near = ranked.min { ($0.distance, $0.name) < ($1.distance, $1.name) }
        if let near, near.distance <= max(2, name.count / 3) { return "; did you mean \(near.name)?" }
        if let manual, known.count > 16 { return "; \(manual)" }
        return "; known here: \(known.joined(separator: ", "))"
    }

    /// Levenshtein distance: a swap of neighbours counts as two.
    private static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right.utf8)
        var row = Array(0...right.count)
        for (index, byte) in left.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let replaced = diagonal + (right[column] == byte ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
