/// All checks, and the clauses that no check exercises.
public enum Catalogue {
    public static let checks =
        PrefaceChecks.all + HelloChecks.all + HeaderChecks.all + BodyChecks.all + PublishChecks.all + EventChecks.all
        + DuplicateChecks.all + WindowChecks.all + LivenessChecks.all + EndingChecks.all

    /// Requirements on a server that cannot be observed over a plaintext connection of ten seconds, and why.
    public static let untested: [(clause: String, reason: String)] = [
        ("1.4", "the runner does not support TLS"),
        ("1.6", "the runner does not support TLS"),
        ("5.1.10", "it needs a key to be revoked"),
        ("8.1", "durability can be observed only after the server was killed"),
        ("8.10", "a server closes a client that does not read only after 30 s by default"),
    ]

    /// The checks whose id begins with the text, or that exercise this clause or a clause of this section: `header`,
    /// `header-flags`, `5.4`, `5.4.1`.
    public static func checks(matching filter: String) -> [Check] {
        checks.filter { check in
            check.id.hasPrefix(filter) || check.clauses.contains { $0 == filter || $0.hasPrefix(filter + ".") }
        }
    }
}
