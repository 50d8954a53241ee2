import Foundation
import MockReceiver
import TestSupport
import Testing
import WebhookModel

@Suite(.timeLimit(.minutes(5))) struct CommandTests {
    @Test func checksPrograms() async throws {
        let good = try await CommandRun(["check", "-"], input: try Cookbook.text("liar"))
        #expect(good.status == 0 && good.output.hasPrefix("-: good: 4 rules"))
        let bad = try await CommandRun(["check", "-"], input: "rules:\n  - {path: /a, statsu: 500}\n  - {path: b}")
        #expect(bad.status == 2 && bad.output.isEmpty)
        #expect(bad.errors.contains("-:2:16: unknown key \"statsu\"; did you mean status?\n-:3:12: path"))
        #expect(try await CommandRun(["check", "/nowhere.yaml"]).status == 2)
    }

    @Test func listsAndShowsPrograms() async throws {
        let list = try await CommandRun(["programs"])
        #expect(list.status == 0 && list.output.split(separator: "\n").count == Cookbook.recipes.count)
        #expect(try await CommandRun(["programs", "show", "flaky"]).output == (try Cookbook.text("flaky")) + "\n")
        let unknown = try await CommandRun(["programs", "show", "flakky"])
        #expect(unknown.status == 2 && unknown.errors.contains("did you mean flaky?"))
        let wrong = try await CommandRun(["--program", "flakky", "--port", "0", "--admin-port", "0"])
        #expect(wrong.status == 2 && wrong.errors.contains("did you mean flaky?"))
    }

    @Test func optionsWithoutEffectAreRefused() async throws {
        let hidden = try await CommandRun(["--program", "flaky", "--status", "204", "--port", "0", "--admin-port", "0"])
        #expect(hidden.status == 2 && hidden.errors.contains("the program has a rule for every path"), "\(hidden)")
    }

    @Test func namesTheFileWithMistakes() async throws {
        try await withAdminPort { receiver, admin in
            let program = try await CommandRun(
                ["program", "put", "-"], input: "rules: [{path: /a, statsu: 1}]", admin: admin)
            #expect(program.status == 2 && program.errors.contains("-:1:20: unknown key"), "\(program)")
            let put = try await CommandRun(
                ["program", "put", "-"], input: "rules: [{path: /a, status: 201}]", admin: admin)
            #expect(put.status == 0, "\(put)")
            let assertions = try await CommandRun(["verify", "--file", "-"], input: "- {acepted: 1}", admin: admin)
            #expect(assertions.status == 2 && assertions.errors.contains("-:1:4: unknown key"), "\(assertions)")
        }
    }

    @Test func asksARunningReceiver() async throws {
        try await withAdminPort { receiver, admin in
            let put = try await CommandRun(["program", "put", "gone"], admin: admin)
            #expect(put.status == 0, "\(put)")
            #expect(try await CommandRun(["program", "get"], admin: admin).output.contains("status: 410"))
            let fault = try await CommandRun(
                ["fault", "--path", "/orders", "--status", "429", "--retry-after", "date+5"], admin: admin)
            #expect(fault.status == 0, "\(fault)")
            try await expectStatuses(
                [429, 410], from: receiver.port, [String](repeating: WebhookRequest(id: "msg_1").text, count: 2))

            let stats = try await CommandRun(["stats"], admin: admin)
            #expect(stats.status == 0 && stats.output.contains("\"requests\" : 2"))
            #expect(try await CommandRun(["stats", "--endpoints"], admin: admin).output.contains("\"/orders\""))
            let journal = try await CommandRun(["journal", "--status", "4xx", "--limit", "1"], admin: admin)
            #expect(
                journal.output.split(separator: "\n").count == 1
                    && journal.output.contains("  410  unchecked  /orders  msg_1  attempt 2"))
            let timeline = try await CommandRun(["timeline", "msg_1"], admin: admin)
            #expect(
                timeline.output.hasPrefix("/orders: 2 attempts, 0 accepted, 0 duplicates\n")
                    && timeline.output.contains("429"))
            #expect(
                try await CommandRun(["export", "--format", "har"], admin: admin).output.contains("\"version\":\"1.2\"")
            )
            let inbox = try await CommandRun(["inbox", "--expires", "1m"], admin: admin)
            #expect(inbox.status == 0 && inbox.output.contains("http://127.0.0.1:\(receiver.port)/inbox/"), "\(inbox)")
            #expect(inbox.status == 0)
            let inboxes = try await CommandRun(["inbox", "list"], admin: admin).output
            let token = String(inboxes.prefix { $0 != " " })
            #expect(token.count == 32, "\(inboxes)")
            #expect(try await CommandRun(["inbox", "show", token], admin: admin).output.contains("\"received\" : 0"))
            #expect(try await CommandRun(["inbox", "close", token], admin: admin).status == 0)
            #expect(
                try await CommandRun(["inbox", "close", token], admin: admin).errors.contains(
                    "it has expired or never existed"))
            #expect(try await CommandRun(["metrics"], admin: admin).output.contains("mock_receiver_requests_total 2"))
            #expect(try await CommandRun(["reset"], admin: admin).status == 0)
            #expect(receiver.stats().totals.requests == 0)
        }
    }

    /// What has no place may be one message twice.
    @Test func resultsBeyondTheCapAreInconclusive() async throws {
        try await withAdminPort(messages: 1) { receiver, admin in
            let texts = ["a", "b", "b"].map { WebhookRequest(id: $0).text }
            _ = try await RawClient.statuses(from: receiver.port, texts)
            let waited = try await CommandRun(["await", "--accepted", "3"], admin: admin)
            #expect(waited.status == 6 && waited.errors.contains("--messages"), "\(waited)")
            #expect(try await CommandRun(["verify", "accepted=3"], admin: admin).status == 6)
        }
    }

    @Test func exitCodesTellTheResult() async throws {
        try await withAdminPort { receiver, admin in
            _ = try await RawClient.statuses(from: receiver.port, [WebhookRequest(id: "msg_1").text])
            #expect(try await CommandRun(["await", "--requests", "1", "--path", "/orders"], admin: admin).status == 0)
            let late = try await CommandRun(["await", "--accepted", "2", "--timeout", "0.01"], admin: admin)
            #expect(late.status == 3 && late.errors.contains("1 of 2 arrived within 0.01 s"))
            let good = try await CommandRun(["verify", "accepted=1", "5xx<=0"], admin: admin)
            #expect(
                good.status == 0 && good.output == "holds: accepted = 1; found 1\nholds: 5xx = 0; found 0\n", "\(good)")
            let bad = try await CommandRun(["verify", "--path", "/orders", "requests>=2"], admin: admin)
            #expect(bad.status == 3 && bad.output == "fails: requests (path /orders) ≥ 2; found 1\n", "\(bad)")
            #expect(
                try await CommandRun(["verify", "--file", "-"], input: "- {id: msg_1, attempts: 1}", admin: admin)
                    .status == 0)
            let wrong = try await CommandRun(["verify", "acepted=1"], admin: admin)
            #expect(wrong.status == 2 && wrong.errors.contains("did you mean accepted?"))

            let proven = try await CommandRun(["reconcile", "-"], input: "{\"id\":\"msg_1\"}\n", admin: admin)
            #expect(proven.status == 0 && proven.output.hasPrefix("proven\n  arrived: 1\n"), "\(proven)")
            #expect(
                try await CommandRun(["reconcile", "-"], input: "{\"id\":\"msg_1\"}\n{\"id\":\"msg_2\"}", admin: admin)
                    .status == 4)
            #expect(
                try await CommandRun(
                    ["reconcile", "-"], input: "{\"id\":\"msg_2\",\"outcome\":\"unknown\"}", admin: admin
                ).status == 7)
            let broken = try await CommandRun(["reconcile", "-"], input: "{\"id\":\"msg_1\"}\n{}", admin: admin)
            #expect(broken.status == 2 && broken.errors.contains("line 2: id is missing"))
        }
    }

    @Test func reportsAnAddressThatDoesNotAnswer() async throws {
        let port = try await FreePort.choose()
        let silent = try await CommandRun(["stats"], admin: port)
        #expect(
            silent.status == 1
                && silent.errors.contains("nothing listens at http://127.0.0.1:\(port) (connection refused)")
                && silent.errors.contains("--admin") && !silent.errors.contains("SingleConnectionFailure"), "\(silent)"
        )
        let nonsense = try await CommandRun(["stats", "--admin", "nonsense"])
        #expect(nonsense.status == 2 && nonsense.errors.contains("expected http://host:port"), "\(nonsense)")
        #expect(try await CommandRun(["await"]).status == 2)
    }
}
