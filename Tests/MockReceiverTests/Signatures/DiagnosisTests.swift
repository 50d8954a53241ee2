import MockReceiver
import Testing
import WebhookSigning

/// Each sender makes one mistake; the receiver must name it.
@Suite struct DiagnosisTests {
    private static let now: Int64 = 1_795_272_958
    private static let written = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private static let body = #"{"id":7,"name":"caf\u00e9/1","list":[1,2.50]}"#

    private struct Sender {
        var secret = written
        var form = SecretForm.whsec
        var signs = "{id}.{timestamp}.{body}"
        var encoding = SignatureScheme.Encoding.base64
        var prefix = "v1,"
        var signed = body
        var sent = body

        func request(_ path: String) throws -> String {
            let standard = SignatureScheme.standard
            let scheme = try SignatureScheme(
                headers: standard.headers, signs: MessageTemplate(signs), encoding: encoding, secretForm: form,
                prefix: prefix,
                separator: " ")
            let signer = Signer(try SecretSet(written: [secret], form: form), scheme: scheme)
            let headers = signer.headers(id: "msg_1", timestamp: now, body: signed.utf8)
            var request = WebhookRequest(path: path, id: nil, body: sent)
            request.headers = headers.map { "\($0.name): \($0.value)" }
            return request.text
        }
    }

    private func receiver() throws -> OfflineReceiver {
        var configuration = ReceiverConfiguration()
        configuration.messageCap = 100
        configuration.journalCapacity = 1
        let retired = try SecretSet(members: [
            .init(SigningSecret(Self.written)),
            .init(SigningSecret("whsec_cmV0aXJlZHJldGlyZWRyZXRpcmVkcmV0"), until: Self.now - 1),
        ])
        configuration.program.secrets = [
            .init(.exact("/a"), retired),
            .init(.exact("/b"), try SecretSet(written: ["whsec_b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90"])),
            .init(
                .exact("/raw"), try SecretSet(written: ["c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"], form: .raw),
                scheme: .stripe),
        ]
        return OfflineReceiver(configuration, now: Self.now * 1_000_000_000)
    }

    private func diagnosis(_ text: String) throws -> (Verdict, SignatureDiagnosis?) {
        let receiver = try receiver()
        receiver.receive(text, at: Self.now * 1_000_000_000)
        let entry = try #require(receiver.journal.first)
        if let diagnosis = entry.diagnosis { #expect(receiver.stats.totals.count(of: diagnosis) == 1) }
        return (entry.verdict, entry.diagnosis)
    }

    private func expect(
        _ expected: SignatureDiagnosis, _ change: (inout Sender) -> Void,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var sender = Sender()
        change(&sender)
        let found = try diagnosis(sender.request("/a"))
        #expect(found.1 == expected, "\(found)", sourceLocation: sourceLocation)
        #expect(found.0 != .valid, sourceLocation: sourceLocation)
    }

    @Test func aValidSignatureNeedsNoDiagnosis() throws {
        let found = try diagnosis(Sender().request("/a"))
        #expect(found == (.valid, nil))
    }

    @Test func everyMistakeIsNamed() throws {
        try expect(.wrongEncoding) { $0.encoding = .hex }
        try expect(.prefixMissing) { $0.prefix = "" }
        try expect(.secretNotDecoded) { ($0.form) = .raw }
        try expect(.secretNotDecoded) { ($0.secret, $0.form) = (String(Self.written.dropFirst(6)), .raw) }
        try expect(.timestampNotSigned) { $0.signs = "{id}.{body}" }
        try expect(.idNotSigned) { $0.signs = "{timestamp}.{body}" }
        try expect(.onlyBodySigned) { $0.signs = "{body}" }
        try expect(.onlyBodySigned) { ($0.signs, $0.encoding) = ("{body}", .hex) }
        try expect(.emptyBodySigned) { $0.signed = "" }
        try expect(.otherEndpoint) { $0.secret = "whsec_b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90" }
        try expect(.retiredSecret) { $0.secret = "whsec_cmV0aXJlZHJldGlyZWRyZXRpcmVkcmV0" }
        try expect(.unknown) { $0.signed = "something else" }
    }

    @Test(arguments: [
        #"{"id": 7, "name": "caf\u00e9/1", "list": [1, 2.50]}"#, #"{"id":7,"list":[1,2.50],"name":"café/1"}"#,
        #"{"id":7,"name":"caf\u00e9\/1","list":[1,2.50]}"#, body + "\n",
        "{\n  \"id\": 7,\n  \"name\": \"café/1\",\n  \"list\": [\n    1,\n    2.50\n  ]\n}",
    ])
    func rewrittenJSONIsRecognised(signed: String) throws {
        try expect(.reserialisedJSON) { $0.signed = signed }
        // A line's end is looked for with the digits of the request only.
        if !signed.hasSuffix("\n") {
            try expect(.reserialisedNumbers) { $0.signed = signed.replacing("2.50", with: "2.5") }
        }
        // The order of lists and the values of numbers are never changed by writing.
        try expect(.unknown) { $0.signed = signed.replacing("2.50", with: "2.51") }
    }

    // F30: the advice was about the secret.
    @Test(arguments: [
        ("{\"price\":10.50}", "{\"price\":10.5}"), ("{\"price\":10.5}", "{\"price\":10.50}"),
        ("{\"a\":[1.0,-2.50e1]}", "{\"a\":[1,-25]}"), ("{\"a\":[1.0,-2.50e1]}", "{\"a\": [1.0, -25.0]}"),
        ("{\"a\":1e2}", "{\"a\":100}"),
    ])
    func otherDigitsOfTheSameNumbersAreRecognised(sent: String, signed: String) throws {
        try expect(.reserialisedNumbers) { ($0.sent, $0.signed) = (sent, signed) }
    }

    @Test(arguments: [Int64(1_000), 1_000_000])
    func aTimestampInAFinerUnitIsRecognised(factor: Int64) throws {
        let signer = Signer(try SecretSet(written: [Self.written]), scheme: .standard)
        func request(_ timestamp: Int64) -> String {
            var request = WebhookRequest(path: "/a", id: nil, body: Self.body)
            request.headers = signer.headers(id: "msg_1", timestamp: timestamp, body: Self.body.utf8).map {
                "\($0.name): \($0.value)"
            }
            return request.text
        }
        #expect(try diagnosis(request(Self.now * factor)) == (.future, .timestampInMilliseconds))
        #expect(try diagnosis(request(Self.now + 3_600)) == (.future, nil))
    }

    @Test func otherSchemesAreRecognised() throws {
        let signer = Signer(try SecretSet(written: [Self.written]), scheme: .svix)
        var request = WebhookRequest(path: "/a", id: nil, body: Self.body)
        request.headers = signer.headers(id: "msg_1", timestamp: Self.now, body: Self.body.utf8).map {
            "\($0.name): \($0.value)"
        }
        #expect(try diagnosis(request.text) == (.missing, .otherScheme))
        #expect(try diagnosis(WebhookRequest(path: "/a").text) == (.missing, nil))
    }

    @Test func aDecodedSecretIsRecognisedWhereTheTextIsTheKey() throws {
        let scheme = try SignatureScheme(
            headers: SignatureScheme.stripe.headers, signs: SignatureScheme.stripe.signs, secretForm: .base64,
            prefix: "v1=",
            separator: ",")
        let signer = Signer(try SecretSet(written: ["c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"], form: .base64), scheme: scheme)
        var request = WebhookRequest(path: "/raw", body: Self.body)
        request.headers = signer.headers(timestamp: Self.now, body: Self.body.utf8).map { "\($0.name): \($0.value)" }
        #expect(try diagnosis(request.text) == (.wrong, .secretDecoded))
    }

    /// Written anew with indents it would be hundreds of megabytes.
    @Test(arguments: JSONText.Spacing.all.indices)
    func deepNestingCostsNoMemory(spacing: Int) throws {
        let value = try #require(JSONText.parse(Array(Self.deep.utf8)))
        let style = JSONText.Style(
            JSONText.Spacing.all[spacing], .asWritten, isSorted: true, limit: 4 * Self.deep.utf8.count)
        var written: [UInt8] = []
        value.write(style, 0, &written)
        // A line for each level that is closed may follow.
        #expect(written.count <= style.limit + 128 * 4 * 128)
    }

    private static let deep =
        String(repeating: "[", count: 127) + "1" + String(repeating: ",1", count: 32_000)
        + String(repeating: "]", count: 127)

    @Test func deepNestingIsDiagnosed() throws {
        let receiver = try receiver()
        var request = WebhookRequest(path: "/a", id: "msg_1", body: Self.deep)
        let signature = String(repeating: "A", count: 43) + "="
        request.headers = ["webhook-timestamp: \(Self.now)", "webhook-signature: v1,\(signature)"]
        receiver.receive(request.text, at: Self.now * 1_000_000_000)
        #expect(receiver.stats.totals.count(of: .wrong) == 1 && receiver.stats.totals.count(of: .unknown) == 1)
    }

    @Test func aFloodIsNotDiagnosed() throws {
        let receiver = try receiver()
        var sender = Sender()
        sender.signed = ""
        let text = try sender.request("/a")
        for _ in 0..<150 { receiver.receive(text, at: Self.now * 1_000_000_000) }
        #expect(receiver.stats.totals.count(of: .wrong) == 150)
        #expect(receiver.stats.totals.count(of: .emptyBodySigned) == 100)
        receiver.receive(text, at: (Self.now + 1) * 1_000_000_000)
        #expect(receiver.stats.totals.count(of: .emptyBodySigned) == 101)
    }
}
