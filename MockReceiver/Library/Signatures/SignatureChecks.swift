import WebhookSigning

/// The verifiers of one event loop: an OpenSSL context belongs to one thread.
struct SignatureChecks {
    /// By secret rule.
    private var verifiers: [SignatureVerifier?] = []
    /// The second in which diagnoses are counted, their number in it, and the nanoseconds that they took.
    private var second: Int64 = 0
    private var diagnoses = 0
    private var spent: Int64 = 0

    /// Per second: neither many wrong signatures nor a few large ones may slow the receiver down.
    private static let mostDiagnoses = 100
    private static let mostSpent: Int64 = 250_000_000
    /// As seconds this would be the year 5138, as milliseconds it is 1973.
    private static let notSeconds: Int64 = 100_000_000_000

    /// Fills in the result of the signature check.
    mutating func check(_ request: inout ReceivedRequest, _ view: RequestView, tolerance: Int64) {
        let now = request.at / 1_000_000_000
        guard let rule = request.path.secretRule else {
            request.timestamp = SignatureChecks.timestamp(view)
            return
        }
        let verifier = self.verifier(rule, of: request.path, tolerance: tolerance)
        let verdict = verifier.verify(body: view.body, now: now) { view.value(of: $0) }
        request.verdict = Verdict(verdict)
        if let seconds = verifier.latestSeconds { request.timestamp = UInt32(clamping: seconds) }
        switch verdict {
        case .valid(let key): request.key = UInt8(key)
        case .expired: break
        case .future:
            if let seconds = verifier.latestSeconds, seconds >= SignatureChecks.notSeconds {
                request.diagnosis = .timestampInMilliseconds
            }
        case .wrong, .missing, .malformed:
            guard mayDiagnose(now), let check = request.path.check else { return }
            let began = WallClock.now()
            defer { spent += max(0, WallClock.now() - began) }
            request.diagnosis = SignatureSuspects(check, among: request.path.secrets, view, now: now).diagnose(verdict)
        }
    }

    private mutating func mayDiagnose(_ now: Int64) -> Bool {
        if second != now { (second, diagnoses, spent) = (now, 0, 0) }
        diagnoses += 1
        return diagnoses <= SignatureChecks.mostDiagnoses && spent < SignatureChecks.mostSpent
    }

    private mutating func verifier(_ rule: Int, of path: ResolvedPath, tolerance: Int64) -> SignatureVerifier {
        if rule < verifiers.count, let known = verifiers[rule] { return known }
        while verifiers.count <= rule { verifiers.append(nil) }
        // Read only here, because a copy of it retains all its parts.
        guard let check = path.check else { preconditionFailure("a rule's number without the rule") }
        let verifier = SignatureVerifier(check.secrets, scheme: check.scheme, tolerance: tolerance)
        verifiers[rule] = verifier
        return verifier
    }

    private static let timestampHeader = Array("webhook-timestamp".utf8)

    /// The timestamp of a message that is not checked, from the standard scheme's header; 0: none.
    private static func timestamp(_ view: RequestView) -> UInt32 {
        let digits = view.value(of: timestampHeader)
        guard (1...10).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return 0 }
        return UInt32(clamping: digits.reduce(0 as UInt64) { $0 * 10 + UInt64($1 - 0x30) })
    }
}
