import NeedletailServer
import TestSupport
import Testing
import WebhookSigning

@Suite struct MasterKeyMistakesTests {
    private let text = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="

    private func mistakes(_ change: (inout ServerConfiguration) -> Void, _ environment: [String: String] = [:])
        -> [String]
    {
        var configuration = ServerConfiguration()
        change(&configuration)
        do {
            _ = try KeyRing(configuration, environment: environment)
            return []
        } catch {
            return error.lines
        }
    }

    @Test func `no key is no mistake`() throws {
        #expect(try KeyRing(ServerConfiguration(), environment: [:]) == nil)
    }

    @Test func `the variable holds a key`() throws {
        let ring = try #require(try KeyRing(ServerConfiguration(), environment: ["NEEDLETAIL_MASTER_KEY": text]))
        #expect(try ring.current == MasterKey(text))
    }

    @Test func `what is not a key is reported without it`() {
        let lines = mistakes({ _ in }, ["NEEDLETAIL_MASTER_KEY": "hunter2"])
        #expect(
            lines == [
                "environment NEEDLETAIL_MASTER_KEY: is not base64 of 32 bytes; create one with: openssl rand -base64 32"
            ])
    }

    @Test func `the key is in one place only`() {
        let lines = mistakes({ $0.secrets.masterKeyFile = "/nowhere" }, ["NEEDLETAIL_MASTER_KEY": text])
        #expect(lines.count == 1 && lines[0].hasPrefix("secrets.master_key_file cannot be combined with"))
    }

    @Test func `files that cannot be read are named`() {
        let lines = mistakes {
            $0.secrets.masterKeyFile = "/nowhere/a"
            $0.secrets.previousMasterKeyFiles = ["/nowhere/b"]
        }
        #expect(lines.contains { $0.hasPrefix("secrets.master_key_file: /nowhere/a: cannot be read") })
        #expect(lines.contains { $0.hasPrefix("secrets.previous_master_key_files: /nowhere/b: cannot be read") })
    }

    @Test func `the variable is known, and a similar name is refused`() throws {
        _ = try ServerConfiguration.load(file: nil, environment: ["NEEDLETAIL_MASTER_KEY": text])
        #expect(throws: InputMistakes.self) {
            try ServerConfiguration.load(file: nil, environment: ["NEEDLETAIL_MASTERKEY": text])
        }
    }
}
