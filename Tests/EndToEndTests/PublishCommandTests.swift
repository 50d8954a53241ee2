import Foundation
import MockReceiver
import TestSupport
import Testing
import WebhookModel

extension EndToEnd {
    /// `needletail publish` as a process, against the real server.
    @Suite struct PublishCommandTests {
        private struct Outcome {
            let exit: ChildProcess.Exit
            let output: [String]
            let complaints: [String]
        }

        /// Runs the command with its receipts in a file and, where one is given, a text as its standard input.
        private func publish(
            _ arguments: [String], input: String? = nil, server: RunningServer? = nil,
            key: String = ProvisioningFile.key
        ) async throws -> Outcome {
            let folder = TemporaryDirectory()
            let path = folder.path
            try Data((input ?? "").utf8).write(to: URL(filePath: path + "/in"))
            var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("NEEDLETAIL_") }
            environment["NEEDLETAIL_KEY"] = key
            if let server { environment["NEEDLETAIL_SERVER"] = "127.0.0.1:\(server.port)" }
            let script = #"exec "$0" publish "$@" < "$IN" > "$OUT""#
            environment["IN"] = path + "/in"
            environment["OUT"] = path + "/out"
            let process = try ChildProcess(
                "/bin/sh", ["-c", script, ServerExecutable.path] + arguments, environment: environment)
            let exit = try await process.ended()
            let output = try String(contentsOfFile: path + "/out", encoding: .utf8)
            return Outcome(
                exit: exit, output: output.split(separator: "\n").map(String.init), complaints: process.lines)
        }

        private func withServer(_ body: (RunningServer, ReceiverServer) async throws -> Void) async throws {
            try await withReceiver { receiver in
                let server = try await Installation(ProvisioningFile(.init(url: receiver.url("/in")))).start()
                try await body(server, receiver)
                try await server.stop()
            }
        }

        @Test func `one event from flags`() async throws {
            try await withServer { server, receiver in
                let id = Events.id(1).webhookID
                let outcome = try await publish(
                    ["--tenant", "acme", "--type", "order.placed", "--payload", #"{ "b":1, "a":2 }"#, "--id", id],
                    server: server)
                #expect(outcome.exit == .code(0), "\(outcome.complaints)")
                #expect(outcome.output.count == 1)
                #expect(outcome.output.first?.hasPrefix("\(id) ACCEPTED commit=") == true)
                await receiver.expectRequests(1)
                let request = try #require(receiver.journal().first)
                // Byte for byte as it was given.
                #expect(request.body == Array(#"{ "b":1, "a":2 }"#.utf8))
                #expect(request.headers["webhook-id"] == id)
            }
        }

        @Test func `each line gets a receipt, and each mistake is reported with its line and a remedy`() async throws {
            try await withServer { server, receiver in
                let lines = [
                    #"{"type":"order.placed","payload":{"z": 1,"a":"\u00e9"},"idempotency_key":"order-1"}"#,
                    "",
                    #"{"type":"order.placed","payload":[1, 2.50]}"#,
                    #"{"type":"order.placed"}"#,
                    #"{"type":"order placed","payload":{}}"#,
                    #"{"type":"order.placed","payload":{"a":}}"#,
                    #"{"type":"order.placed","payload":1,"tennant":"x"}"#,
                    #"{"tenant":"nobody","type":"order.placed","payload":1}"#,
                    #"{"type":"order.placed","payload":{"z": 1,"a":"\u00e9"},"idempotency_key":"order-1"}"#,
                ]
                let outcome = try await publish(
                    ["--tenant", "acme"], input: lines.joined(separator: "\n"), server: server)
                #expect(outcome.exit == .code(1))
                let statuses = outcome.output.map { $0.split(separator: " ")[1] }
                #expect(statuses == ["ACCEPTED", "ACCEPTED", "DUPLICATE"])
                for start in [
                    "line 4: no payload", "line 5: the event type", "line 6: this is not a JSON value, at byte",
                    "line 7: \"tennant\" is unknown",
                ] {
                    #expect(outcome.complaints.contains { $0.hasPrefix(start) }, "\(start): \(outcome.complaints)")
                }
                #expect(outcome.complaints.contains { $0.hasPrefix("line 8: ") && $0.contains("UNKNOWN_TENANT") })
                #expect(
                    outcome.complaints.last?.hasPrefix("3 stored, 1 of them known before, 1 refused, 4 not readable;")
                        == true)
                await receiver.expectRequests(2)
                let bodies = Set(receiver.journal().map { String(decoding: $0.body, as: UTF8.self) })
                #expect(bodies == [#"{"z": 1,"a":"\u00e9"}"#, "[1, 2.50]"])
            }
        }

        @Test func `thousands of lines, receipts as JSON in the order of the lines`() async throws {
            try await withServer { server, _ in
                let lines = (1...5_000).map {
                    #"{"tenant":"acme","type":"other","payload":{"n":\#($0)},"id":"\#(Events.id(UInt64($0)).webhookID)"}"#
                }
                let outcome = try await publish(["--json"], input: lines.joined(separator: "\n") + "\n", server: server)
                #expect(outcome.exit == .code(0), "\(outcome.complaints)")
                let starts = (1...5_000).map {
                    #"{"line":\#($0),"id":"\#(Events.id(UInt64($0)).webhookID)","status":"ACC"#
                }
                #expect(outcome.output.count == 5_000)
                #expect(zip(outcome.output, starts).allSatisfy { $0.hasPrefix($1) })
                #expect(outcome.complaints.last?.hasPrefix("5000 stored;") == true)
            }
        }

        // F34, F29.
        @Test func `a byte order mark and any JSON payload that the server takes are taken`() async throws {
            try await withServer { server, receiver in
                let lines = [
                    "\u{FEFF}"
                        + #"{"tenant":"acme","type":"order.placed","payload":{"\ud800":["\udfff", "\ud800\n"]}}"#,
                    #"{"tenant":"acme","type":"order.placed","payload":1,"ordering_key":"\ud83d\ude00"}"#,
                    #"{"tenant":"acme","type":"order.placed","payload_text":"\ud800"}"#,
                    #"{"tenant":"acme","type":"order.placed","payload":1,"attributes":{"a":"\ud800"}}"#,
                ]
                let outcome = try await publish([], input: lines.joined(separator: "\n"), server: server)
                #expect(outcome.exit == .code(1))
                let reason = "half a surrogate pair in a string; expected Unicode text"
                for start in [
                    #"line 3: "payload_text": \#(reason)"#, #"line 4: "attributes": the value of "a": \#(reason)"#,
                ] {
                    #expect(outcome.complaints.contains { $0.hasPrefix(start) }, "\(start): \(outcome.complaints)")
                }
                #expect(outcome.complaints.last?.hasPrefix("2 stored") == true, "\(outcome.complaints)")
                await receiver.expectRequests(2)
                let bodies = receiver.journal().map { String(decoding: $0.body, as: UTF8.self) }
                #expect(bodies.contains(#"{"\ud800":["\udfff", "\ud800\n"]}"#))
            }
        }

        @Test func `a key file of two lines is refused`() async throws {
            let folder = TemporaryDirectory()
            try Data("key\nanother\n".utf8).write(to: URL(filePath: folder.path + "/key"))
            let outcome = try await publish(
                ["--key-file", folder.path + "/key", "--tenant", "a", "--type", "b", "--payload", "1"])
            #expect(outcome.exit != .code(0))
            #expect(outcome.complaints.contains { $0.contains("it has more than one line") }, "\(outcome.complaints)")
        }

        @Test func `each mistake of a line names its field`() async throws {
            try await withServer { server, _ in
                let lines: [(text: String, complaint: String)] = [
                    (#"{"type":"a","payload":1,"type":"b"}"#, #""type" is given twice"#),
                    (#"{"type":"a","payload":1,"payload_text":"x"}"#, #""payload" and "payload_text" exclude"#),
                    (
                        #"{"type":"a","payload":1,"id":"x","idempotency_key":"y"}"#,
                        #""id" and "idempotency_key" exclude"#
                    ),
                    (#"{"type":"","payload":1}"#, #""type" is empty; expected 1 to 128 of"#),
                    (#"{"tenant":"","type":"a","payload":1}"#, #""tenant" is empty; expected 1 to 64 of"#),
                    (#"{"type":"a","payload":1,"attributes":{"a":1}}"#, #""attributes": the value of "a" must be"#),
                    (#"{"type":"a","payload":1,"attributes":{"a":"1","a":"2"}}"#, #""attributes": "a" is given twice"#),
                ]
                let outcome = try await publish(
                    ["--tenant", "acme"], input: lines.map(\.text).joined(separator: "\n"), server: server)
                #expect(outcome.exit == .code(1) && outcome.output == [])
                for (index, line) in lines.enumerated() {
                    #expect(
                        outcome.complaints.contains { $0.hasPrefix("line \(index + 1): \(line.complaint)") },
                        "\(line.text): \(outcome.complaints)")
                }
            }
        }

        @Test func `TOO_LARGE names the size and the limit`() async throws {
            var installation = try Installation(ProvisioningFile(.init(url: "http://127.0.0.1:9/")))
            installation.settings = ["NEEDLETAIL_INGEST_PAYLOAD_SIZE": "1KiB"]
            let server = try await installation.start()
            let payload = "\"" + String(repeating: "x", count: 1_998) + "\""
            let words = "TOO_LARGE: the payload has 2000 bytes, and the server takes at most 1024; "
            let one = try await publish(["--tenant", "acme", "--type", "a", "--payload", payload], server: server)
            #expect(one.exit == .code(1) && one.complaints.first?.contains(words) == true, "\(one.complaints)")
            let lines = try await publish(
                ["--tenant", "acme", "--type", "a"], input: "{\"payload\":\(payload)}", server: server)
            #expect(lines.complaints.first?.hasPrefix("line 1: ") == true, "\(lines.complaints)")
            #expect(lines.complaints.first?.contains(words) == true, "\(lines.complaints)")
            try await server.stop()
        }

        @Test func `FORBIDDEN names tenant and type, and the server's log says which of them`() async throws {
            var file = ProvisioningFile(.init(url: "http://127.0.0.1:9/"))
            file.keys[0].more = ", scopes: [\"publish:order.*\"]"
            let server = try await Installation(file).start()
            let outcome = try await publish(["--tenant", "acme", "--type", "refund", "--payload", "1"], server: server)
            #expect(outcome.exit == .code(1))
            #expect(
                outcome.complaints.first?.contains(
                    "FORBIDDEN: the API key does not allow the tenant \"acme\" or the event type \"refund\"; the server's log says which"
                )
                    == true, "\(outcome.complaints)")
            let line = try await server.process.line(with: "got FORBIDDEN")
            #expect(
                line?.contains(
                    "the API key \"tests\" does not allow the event type \"refund\"; its scopes are publish:order.*")
                    == true, "\(line ?? "")")
            try await server.stop()
        }

        @Test func `a directory as the key file says so`() async throws {
            let folder = TemporaryDirectory()
            let outcome = try await publish(
                ["--key-file", folder.path, "--tenant", "a", "--type", "b", "--payload", "1"])
            #expect(outcome.exit == .code(1))
            #expect(
                outcome.complaints.first?.hasPrefix(
                    "needletail: cannot read the key file \(folder.path): it is a directory")
                    == true, "\(outcome.complaints)")
        }

        // The bounds that the protocol sets to times show whether each form is read to the millisecond.
        @Test func `times are read exactly`() async throws {
            try await withServer { server, _ in
                let times = [
                    ("\"2000-01-01T00:00:00Z\"", true), ("\"1999-12-31T23:59:59.999Z\"", false),
                    ("\"2000-01-01T01:00:00+01:00\"", true), ("\"2000-01-01T00:59:59.999+01:00\"", false),
                    ("\"2200-01-01T00:00:00.000Z\"", true), ("\"2200-01-01T00:00:00.001Z\"", false),
                    ("\"2199-12-31T18:30:00-05:30\"", true), ("\"2199-12-31T18:30:00.001-05:30\"", false),
                    ("946684800000", true), ("946684799999", false), ("\"+0s\"", true), ("\"2026-02-31\"", false),
                ]
                let lines = times.map { #"{"tenant":"acme","type":"a","payload":1,"occurred_at":\#($0.0)}"# }
                let outcome = try await publish(["--json"], input: lines.joined(separator: "\n"), server: server)
                let good = times.indices.filter { times[$0].1 }.map { #"{"line":\#($0 + 1),"# }
                #expect(outcome.output.count == good.count)
                #expect(zip(outcome.output, good).allSatisfy { $0.hasPrefix($1) }, "\(outcome.output)")
            }
        }

        @Test func `quiet prints nothing about stored events`() async throws {
            try await withServer { server, _ in
                let arguments = ["--quiet", "--tenant", "acme", "--type", "a", "--payload", "1"]
                let outcome = try await publish(arguments, server: server)
                #expect(outcome.exit == .code(0))
                #expect(outcome.output == [])
                #expect(outcome.complaints == [])
            }
        }

        @Test func `a command that cannot succeed ends with exit code 1 and one line that names the cause`()
            async throws
        {
            try await withServer { server, _ in
                let event = ["--tenant", "acme", "--type", "a", "--payload", "1"]
                let wrongKey = try await publish(event, server: server, key: "nt_not_this_one_1234")
                #expect(wrongKey.exit == .code(1))
                #expect(wrongKey.complaints.count == 1)
                // The reason and its mend, and no other reason beside it.
                #expect(
                    wrongKey.complaints == [
                        "needletail: the server refused the connection: the API key is not known; use a key that the server's provisioning file declares (AUTH_FAILED)"
                    ])
                let port = try await FreePort.choose()
                let nobody = try await publish(event + ["--server", "127.0.0.1:\(port)"])
                #expect(nobody.exit == .code(1))
                #expect(nobody.complaints.first?.contains("connection refused") == true)
                let refused = try await publish(
                    ["--tenant", "nobody", "--type", "a", "--payload", "1"], server: server)
                #expect(refused.exit == .code(1))
                #expect(refused.complaints.first?.contains("UNKNOWN_TENANT") == true)
            }
        }

        @Test func `TLS with a certificate instead of a key works, and a server of another authority is refused`()
            async throws
        {
            let folder = TemporaryDirectory()
            let ca = ThrowawayCA(directory: folder.path)
            let server = ca.issue(commonName: "ingest", dnsNames: ["localhost"])
            let client = ca.issue(commonName: "shop", dnsNames: ["shop.example"], isClient: true)
            var file = ProvisioningFile(.init(url: "http://127.0.0.1:9/"))
            file.keys[0].more = ", client_certificates: [shop.example]"
            var installation = try Installation(file)
            installation.settings = [
                "NEEDLETAIL_INGEST_TLS_CERTIFICATE": server.certificateFile,
                "NEEDLETAIL_INGEST_TLS_KEY": server.keyFile,
                "NEEDLETAIL_INGEST_TLS_CLIENT_CA": ca.certificateFile,
                "NEEDLETAIL_INGEST_TLS_CLIENT_CERTIFICATES": "optional",
            ]
            let running = try await installation.start()
            let event = ["--server", "localhost:\(running.port)", "--tenant", "acme", "--type", "a", "--payload", "1"]
            let trusting = event + ["--tls-ca", ca.certificateFile]
            let byKey = try await publish(trusting)
            #expect(byKey.exit == .code(0), "\(byKey.complaints)")
            let byCertificate = try await publish(
                trusting + ["--tls-certificate", client.certificateFile, "--tls-key", client.keyFile], key: "")
            #expect(byCertificate.exit == .code(0), "\(byCertificate.complaints)")
            let stranger = ThrowawayCA(directory: folder.path)
            let mistrusted = try await publish(event + ["--tls-ca", stranger.certificateFile])
            #expect(mistrusted.exit == .code(1))
            #expect(mistrusted.complaints.count == 1, "\(mistrusted.complaints)")
            let plain = try await publish(event)
            #expect(plain.exit == .code(1))
            #expect(plain.complaints.first?.contains("TLS") == true, "\(plain.complaints)")
            try await running.stop()
        }

        @Test(arguments: [
            (["--payload", "1"], "no tenant"), (["--payload", "{"], "the payload is not JSON"),
            (["--tenant", "a", "--type", "b", "--payload", "1", "--deliver-at", "soon"], "+90s"),
            (
                ["--tenant", "a", "--type", "b", "--payload", "1", "--deliver-at", "-5m"],
                "deliver_at: \"-5m\" is before now; expected a time from now on, such as +90s"
            ),
            (["--payload", "1", "--timeout", "-1"], "--timeout: invalid value \"-1\"; expected 1 to 86400 seconds"),
            (["--server", "::1", "--payload", "1"], "--server: invalid value"), (["--id", "x"], "--id"),
            (["--tls-key", "x", "--payload", "1"], "--tls-certificate needs --tls-key"),
            (["--attribute", "x", "--payload", "1"], "name=value"),
            (["--key", "", "--tenant", "a", "--type", "b", "--payload", "1"], "--key is empty"),
        ])
        func `invalid arguments end with exit code 2`(arguments: [String], words: String) async throws {
            let outcome = try await publish(arguments)
            #expect(outcome.exit == .code(2), "\(outcome.complaints)")
            #expect(outcome.complaints.contains { $0.contains(words) }, "\(outcome.complaints)")
        }
    }
}
