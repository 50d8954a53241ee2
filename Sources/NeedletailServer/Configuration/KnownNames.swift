import Settings

/// The names that may be given in a place, for a message about one that is not among them.
public enum KnownNames {
    /// "; did you mean X?", or the known names where none is near.
    public static func hint(for name: String, among known: [String]) -> String {
        NearestName.hint(for: name, among: known)
    }
}
