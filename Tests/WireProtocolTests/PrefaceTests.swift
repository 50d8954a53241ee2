import Testing
import WireProtocol

@Suite struct PrefaceTests {
    private func check(_ bytes: [UInt8]) -> Preface.Verdict { bytes.withUnsafeBytes(Preface.check) }

    @Test func everyPrefixIsIncomplete() {
        for count in 0..<8 { #expect(check(Array(Preface.bytes[..<count])) == .incomplete) }
        #expect(check(Preface.bytes) == .complete)
    }

    @Test(arguments: [0, 2, 255] as [UInt8])
    func otherVersionsAreNamed(_ version: UInt8) {
        #expect(check(Preface.bytes.dropLast() + [version]) == .otherVersion(version))
    }

    @Test func foreignProtocolsAreNamed() {
        #expect(check(Array("GET / HT".utf8)) == .foreign(.http))
        #expect(check(Array("OPTIONS ".utf8)) == .foreign(.http))
        #expect(check(Array("G".utf8)) == .foreign(.http))
        #expect(check([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01]) == .foreign(.tls))
        #expect(check([0x89, 0x4E, 0x54, 0x4C, 0x0A]) == .foreign(.mangled))
        #expect(check(Array("SSH-2.0-".utf8)) == .foreign(.unknown))
        #expect(check(Array("PROXY TC".utf8)) == .foreign(.proxyHeader))
        #expect(check([0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51]) == .foreign(.proxyHeader))
        #expect(check([0x0D, 0x0A]) == .foreign(.unknown))
        #expect(check(Array("PRI * HT".utf8)) == .foreign(.http))
    }
}
