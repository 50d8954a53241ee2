import MockReceiver
import Testing
import WebhookSigning

@Suite struct ProgramFileTests {
    private func mistakes(_ text: String) -> [String] {
        do {
            _ = try ProgramFile.parse(text)
            return []
        } catch {
            return error.mistakes.map(\.description)
        }
    }

    @Test func readsEveryKey() throws {
        let program = try ProgramFile.parse(
            """
            seed: 7
            reset_on_accept_percent: 0.5
            rules:
              - path: /orders/*
                status: 202
                headers: {x-a: "1", x-b: two}
                body: ok
                delay_ms: 20
                fail_first: 2
                fail_percent: 5
                fail_status: 429
                fail_headers: {retry-after: 2}
                fail_body: later
              - {path: /broken, reset: true, fail_first: 1, fail_reset: true}
            secrets:
              - path: "*"
                secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw]
            """)
        let orders = Behaviour(
            reply: .answer(Answer(status: 202, headers: [.init("x-a", "1"), .init("x-b", "two")], body: "ok")),
            delay: 20,
            failFirst: 2, failShare: 0.05,
            failure: .answer(Answer(status: 429, headers: [.init("retry-after", "2")], body: "later")))
        let secrets = try SecretSet(written: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
        #expect(
            program
                == BehaviourProgram(
                    rules: [
                        .init(try #require(PathPattern("/orders/*")), orders),
                        .init(.exact("/broken"), Behaviour(reply: .reset, failFirst: 1, failure: .reset)),
                    ], secrets: [.init(.all, secrets)], seed: 7, resetOnAccept: 0.005))
    }

    @Test func readsJSONAndAnEmptyFile() throws {
        let program = try ProgramFile.parse(#"{"rules": [{"path": "*", "status": 503}]}"#)
        #expect(program == BehaviourProgram(everywhere: Behaviour(reply: .answer(Answer(status: 503)))))
        #expect(try ProgramFile.parse("") == BehaviourProgram())
        #expect(try ProgramFile.parse("{}").secrets == nil)
    }

    @Test func readsEverySetting() throws {
        let program = try ProgramFile.parse(ProgramSample.everything)
        #expect(program == (try ProgramSample.read()))
    }

    @Test func writesWhatItReads() throws {
        let program = try ProgramFile.parse(ProgramSample.everything)
        let text = ProgramFile.text(of: program)
        #expect(!text.contains("whsec_") && text.hasPrefix("# 1 secret rules are not shown"))
        var read = try ProgramFile.parse(text)
        #expect(read.secrets == nil)
        read.secrets = program.secrets
        #expect(read == program, "\(text)")
        let idle = BehaviourProgram(everywhere: Behaviour(failure: .answer(Answer(status: 500))))
        #expect(try ProgramFile.parse(ProgramFile.text(of: idle)) == idle)
        for recipe in Cookbook.recipes {
            let program = try ProgramFile.parse(recipe.text)
            #expect(try ProgramFile.parse(ProgramFile.text(of: program)) == program, "\(recipe.name)")
        }
    }

    @Test func everyFaultHasItsName() throws {
        for (word, fault) in Fault.words where word != "reset" {
            let program = try ProgramFile.parse("rules: [{path: /a, fault: \(word)}]")
            #expect(program.rules[0].behaviour.reply == .fault(fault, Answer()))
        }
        for (word, fault) in ConnectionFault.words {
            #expect(try ProgramFile.parse("connections: [{fault: \(word)}]").connections == [ConnectionRule(fault)])
        }
        let text = "rules: [{path: /a, fault: reset, fail_first: 1, fail_fault: {reset_after: 0}}]"
        let reset = try ProgramFile.parse(text).rules[0].behaviour
        #expect(reset.reply == .reset && reset.failure == .reset)
    }

    @Test func namesEveryMistakeWithItsLine() {
        let found = mistakes(
            """
            sed: 7
            rules:
              - path: orders
                status: 99
              - status: 200
                delay_ms: soon
                fail_percent: 101
                headers: {content-length: 1}
            secrets:
              - path: /a
                secrets: [whsec_MfKQ]
            """)
        #expect(
            found.dropLast() == [
                "1:1: unknown key \"sed\"; did you mean seed?",
                "3:11: path: expected a path that begins with /, exact or ending with *, or * alone, not \"orders\"",
                "4:13: status: expected a whole number from 200 to 599, not \"99\"",
                "5:5: path is missing; expected a path that begins with /, exact or ending with *, or * alone",
                "6:15: delay_ms: expected a whole number from 0 to 86400000, not \"soon\"",
                "7:19: fail_percent: expected a number from 0 to 100, not \"101\"",
                "8:14: headers: expected header names and values, without control characters, content-length, transfer-encoding"
                    + " and connection",
            ])
        #expect(found.last?.hasPrefix("11:14: secrets: a signing secret must have 24 to 64 bytes") == true)
        #expect(!found.joined().contains("MfKQ"))
    }

    @Test(arguments: [
        (
            "rules: [{path: /a, fault: truncated_chunks}]",
            "1:27: fault: unknown fault \"truncated_chunks\"; did you mean truncated_chunk?"
        ),
        ("rules: [{path: /a, fault: {reset_afer: 1}}]", "1:28: unknown key \"reset_afer\"; did you mean reset_after?"),
        (
            "rules: [{path: /a, fault: reset_after}]",
            "1:27: fault: reset_after needs a parameter; expected {reset_after: 100}"
        ),
        (
            "rules: [{path: /a, fault: redirect_to}]",
            "1:27: fault: redirect_to needs a parameter; expected {redirect_to: \"http://10.0.0.1/\"}"
        ),
        (
            "connections: [{fault: reset_after}]",
            "1:23: fault: reset_after needs a parameter; expected {reset_after: 100}"
        ),
        (
            "rules: [{path: /a, fail_status: 500}]",
            "1:33: fail_status: no attempt fails; say which do, such as fail_first: 1 or fail_percent: 100"
        ),
        (
            "rules: [{path: /a, retry_after: date+x}]",
            "1:33: retry_after: expected whole seconds after the sign, such as date+5, not \"date+x\""
        ),
        (
            "rules: [{path: /a, reset: true, fault: silence}]",
            "1:40: fault: a reset is the whole reply; use one of the two"
        ),
        (
            "rules: [{path: /a, when: {attempt: 3..1}}]",
            "1:36: attempt: expected numbers from 1, such as 3, 1..3, 4.. or ..3, not \"3..1\""
        ),
        ("rules: [{path: /a, when: {window: {from: 5s, to: 2s}}}]", "1:50: to: must be after from"),
        (
            "rules: [{path: /a, when: {window: {to: 2m, every: 1m}}}]",
            "1:40: to: must not be after every, which is one whole period"
        ),
        (
            "rules: [{path: /a, when: {percent: {from: 1}}}]",
            "1:36: percent: expected from, to and over, such as {from: 0, to: 80, over: 60s}"
        ),
        (
            "rules: [{path: /a, delay: 5}]",
            "1:27: delay: expected a duration from 0 to 1d, such as 250ms, 1.5s, 2m or 1h, not \"5\""
        ),
        (
            "rules: [{path: /a, delay: {uniform: [5s, 1s]}}]",
            "1:37: uniform: expected the shortest and the longest, such as [10ms, 50ms]"
        ),
        (
            "rules: [{path: /a, delay: {}}]",
            "1:27: delay: expected 20ms, {uniform: [10ms, 50ms]} or {lognormal: {median: 50ms, sigma: 1}}"
        ),
        (
            "rules: [{path: /a, rate_limit: {burst: 1}}]",
            "1:32: per_second is missing; expected the number of requests allowed per second"
        ),
        (
            "rules:\n- {path: /a*}\n- {path: /ab, status: 500}",
            "3:10: path: the rule in line 2 already matches every request to /ab; move this rule before it, or add a `when` to that one"
        ),
        ("connections: [{fault: rest}]", "1:23: fault: unknown fault \"rest\"; did you mean reset?"),
        ("secrets: [{path: /a}]", "1:11: secrets is missing; expected a list of whsec_… strings"),
        (
            "expect: [{path: /a, order: {key: x}}]",
            "1:28: order: expected {key: HEADER, number: HEADER}: the header with the key, and the header with the number within it"
        ),
        ("handshake: off", "1:1: unknown key \"handshake\"; did you mean handshakes?"),
        ("handshakes: [slak]", "1:14: handshakes: unknown handshake \"slak\"; did you mean slack?"),
        (
            "handshakes: []",
            "1:13: handshakes: expected on, off, or a list of hub, validation_token, slack, cloudevents"
        ),
        (
            "rules: [{path: /a, when: {handshake: validationtoken}}]",
            "1:38: handshake: unknown handshake \"validationtoken\"; did you mean validation_token?"
        ),
        ("rules: [{path: /a, when: {metod: GET}}]", "1:27: unknown key \"metod\"; did you mean method?"),
        (
            "rules: [{path: /a, when: {method: [GET, OPTION]}}]",
            "1:41: method: unknown method \"OPTION\"; did you mean OPTIONS?"
        ),
        (
            "rules: [{path: /a, when: {handshake: hub}, fail_first: 1}]",
            "1:56: fail_first: counts messages, and this rule's `when` admits none"
        ),
        (
            "rules: [{path: /a, when: {method: GET, attempt: 1}}]",
            "1:49: attempt: counts messages, and this rule's `when` admits none"
        ),
        ("rules: 5", "1:8: rules: expected a list of at most 10000; begin each member with a dash, not \"5\""),
    ])
    func saysWhatIsWrongAndTheMend(text: String, mistake: String) {
        #expect(mistakes(text) == [mistake])
    }

    @Test(arguments: [
        ("on", Handshake.allCases), ("off", []), ("slack", [.slack]), ("[hub, cloudevents]", [.hub, .cloudevents]),
    ])
    func handshakesAreOnOffOrSome(text: String, answered: [Handshake]) throws {
        let program = try ProgramFile.parse("handshakes: \(text)")
        #expect(program.handshakes == Set(answered))
        #expect(try ProgramFile.parse(ProgramFile.text(of: program)) == program)
        #expect(try ProgramFile.parse("").handshakes == Set(Handshake.allCases))
    }

    /// A rule without such a condition is for messages, so it hides none that has one.
    @Test(arguments: ["{handshake: hub}", "{method: GET}", "{method: [POST, GET]}"])
    func rulesForMessagesHideNoOthers(conditions: String) {
        #expect(mistakes("rules: [{path: \"*\"}, {path: /a, when: \(conditions)}]").isEmpty)
        #expect(mistakes("rules: [{path: \"*\"}, {path: /a, when: {method: PUT}}]").count == 1)
    }

    @Test(arguments: ["connections: [{fault: slow_head}]", "connections: [{percent: 5}]"])
    func namesEveryFaultOfConnections(text: String) {
        let found = mistakes(text)
        #expect(found.count == 1)
        for word in ConnectionFault.words.keys { #expect(found.joined().contains(word), "\(word)") }
        #expect(found.joined().hasSuffix(", {reset_after: 100}"), "\(found)")
    }

    @Test(arguments: ["soon", "-1", "date", "date 5", "99999999999"])
    func retryAfterCanBeAnyText(text: String) throws {
        let program = try ProgramFile.parse("rules: [{path: /a, retry_after: \"\(text)\"}]")
        #expect(program.rules[0].behaviour.reply == .answer(Answer(retryAfter: .text(text))))
    }

    @Test(arguments: ["rules: [", "a: 1\na: 2", "just text", "- list", "rules: {path: /a}", "rules: [1]", "\tx: 1"])
    func refusesInvalidPrograms(text: String) {
        #expect(!mistakes(text).isEmpty)
    }
}
