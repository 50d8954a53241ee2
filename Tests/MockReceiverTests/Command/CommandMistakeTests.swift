import Foundation
import MockReceiver
import NIOCore
import NIOPosix
import TestSupport
import Testing

/// What the command says where its user, or the other side, is wrong.
@Suite(.timeLimit(.minutes(5))) struct CommandMistakeTests {
    /// One of each verb that asks.
    private static let verbs: [[String]] = [
        ["stats"], ["stats", "--endpoints"], ["journal"], ["follow"], ["metrics"], ["timeline", "msg_1"],
        ["await", "--requests", "0"], ["verify", "accepted=500"], ["reconcile", "-"], ["export"], ["reset"],
        ["fault", "--status", "503"], ["inbox"], ["inbox", "list"], ["inbox", "show", "a"], ["inbox", "close", "a"],
        ["program", "get"], ["program", "put", "gone"],
    ]

    private func expectStranger(_ port: Int, _ verb: [String]) async throws {
        let run = try await CommandRun(verb, input: "{\"id\":\"msg_1\"}\n", admin: port)
        #expect(
            run.status == 1 && run.output.isEmpty && run.errors.contains("http://127.0.0.1:\(port) answers ")
                && run.errors.contains("is this a mock receiver's admin port?"), "\(verb): \(run)")
    }

    // MARK: Where it is sent

    @Test func theDataPortIsNotTakenForAnAdminPort() async throws {
        try await withReceiver { receiver in
            for verb in CommandMistakeTests.verbs { try await expectStranger(receiver.port, verb) }
        }
    }

    @Test func aDataPortThatAnswersJSONIsNotTakenForAnAdminPort() async throws {
        let program = try ProgramFile.parse(
            "rules: [{path: \"*\", headers: {content-type: application/json}, body: \"{}\"}]")
        try await withReceiver(program) { receiver in
            for verb in [["verify", "accepted=500"], ["await", "--requests", "0"], ["fault", "--status", "503"]] {
                try await expectStranger(receiver.port, verb)
            }
        }
    }

    @Test func aDataPortThatAnswers204IsNotReset() async throws {
        try await withReceiver(try ProgramFile.parse("rules: [{path: \"*\", status: 204}]")) { receiver in
            try await expectStranger(receiver.port, ["reset"])
        }
    }

    @Test func givesUpWithoutAnAnswer() async throws {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(listener.localAddress?.port)
        let address = "http://127.0.0.1:\(port)"
        let error = await #expect(throws: AdminCaller.NoReply.self) {
            try await AdminCaller(address).call(
                "GET", "/stats", answers: .object([]), patience: TimeAmount.milliseconds(50))
        }
        #expect(error?.description.hasPrefix("\(address) has not answered") == true, "\(String(describing: error))")
        try await listener.close()
    }

    @Test func reportsAnUnknownHost() async throws {
        let receive = try await CommandRun(["--host", "nosuch.invalid", "--port", "0", "--admin-port", "0"])
        #expect(receive.status == 1 && receive.errors.contains("there is no host nosuch.invalid"), "\(receive)")
        #expect(receive.errors.contains("with --host") && !receive.errors.contains("--port"), "\(receive)")
        let ask = try await CommandRun(["stats", "--admin", "http://nosuch.invalid:1"])
        #expect(ask.status == 1 && ask.errors.contains("there is no host nosuch.invalid"), "\(ask)")
    }

    // MARK: Files

    @Test func reportsWhyAFileCannotBeRead() async throws {
        let directory = TemporaryDirectory()
        defer { withExtendedLifetime(directory) {} }
        let binary = directory.path + "/binary"
        try Data([0x7B, 0xFF, 0x00, 0xFE]).write(to: URL(filePath: binary))
        let cases: [(String, String)] = [
            (directory.path + "/none", "there is no such file"), (directory.path, "is a directory"),
            (binary, "is not UTF-8 text"),
        ]
        try await withAdminPort { _, admin in
            for (file, complaint) in cases {
                let verbs: [[String]] = [
                    ["check", file], ["--port", "0", "--admin-port", "0", "--program", file],
                    ["program", "put", file], ["verify", "--file", file], ["reconcile", file],
                ]
                for verb in verbs {
                    let run = try await CommandRun(verb, admin: admin)
                    #expect(run.status == 2 && run.errors.contains("\(file): \(complaint)"), "\(verb): \(run)")
                }
            }
        }
    }

    @Test func aCharacterCanBeSplitBetweenTwoPieces() async throws {
        let directory = TemporaryDirectory()
        defer { withExtendedLifetime(directory) {} }
        let file = directory.path + "/ledger"
        // So many of the character's three bytes stand before the end of the first 256 KiB.
        for shift in 0..<3 {
            let head = "{\"id\":\"msg_1\",\"note\":\""
            let fill = String(repeating: "\n", count: 256 * 1024 - head.utf8.count - shift)
            try Data("\(fill)\(head)€\"}\n".utf8).write(to: URL(filePath: file))
            try await withAdminPort { receiver, admin in
                _ = try await RawClient.statuses(from: receiver.port, [WebhookRequest(id: "msg_1").text])
                let run = try await CommandRun(["reconcile", file], admin: admin)
                #expect(run.status == 0 && run.output.hasPrefix("proven"), "\(shift): \(run)")
            }
        }
    }

    // MARK: Options

    @Test func faultsTakeTheirParameters() async throws {
        try await withAdminPort { _, admin in
            for fault in [
                "reset_after=100", "gzip_bomb=10", "redirect_chain=3", "slow_head=100ms",
                "redirect_to=http://10.0.0.1/", "silence", "slow_head",
            ] {
                let run = try await CommandRun(["fault", "--fault", fault], admin: admin)
                #expect(run.status == 0, "\(fault): \(run)")
            }
        }
    }

    @Test func reportsAMissingOrWrongParameterOfAFault() async throws {
        let cases: [(String, String)] = [
            ("reset_after", "--fault reset_after: the parameter is missing; expected one, such as reset_after=100"),
            ("redirect_to=", "the parameter is missing"), ("silence=3", "--fault silence takes no parameter"),
            ("silense", "did you mean silence?"), ("reset_after=x", "--fault reset_after: expected a whole number"),
            ("slow_head=1x", "--fault slow_head: expected a duration"),
        ]
        try await withAdminPort { _, admin in
            for (fault, complaint) in cases {
                let run = try await CommandRun(["fault", "--fault", fault], admin: admin)
                #expect(run.status == 2 && run.errors.contains(complaint), "\(run)")
                #expect(!run.errors.contains("expected {path"), "\(run)")
            }
        }
    }

    @Test func aWrongValueIsAUsageError() async throws {
        let cases: [([String], String)] = [
            (["journal", "--status", "6xx"], "--status: invalid value \"6xx\""),
            (["journal", "--path", "orders"], "--path: invalid value \"orders\""),
            (["journal", "--limit", "-1"], "--limit: invalid value \"-1\""),
            (["export", "--format", "csv"], "--format: unknown \"csv\""),
            (["fault", "--status", "99"], "--status: invalid value \"99\"; expected 200 to 599"),
            (["fault", "--status", "503", "--path", "a"], "--path: invalid value \"a\"; expected a path"),
            (
                ["await", "--requests", "1", "--timeout", "99999"],
                "--timeout: invalid value \"99999.0\"; expected 0.0 to 3600.0"
            ),
            (["await", "--accepted", "1", "--status", "2xx"], "with a filter use --requests"),
            (["inbox", "--expires", "abc"], "--expires: invalid value \"abc\""),
            (["timeline", ""], "<id> is empty"), (["inbox", "show", ""], "<token> is empty"),
            (["--port", "-1"], "--port: invalid value \"-1\"; expected 0 to 65535"),
        ]
        try await withAdminPort { _, admin in
            for (verb, complaint) in cases {
                let run = try await CommandRun(verb, admin: admin)
                #expect(run.status == 2 && run.errors.contains(complaint), "\(verb): \(run)")
            }
        }
    }

    @Test func remediesNameTheCommandsOptions() async throws {
        try await withAdminPort { _, admin in
            let late = try await CommandRun(["await", "--requests", "1", "--timeout", "0"], admin: admin)
            #expect(late.status == 3 && late.errors.contains("--timeout SECONDS"), "\(late)")
            let unknown = try await CommandRun(["timeline", "msg_1"], admin: admin)
            #expect(unknown.status == 1 && unknown.errors.contains("`journal` shows"), "\(unknown)")
            let closed = try await CommandRun(["inbox", "close", "a"], admin: admin)
            #expect(closed.status == 1 && closed.errors.contains("`inbox` makes one"), "\(closed)")
            for run in [late, unknown, closed] {
                #expect(!run.errors.contains("GET /") && !run.errors.contains("POST /"), "\(run)")
            }
        }
    }

    @Test func reportsAnUnknownScheme() async throws {
        let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        for secret in ["nosuch:\(key)", "/a=nosuch:\(key)"] {
            let run = try await CommandRun(["--port", "0", "--admin-port", "0", "--secret", secret])
            #expect(
                run.status == 2 && run.errors.contains("unknown signature scheme \"nosuch\"; known are standard"),
                "\(run)")
            #expect(!run.errors.contains("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "\(run)")
        }
    }
}
