import Foundation

/// `Tests/Vectors/signatures/standard.json`.
struct SignatureVectors: Decodable {
    struct Vector: Decodable {
        let scheme: String
        let secret: String
        let id: String
        let timestamp: Int64
        let body: String
        let signature: String
    }

    let vectors: [Vector]

    static func load() throws -> [Vector] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Vectors/signatures/standard.json")
        return try JSONDecoder().decode(SignatureVectors.self, from: Data(contentsOf: file)).vectors
    }
}
