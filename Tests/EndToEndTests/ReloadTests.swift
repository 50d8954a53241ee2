import Foundation
import IngestClient
import MockReceiver
import NIOCore
import TestSupport
import Testing

extension EndToEnd {
    /// SIGHUP: keys go, certificates change, and who is not concerned notices nothing.
    @Suite struct ReloadTests {
        private let folder = TemporaryDirectory()
        private let file = ProvisioningFile(.init(url: "http://127.0.0.1:9/"))

        @Test func `a key that leaves the file ends its idle connections within a second`() async throws {
            var file = file
            file.keys.append(.init(name: "second", text: "nt_the_second_key"))
            let installation = try Installation(file)
            let server = try await installation.start()
            let idle = try await Caller(port: server.port)
            try await idle.hello(key: "nt_the_second_key")
            let other = try await Caller(port: server.port)
            try await other.hello(key: ProvisioningFile.key)
            #expect(try await idle.frames(1) == ["WELCOME"])
            #expect(try await other.frames(1) == ["WELCOME"])

            file.keys.removeLast()
            try installation.provision(file)
            let begin = ContinuousClock.now
            server.process.send(SIGHUP)
            let frames = try await idle.frames(2)
            let elapsed = begin.duration(to: .now)
            #expect(frames == ["WELCOME", "CLOSE AUTH_FAILED: the API key was removed"])
            #expect(elapsed < .seconds(1), "\(elapsed)")
            print("revocation by SIGHUP reached an idle connection after \(elapsed)")
            try await other.publish(1)
            #expect(try await other.frames(2) == ["WELCOME", "ACK ACCEPTED"])
            for caller in [idle, other] { await caller.hangUp() }
            try await server.stop()
        }

        @Test func `the log line of a 410 names steps that enable the endpoint again`() async throws {
            try await withReceiver([.init(.exact("/in"), Behaviour(reply: .answer(Answer(status: 410))))]) { receiver in
                var file = ProvisioningFile(.init(url: receiver.url("/in")))
                let installation = try Installation(file)
                let server = try await installation.start()
                _ = try await server.connect().publish([Events.event(1)])
                let line = try await server.process.line(with: "answered 410")
                #expect(
                    line?.contains("set enabled: false, reload, set enabled: true, reload") == true, "\(line ?? "")")
                // The endpoint is disabled: an event waits. What the line says, and the endpoint gets it.
                _ = try await server.connect().publish([Events.event(2)])
                for (count, lines) in [["enabled: false"], ["enabled: true"]].enumerated() {
                    file.tenants[0].endpoints[0].more = ["secret: \(Sample.secret)"] + lines
                    try installation.provision(file)
                    server.process.send(SIGHUP)
                    _ = try await server.process.output.wait(for: "a reload") { output in
                        output.lines.filter { $0.contains("provisioned") }.count >= count + 2 ? true : nil
                    }
                }
                await receiver.expectRequests(2)
                try await server.stop()
            }
        }

        @Test func `a file with mistakes changes nothing, and all of them are reported`() async throws {
            let installation = try Installation(file)
            let server = try await installation.start()
            let caller = try await Caller(port: server.port)
            try await caller.hello(key: ProvisioningFile.key)
            #expect(try await caller.frames(1) == ["WELCOME"])
            let bad = file.text.replacing("tenants: all", with: "tenants: [nobody], scopes: [fly]")
            try installation.write(bad, to: installation.provisioning)
            server.process.send(SIGHUP)
            for words in ["nobody", "fly"] {
                let line = try await server.process.line(with: words)
                #expect(line?.contains("provisioning not applied") == true, "\(line ?? "")")
                #expect(line?.contains("\(installation.provisioning):12:") == true, "\(line ?? "")")
            }
            try await caller.publish(1)
            #expect(try await caller.frames(2) == ["WELCOME", "ACK ACCEPTED"])
            await caller.hangUp()
            try await server.stop()
        }

        @Test func `new connections get the new certificate, and old connections stay open`() async throws {
            let ca = ThrowawayCA(directory: folder.path)
            let certificate = ca.issue(commonName: "ingest", dnsNames: ["localhost"], validDays: 90)
            let installation = try Installation(file)
            let server = try await installation.start(
                ["--tls-certificate", certificate.certificateFile, "--tls-key", certificate.keyFile])
            let old = try await Caller(port: server.port, tls: Caller.tls(trusting: ca))
            try await old.hello(key: ProvisioningFile.key)
            #expect(try await old.frames(1) == ["WELCOME"])

            // First a bad one: a key without its certificate.
            let next = ThrowawayCA(directory: folder.path)
            let fresh = next.issue(commonName: "ingest", dnsNames: ["localhost"], validDays: 90)
            try copy(fresh.keyFile, to: certificate.keyFile)
            server.process.send(SIGHUP)
            let refusal = try await server.process.line(with: "certificates not reloaded")
            #expect(refusal?.contains("does not belong to the certificate") == true, "\(refusal ?? "")")
            try copy(fresh.certificateFile, to: certificate.certificateFile)
            server.process.send(SIGHUP)
            #expect(try await server.process.line(with: "certificates reloaded") != nil)

            let new = try await Caller(port: server.port, tls: Caller.tls(trusting: next))
            try await new.hello(key: ProvisioningFile.key)
            #expect(try await new.frames(1) == ["WELCOME"])
            try await old.publish(1)
            #expect(try await old.frames(2) == ["WELCOME", "ACK ACCEPTED"])
            for caller in [old, new] { await caller.hangUp() }
            try await server.stop()
        }

        private func copy(_ from: String, to: String) throws {
            try Data(contentsOf: URL(filePath: from)).write(to: URL(filePath: to))
        }
    }

    /// What a key opens, from the provisioning file to the wire.
    @Suite struct KeyTests {
        private let folder = TemporaryDirectory()

        @Test func `a client certificate selects its key, which allows its event types`() async throws {
            let ca = ThrowawayCA(directory: folder.path)
            let certificate = ca.issue(commonName: "ingest", dnsNames: ["localhost"])
            var file = ProvisioningFile(.init(url: "http://127.0.0.1:9/"))
            file.keys[0].more = ", client_certificates: [shop.example], scopes: [\"publish:order.*\"], rate: 1"
            var installation = try Installation(file)
            installation.settings = [
                "NEEDLETAIL_INGEST_TLS_CERTIFICATE": certificate.certificateFile,
                "NEEDLETAIL_INGEST_TLS_KEY": certificate.keyFile,
                "NEEDLETAIL_INGEST_TLS_CLIENT_CA": ca.certificateFile,
                "NEEDLETAIL_INGEST_TLS_CLIENT_CERTIFICATES": "required",
            ]
            let server = try await installation.start()
            let shop = ca.issue(commonName: "x", dnsNames: ["shop.example"], isClient: true)
            let caller = try await Caller(port: server.port, tls: Caller.tls(trusting: ca, showing: shop))
            try await caller.hello(key: "")
            try await caller.publish(1, type: "task.done")
            try await caller.publish(2, type: "order.placed")
            try await caller.publish(3, type: "order.placed")
            // Refusals overtake what waits for its commit.
            let answers = try await caller.frames(4)
            #expect(answers.first == "WELCOME")
            #expect(answers.dropFirst().sorted() == ["ACK ACCEPTED", "ACK FORBIDDEN", "ACK THROTTLED"])

            let other = ca.issue(commonName: "other", isClient: true)
            let stranger = try await Caller(port: server.port, tls: Caller.tls(trusting: ca, showing: other))
            try await stranger.hello(key: "")
            #expect(
                try await stranger.frames(1)
                    == [
                        "CLOSE AUTH_FAILED: no API key names the client certificate; use an API key, or list the certificate in client_certificates of a key"
                    ])
            for caller in [caller, stranger] { await caller.hangUp() }
            try await server.stop()
        }

        @Test func `a Unix socket can be opened again after a crash`() async throws {
            let path = folder.path + "/ingest.sock"
            let installation = try Installation(ProvisioningFile(.init(url: "http://127.0.0.1:9/")))
            let first = try await installation.start(["--unix-socket", path])
            first.process.send(SIGKILL)
            _ = try await first.process.ended()
            #expect(FileManager.default.fileExists(atPath: path))
            let second = try await installation.start(["--unix-socket", path])
            let caller = try await Caller(to: SocketAddress(unixDomainSocketPath: path))
            try await caller.hello(key: ProvisioningFile.key)
            try await caller.publish(1)
            #expect(try await caller.frames(2) == ["WELCOME", "ACK ACCEPTED"])
            await caller.hangUp()
            try await second.stop()
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }
}
