import Foundation
import NeedletailServer
import Settings
import TestSupport
import Testing

/// The walkthrough of README.md works as it is written: its provisioning file, and its example of publishing.
@Suite struct ReadmeFileTests {
    private let directory = TemporaryDirectory()
    private let readme: String

    init() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../README.md")
        readme = try String(contentsOf: page, encoding: .utf8)
        try Data("\(secretText)\n".utf8).write(to: URL(filePath: directory.path + "/secret"))
        try Data("a-key-of-a-producer-1234\n".utf8).write(to: URL(filePath: directory.path + "/api-key"))
    }

    private func plan(allowHTTP: Bool) throws -> ProvisioningPlan {
        let start = try #require(readme.firstRange(of: "```yaml\ntenants:"))
        let end = try #require(readme[start.upperBound...].firstRange(of: "\n```"))
        let text =
            "tenants:"
            + readme[start.upperBound..<end.lowerBound]
            .replacing("secret_file: secret", with: "secret_file: \(directory.path)/secret")
            .replacing("key_file: api-key", with: "key_file: \(directory.path)/api-key")
        return try ProvisioningPlan.load(text: String(text), named: "README.md", allowHTTP: allowHTTP)
    }

    @Test func `the provisioning file is good with --allow-http, and README says that it needs it`() throws {
        #expect(try plan(allowHTTP: true).tenants.count == 10)
        // One mistake for its one place, though it stands for ten tenants.
        let mistakes = #expect(throws: InputMistakes.self) { try plan(allowHTTP: false) }
        #expect(mistakes?.lines.count == 1, "\(mistakes?.lines ?? [])")
        #expect(readme.contains("needletail provision check provision.yaml --allow-http"))
    }

    @Test func `the example of publishing uses the key file and a tenant of the walkthrough`() throws {
        let plan = try plan(allowHTTP: true)
        let start = try #require(readme.firstRange(of: "`needletail publish "))
        let example = readme[start.lowerBound...].prefix { $0 != "\n" }
        #expect(plan.tenants.contains { example.contains("--tenant \($0.name) ") })
        #expect(example.contains("--key-file api-key "))
    }
}
