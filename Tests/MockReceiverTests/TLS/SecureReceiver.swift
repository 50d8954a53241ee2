import Foundation
import MockReceiver
import TestSupport
import Testing

/// Runs `body` with a receiver that has an HTTPS port, and a directory in which `ca.pem` is its authority's certificate.
func withSecureReceiver(
    _ program: BehaviourProgram = BehaviourProgram(),
    _ body: (ReceiverServer, _ port: Int, TemporaryDirectory) async throws -> Void
) async throws {
    var configuration = ReceiverConfiguration()
    configuration.program = program
    configuration.tlsPort = 0
    configuration.messageCap = 1_000
    configuration.journalCapacity = 8
    let directory = TemporaryDirectory()
    try await withReceiver(configuration) { receiver in
        let authority = try #require(receiver.authorityCertificate)
        try authority.write(toFile: directory.path + "/ca.pem", atomically: true, encoding: .utf8)
        try await body(receiver, try #require(receiver.tlsPort), directory)
    }
}
