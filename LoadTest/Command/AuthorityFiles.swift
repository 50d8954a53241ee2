import Foundation
import LoadTest
import MockReceiver

/// The authority of the embedded receiver's certificates, as `prepare` writes it and `run` reads it.
enum AuthorityFiles {
    private static let certificate = "authority.pem"
    private static let key = "authority-key.pem"

    static func write(to folder: URL) throws {
        let authority = try ReceiverAuthority()
        try PrivateFile.write(authority.certificate, to: folder.appending(path: certificate).path())
        try PrivateFile.write(authority.key, to: folder.appending(path: key).path())
    }

    static func read(from directory: String) throws -> ReceiverAuthority {
        let folder = URL(filePath: directory, directoryHint: .isDirectory)
        func text(_ name: String) throws -> String {
            let path = folder.appending(path: name).path()
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                throw LoadTestError("--authority \(directory): \(name) cannot be read; `prepare --https` writes it")
            }
            return text
        }
        do {
            return try ReceiverAuthority(certificate: try text(certificate), key: try text(key))
        } catch let error as LoadTestError {
            throw error
        } catch {
            throw LoadTestError("--authority \(directory): no certificate with its key: \(error)")
        }
    }
}
