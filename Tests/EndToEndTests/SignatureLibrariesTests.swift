import Foundation
import IngestClient
import TestSupport
import Testing
import WebhookModel
import WebhookSigning
import WireProtocol

extension EndToEnd {
    /// The published Python packages `standardwebhooks`, `svix` and `stripe` judge what the server sends.
    @Suite struct SignatureLibrariesTests {
        private struct Case {
            let path: String
            let library: String
            let scheme: String
            /// What the receiver knows, and what signs.
            let secret: String
            let signing: [String]
            var body = "raw"
        }

        private static let new = SigningSecret.generate().reveal()
        private static let raw = "sk_test_0123456789abcdef"

        private static let cases = [
            Case(
                path: "/standard", library: "standardwebhooks", scheme: "standard", secret: Sample.secret,
                signing: [Sample.secret]),
            Case(
                path: "/standard-new", library: "standardwebhooks", scheme: "standard", secret: new,
                signing: [new, Sample.secret]),
            Case(
                path: "/standard-old", library: "standardwebhooks", scheme: "standard", secret: Sample.secret,
                signing: [new, Sample.secret]),
            Case(
                path: "/standard-envelope", library: "standardwebhooks", scheme: "standard", secret: Sample.secret,
                signing: [Sample.secret], body: "envelope"),
            Case(path: "/svix", library: "svix", scheme: "svix", secret: Sample.secret, signing: [Sample.secret]),
            Case(
                path: "/svix-old", library: "svix", scheme: "svix", secret: Sample.secret,
                signing: [new, Sample.secret]),
            Case(path: "/stripe", library: "stripe", scheme: "stripe", secret: Sample.secret, signing: [Sample.secret]),
            Case(path: "/stripe-old", library: "stripe", scheme: "stripe", secret: raw, signing: [Sample.secret, raw]),
        ]

        /// Made by `Tests/run`.
        private static let python = checkout + "/.build/python-venv/bin/python"
        private static let checkout = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../..").standardizedFileURL.path()

        @Test func `other libraries' verifiers accept our messages and reject changed ones`() async throws {
            try #require(
                FileManager.default.isExecutableFile(atPath: SignatureLibrariesTests.python),
                "\(SignatureLibrariesTests.python) is missing: Tests/run makes it, from PyPI")
            let receiver = try receiver()
            let line = try #require(try await receiver.line(with: "listening "), "\(receiver.lines)")
            let port = try #require(line.split(separator: " ").last)
            let endpoints = SignatureLibrariesTests.cases.map { entry in
                ProvisioningFile.Endpoint(
                    name: String(entry.path.dropFirst()), url: "http://127.0.0.1:\(port)\(entry.path)",
                    more: [
                        "signature: \(entry.scheme)", "secrets: [\(entry.signing.joined(separator: ", "))]",
                        "body: \(entry.body)",
                    ])
            }
            let file = ProvisioningFile(tenants: [ProvisioningFile.Tenant(endpoints: endpoints)])
            let server = try await Installation(file).start()
            // What `stripe` takes for an event.
            let payload = #"{"id":"evt_1","object":"event","type":"order.placed","data":{"object":{"id":"ü"}}}"#
            _ = try await server.connect().publish(Events.event(1, payload: payload))
            for entry in SignatureLibrariesTests.cases {
                let judged = try #require(try await receiver.line(with: "judged \(entry.path) "), "\(receiver.lines)")
                let id = entry.library == "stripe" ? "" : " id=rejected"
                #expect(
                    judged
                        == "judged \(entry.path) genuine=accepted body=rejected\(id) timestamp=rejected signature=rejected"
                )
            }
            try await server.stop()
            receiver.send(SIGKILL)
        }

        private func receiver() throws -> ChildProcess {
            let rules = SignatureLibrariesTests.cases.map { entry in
                #""\#(entry.path)": {"library": "\#(entry.library)", "secret": "\#(entry.secret)"}"#
            }
            return try ChildProcess(
                SignatureLibrariesTests.python,
                [
                    SignatureLibrariesTests.checkout + "/Tests/SignatureLibraries/receiver.py",
                    "{\(rules.joined(separator: ", "))}",
                ],
                environment: ["PYTHONDONTWRITEBYTECODE": "1"])
        }
    }
}
