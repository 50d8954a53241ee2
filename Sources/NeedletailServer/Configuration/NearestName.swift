/// The known name that a misspelt one was meant to be.
enum NearestName {
    /// "; did you mean X?", or the list of what is known where nothing is near.
    static func hint(for name: String, among known: [String]) -> String {
        let ranked = known.map { (name: $0, distance: distance(name, $0)) }
        if name.count > 3, let longer = known.first(where: { $0.hasSuffix(name) }) {
            return "; did you mean \(longer)?"
        }
        let near = ranked.min { ($0.distance, $0.name) < ($1.distance, $1.name) }
        if let near, near.distance <= max(2, name.count / 3) { return "; did you mean \(near.name)?" }
        if known.count > 16 { return "; `needletail config default` lists what is known" }
        return "; known here: \(known.joined(separator: ", "))"
    }

    /// Levenshtein's distance; a swap of neighbours counts as two.
    static func distance(_ left: String, _ right: String) -> Int {
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
