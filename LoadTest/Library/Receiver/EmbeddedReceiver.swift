package import MockReceiver
import WebhookSigning

/// A mock receiver in this process.
package final class EmbeddedReceiver: Sendable {
    private let server: ReceiverServer
    /// Its behaviour while there is no outage.
    private let program: BehaviourProgram

    private init(_ server: ReceiverServer, program: BehaviourProgram) {
        self.server = server
        self.program = program
    }

    package static func start(
        _ plan: EmbeddedReceiverPlan, expectedMessages: Int, seed: UInt64
    ) async throws -> EmbeddedReceiver {
        var configuration = ReceiverConfiguration()
        configuration.host = plan.host
        configuration.port = plan.authority == nil ? plan.port : 0
        configuration.tlsPort = plan.authority == nil ? nil : plan.port
        configuration.tlsAuthority = plan.authority
        configuration.messageCap = min(max(expectedMessages, 100_000), 1 << 28)
        configuration.endpointCap = 131_072
        let behaviour = Behaviour(failShare: plan.failureShare, failure: .answer(Answer(status: 503)))
        configuration.program = plan.program ?? BehaviourProgram(everywhere: behaviour)
        configuration.program.seed = seed
        configuration.program.secrets = nil
        if !plan.secrets.isEmpty { configuration.program.secrets = try plan.secrets.map(rule) }
        do {
            return EmbeddedReceiver(try await ReceiverServer.start(configuration), program: configuration.program)
        } catch {
            throw LoadTestError(
                "the embedded receiver cannot listen on \(plan.host):\(plan.port): \(error); free the port or choose another --receiver-port"
            )
        }
    }

    private static func rule(_ text: (pattern: String, secret: String)) throws -> BehaviourProgram.SecretRule {
        guard let pattern = PathPattern(text.pattern) else {
            throw LoadTestError(
                "--secret: invalid path \"\(text.pattern)\"; expected /path=whsec_…, /prefix*=whsec_… or whsec_… alone")
        }
        do {
            return BehaviourProgram.SecretRule(pattern, try SecretSet(written: [text.secret]))
        } catch {
            throw LoadTestError("--secret for \(text.pattern): \(error)")
        }
    }

    /// The port that webhooks go to.
    package var port: Int { server.tlsPort ?? server.port }
    package var accounts: MessageAccounts { server.accounts() }

    package var counts: ReceiverCounts {
        let stats = server.stats()
        var counts = ReceiverCounts()
        counts.requests = stats.totals.requests
        counts.accepted = stats.totals.accepted
        counts.duplicates = stats.totals.duplicates
        counts.failures = stats.totals.answers[5]
        counts.unverified = stats.totals.unverified
        counts.changedBodies = stats.totals.changedBodies
        counts.connections = stats.connectionsEver
        counts.isInconclusive = stats.inconclusive
        return counts
    }

    /// From now on exactly these paths have the outage; nil: none has.
    package func set(_ outage: Outage?, at paths: [String]) {
        var program = program
        if let outage {
            let rules = paths.map { BehaviourProgram.Rule(.exact($0), outage.behaviour) }
            program.rules = rules + program.rules
        }
        server.replace(program)
    }

    /// Messages that these paths have accepted so far.
    package func accepted(at paths: Set<String>) -> Int {
        server.endpoints().reduce(0) { paths.contains($1.path) ? $0 + $1.counters.accepted : $0 }
    }

    package func stop() async { try? await server.stop() }
}

extension Reception {
    /// A message as the mock receiver has recorded it.
    package init(_ account: MessageAccount) {
        self.init(
            id: account.id, firstSeen: account.firstSeen, firstAccepted: account.firstAccepted,
            attempts: Int(account.attempts), duplicates: Int(account.duplicates), bodyHash: account.bodyHash,
            bodyChanged: account.flags.contains(.bodyChanged),
            isVerified: account.lastVerdict == .unchecked ? nil : !account.flags.contains(.unverified))
    }
}
