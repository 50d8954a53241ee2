/// The result of a run.
public struct Report: Sendable {
    public let address: ServerAddress
    /// In the order of the catalogue.
    public let results: [CheckResult]
    public let duration: Duration

    package init(address: ServerAddress, results: [CheckResult], duration: Duration) {
        self.address = address
        self.results = results
        self.duration = duration
    }

    public var failed: [CheckResult] { results.filter { if case .failed = $0.verdict { true } else { false } } }
    public var skipped: [CheckResult] { results.filter { if case .skipped = $0.verdict { true } else { false } } }
    public var passed: Int { results.count - failed.count - skipped.count }

    /// The clauses that deviations name, in the order of Protocol.md.
    public var brokenClauses: [String] {
        let clauses = Set(
            results.compactMap { result -> String? in
                if case .failed(let deviation) = result.verdict { deviation.clause } else { nil }
            })
        return clauses.sorted { left, right in
            left.split(separator: ".").compactMap { Int($0) }
                .lexicographicallyPrecedes(right.split(separator: ".").compactMap { Int($0) })
        }
    }
}

/// One check and its result.
public struct CheckResult: Sendable {
    public let check: Check
    public let verdict: Verdict
    public let duration: Duration

    package init(check: Check, verdict: Verdict, duration: Duration) {
        self.check = check
        self.verdict = verdict
        self.duration = duration
    }
}
