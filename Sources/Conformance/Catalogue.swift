/// Every check there is, and the clauses that no check can play.
public enum Catalogue {
    public static let checks =
        PrefaceChecks.all + HelloChecks.all + HeaderChecks.all + BodyChecks.all + PublishChecks.all + EventChecks.all
        + DuplicateChecks.all + WindowChecks.all + LivenessChecks.all + EndingChecks.all

    /// The checks whose id, group or a clause of which begins with the text: `header`, `5.4`, `header-flags`.
    public static func checks(matching filter: String) -> [Check] {
        checks.filter { check in
            check.id.hasPrefix(filter)
                || check.clauses.contains { $0 == filter || $0.hasPrefix(filter.hasSuffix(".") ? filter : filter + ".") }
        }
    }
}
