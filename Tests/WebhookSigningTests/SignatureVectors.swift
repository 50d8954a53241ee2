import Foundation
import WebhookSigning

/// Files of `Tests/Vectors/signatures/`: `schemes.json` is ours, one vector and more a scheme; `reference.json` is the project's shared file.
enum SignatureVectors {
    struct Vector: Decodable, Sendable {
        /// As endpoints' settings write it.
        let scheme: String
        let secrets: [String]
        let id: String
        let type: String
        let timestamp: Int64
        let body: String
        let headers: [String: String]

        func readScheme() throws -> SignatureScheme { try SignatureScheme(written: scheme) }
        func readSecrets() throws -> SecretSet { try SecretSet(written: secrets, form: readScheme().secretForm) }
    }

    struct Reference: Decodable, Sendable {
        let scheme: String
        let secret: String
        let id: String
        let timestamp: Int64
        let body: String
        let signature: String
    }

    private struct Schemes: Decodable { let vectors: [Vector] }
    private struct References: Decodable { let standard: [Reference] }

    static func schemes() throws -> [Vector] { try read(Schemes.self, "schemes.json").vectors }
    static func reference() throws -> [Reference] { try read(References.self, "reference.json").standard }

    private static func read<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Vectors/signatures/\(name)")
        return try JSONDecoder().decode(type, from: Data(contentsOf: file))
    }
}

extension SignatureVerifier {
    /// With headers of any case.
    func verify(_ headers: [String: String], body: some Sequence<UInt8>, now: Int64) -> SignatureVerdict {
        let lower = Dictionary(uniqueKeysWithValues: headers.map { ($0.key.lowercased(), $0.value) })
        return verify(body: body, now: now) { lower[$0] }
    }
}
