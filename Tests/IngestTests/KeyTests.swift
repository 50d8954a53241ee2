import Access
import Ingest
import NIOCore
import Testing
import Threading
import WebhookModel
import WireProtocol

/// What an API key opens, and for how long: the session alone, with the time as an argument.
@Suite struct KeyTests {
    private func reason(_ driver: inout SessionDriver) -> String? {
        for case .closed(.authFailed, let reason) in driver.session.takeNotices() { return reason }
        return nil
    }

    private func hello(_ driver: inout SessionDriver, key: String = "key-of-acme") -> [String] {
        driver.send(Preface.bytes + driver.frame(Hello(apiKey: key, clientName: "test"), id: 1))
    }

    // MARK: Scopes

    @Test(arguments: [
        (["publish"], "ACCEPTED ACCEPTED ACCEPTED"),
        (["publish:*"], "ACCEPTED ACCEPTED ACCEPTED"),
        (["publish:order.*"], "ACCEPTED FORBIDDEN FORBIDDEN"),
        (["publish:order.*", "publish:refund"], "ACCEPTED ACCEPTED FORBIDDEN"),
        (["read", "publish:refund.late"], "FORBIDDEN FORBIDDEN ACCEPTED"),
    ])
    func aScopeAllowsItsEventTypes(scopes: [String], answers: String) {
        let key = SessionDriver.key { $0.scopes = scopes.compactMap(APIKey.Scope.init) }
        var driver = SessionDriver.opened(key: key)
        let types = ["order.placed", "refund", "refund.late"]
        _ = driver.send(SessionDriver.publish(5, count: 3, types: types))
        #expect(driver.commit() == ["ACK 5 " + answers])
    }

    @Test func aForbiddenTypeRevealsNothingAboutTenants() {
        var driver = SessionDriver.opened(key: SessionDriver.key { $0.scopes = [.publish(.exact("a"))] })
        #expect(driver.send(SessionDriver.publish(5, tenants: ["nobody"], types: ["b"])) == ["ACK 5 FORBIDDEN"])
    }

    @Test func `the log names what the key does not allow, once for each kind`() {
        let key = SessionDriver.key(.only([TenantNumber(1)])) {
            $0.scopes = ["publish:order.*", "read"].compactMap(APIKey.Scope.init)
        }
        var driver = SessionDriver.opened(key: key)
        _ = driver.session.takeNotices()
        _ = driver.send(SessionDriver.publish(5, count: 2, tenants: ["acme"], types: ["refund", "refund.late"]))
        #expect(
            driver.session.takeNotices() == [
                .eventRefused(
                    .forbidden,
                    "the API key \"acme\" does not allow the event type \"refund\"; its scopes are publish:order.*, read"
                )
            ])
        _ = driver.send(SessionDriver.publish(6, count: 2, tenants: ["globex", "nobody"], types: ["order.placed"]))
        #expect(
            driver.session.takeNotices() == [
                .eventRefused(.forbidden, "the API key \"acme\" does not allow the tenant \"globex\"")
            ])
        _ = driver.send(SessionDriver.publish(7, count: 2, tenants: ["globex"], types: ["refund"]))
        #expect(driver.session.takeNotices() == [])
    }

    @Test func `the log names the rate of a key as the limit`() {
        var driver = SessionDriver.opened(key: SessionDriver.key { $0.rate = Rate(perSecond: 10, burst: 1) })
        _ = driver.send(SessionDriver.publish(5, count: 2))
        #expect(
            driver.session.takeNotices() == [
                .eventRefused(.throttled, "the API key \"acme\" is over its rate of 10 events a second")
            ])
    }

    @Test(arguments: [
        (AccessRefusal.unknownKey, "declares"), (.expired, "expires"), (.missingScope(.publish), "scopes"),
        (.nothingShown, "give the client an API key"), (.unknownCertificate, "client_certificates"),
    ])
    func `each refusal of a key has a mend of its own`(refusal: AccessRefusal, word: String) {
        #expect(refusal.mend.contains(word))
        #expect(!refusal.description.contains(";"))
    }

    @Test func aKeyThatMayNotPublishIsRefused() {
        let key = SessionDriver.key { $0.scopes = [.read, .manage] }
        var driver = SessionDriver(key: key)
        #expect(hello(&driver) == ["preface"])
        #expect(driver.wait(milliseconds: 500) == ["CLOSE AUTH_FAILED", "halfClose"])
        #expect(
            driver.session.takeNotices()
                == [.authFailed(client: "test", reason: "the API key has no scope to publish")])
    }

    // MARK: Ends

    /// What an operator may do to a key while a connection is idle.
    enum Change: String, CaseIterable {
        case removed = "the API key was removed"
        case replaced = "the API key was replaced"
        case expired = "the API key has expired"
        case unscoped = "the API key has no scope to publish"

        var keys: [APIKey] {
            switch self {
            case .removed: []
            case .replaced: [SessionDriver.key { $0.digest = Array(repeating: 1, count: 32) }]
            case .expired: [SessionDriver.key { $0.expiresAt = 1_750_000_000_000 }]
            case .unscoped: [SessionDriver.key { $0.scopes = [.read] }]
            }
        }
    }

    @Test(arguments: Change.allCases)
    func anIdleConnectionEndsAtTheNextSweep(change: Change) {
        var driver = SessionDriver.opened()
        driver.directory = TenantDirectory(tenants: SessionDriver.tenants, keys: change.keys)
        #expect(driver.wait(milliseconds: 1) == ["CLOSE AUTH_FAILED", "halfClose"])
        #expect(reason(&driver) == change.rawValue)
    }

    @Test func aConnectionEndsWhenItsKeyExpires() {
        let key = SessionDriver.key { $0.expiresAt = 1_750_000_000_000 + 3_000 }
        var driver = SessionDriver.opened(key: key)
        #expect(driver.wait(milliseconds: 2_999) == [])
        _ = driver.send(SessionDriver.publish(5))
        #expect(driver.wait(milliseconds: 1) == [], "what was taken is answered first")
        #expect(driver.commit() == ["ACK 5 ACCEPTED", "CLOSE AUTH_FAILED", "halfClose"])
        var late = SessionDriver(key: key)
        late.now.wall += 3_000_000_000
        #expect(hello(&late) == ["preface"])
        #expect(late.wait(milliseconds: 500) == ["CLOSE AUTH_FAILED", "halfClose"])
    }

    @Test func aChangedKeyAppliesAtOnce() {
        var driver = SessionDriver.opened()
        let narrow = SessionDriver.key(.only([TenantNumber(2)])) { $0.scopes = [.publish(.exact("a"))] }
        driver.directory = TenantDirectory(tenants: SessionDriver.tenants, keys: [narrow])
        _ = driver.send(SessionDriver.publish(5, count: 4, tenants: ["acme", "globex"], types: ["a", "a", "b", "b"]))
        #expect(driver.commit() == ["ACK 5 FORBIDDEN ACCEPTED FORBIDDEN FORBIDDEN"])
    }

    // MARK: Certificates

    private func byCertificate(_ key: APIKey) -> SessionDriver {
        var driver = SessionDriver()
        let rules = SessionRules(configuration: IngestConfiguration()) { bytes, certificate in
            bytes.isEmpty && certificate == [7] ? Authentication(key: key, certificateName: "shop") : nil
        }
        driver.session = IngestSession(rules: rules, now: driver.now)
        driver.directory = TenantDirectory(tenants: SessionDriver.tenants, keys: [key])
        return driver
    }

    @Test func aCertificateReplacesAnEmptyKey() {
        let key = SessionDriver.key { $0.clientCertificates = ["shop"] }
        var driver = byCertificate(key)
        driver.session.clientCertificate = [7]
        #expect(hello(&driver, key: "") == ["preface", "WELCOME 1"])
        #expect(driver.session.clientCertificate == nil, "it is kept for nothing")
        // Another digest and one more name change nothing. A key that no longer names the certificate ends the connection.
        let rotated = SessionDriver.key {
            $0.digest = []
            $0.clientCertificates = ["other", "shop"]
        }
        driver.directory = TenantDirectory(tenants: SessionDriver.tenants, keys: [rotated])
        #expect(driver.wait(milliseconds: 1) == [])
        driver.directory = TenantDirectory(
            tenants: SessionDriver.tenants, keys: [SessionDriver.key { $0.clientCertificates = ["other"] }])
        #expect(driver.wait(milliseconds: 1) == ["CLOSE AUTH_FAILED", "halfClose"])
        #expect(reason(&driver) == "the API key no longer names the client certificate")
    }

    @Test(
        arguments: [
            (nil, "", "neither an API key nor a client certificate was shown"),
            ([8], "", "no API key names the client certificate"),
            ([7], "wrong", "the API key is not known"),
        ] as [([UInt8]?, String, String)])
    func eachRefusalHasItsReason(certificate: [UInt8]?, key: String, reason: String) {
        var driver = byCertificate(SessionDriver.key { $0.clientCertificates = ["shop"] })
        driver.session.clientCertificate = certificate
        #expect(hello(&driver, key: key) == ["preface"])
        #expect(driver.session.takeNotices() == [.authFailed(client: "test", reason: reason)])
    }

    // MARK: Rate

    @Test func eventsOverTheRateAreThrottled() throws {
        let key = SessionDriver.key { $0.rate = Rate(perSecond: 10, burst: 5) }
        var driver = SessionDriver.opened(key: key)
        // Two frames of one read share the bucket, in order; refused events cost nothing.
        let frames =
            SessionDriver.publish(5, count: 4, tenants: ["acme", "nobody"]) + SessionDriver.publish(6, count: 5)
        _ = driver.send(frames)
        #expect(
            driver.commit() == [
                "ACK 5 ACCEPTED UNKNOWN_TENANT ACCEPTED UNKNOWN_TENANT",
                "ACK 6 ACCEPTED ACCEPTED ACCEPTED THROTTLED THROTTLED",
            ])
        #expect(driver.wait(milliseconds: 199) == [])
        #expect(driver.send(SessionDriver.publish(7, count: 2)) == [])
        #expect(driver.commit() == ["ACK 7 ACCEPTED THROTTLED"])
    }

    @Test func theAnswerSaysHowLongToWait() throws {
        let key = SessionDriver.key { $0.rate = Rate(perSecond: 10, burst: 1) }
        var driver = SessionDriver.opened(key: key)
        _ = driver.send(SessionDriver.publish(5))
        _ = driver.commit()
        SessionDriver.publish(6).withUnsafeBytes {
            driver.session.receive($0, now: driver.now, directory: driver.directory)
        }
        #expect(driver.takeBatch() == nil, "nothing is left for the queue")
        var output = driver.takeOutput()
        try FrameDecoder(bodyLimit: 100).readFrames(from: &output) { frame in
            #expect((try? Ack(decoding: frame.body))?[0] == EventAnswer(.throttled, retryAfter: 100))
            return true
        }
    }
}
