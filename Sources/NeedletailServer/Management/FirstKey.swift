import DurableQueue
import Glibc
import Logging
import Store
import WebhookModel
import WebhookSigning

/// The first API key. A store without a key that may manage would be a server that nobody can configure over its API,
/// so one is made, and written to a file that only the owner of the data directory can read.
struct FirstKey {
    static let fileName = "admin-key"

    /// The data directory.
    let directory: String

    var path: String { directory + "/" + FirstKey.fileName }

    struct Failure: Error, CustomStringConvertible {
        let path: String
        let reason: String
        var description: String { "cannot write the first API key to \(path): \(reason)" }
    }

    /// Does nothing where a key may manage. The log gets the path, never the key.
    func ensure(in queue: QueueWriterThread, logger: Logger) async throws {
        let keys = queue.tenancy.keys.map(\.value)
        guard !keys.contains(where: { $0.settings.scopes.contains(.manage) && $0.tenants == .all }) else { return }
        let key = NewAPIKey()
        // The file first: a key in the store that nobody has would keep the next start from making another one.
        try write(key.text)
        let settings = APIKey.Settings(
            digest: SHA256Digest.of(key.text.utf8),
            scopes: [.manage, .publish(.everything), .area(.secretReveal)])
        try await queue.change([
            .putAPIKey(
                name: FirstKey.name(beside: keys.map(\.name)), tenants: .all, settings: settings, origin: .api,
                ifRevision: 0)
        ])
        logger.notice("an API key that may manage was made; it stands in the file", metadata: ["path": "\(path)"])
    }

    /// `admin`, or with a number where that is taken.
    static func name(beside taken: [String]) -> String {
        var number = 1
        while true {
            let name = number == 1 ? "admin" : "admin-\(number)"
            if !taken.contains(name) { return name }
            number += 1
        }
    }

    /// Mode 0600 from the beginning, whatever the umask; whole or not at all.
    private func write(_ key: String) throws(Failure) {
        let partial = path + ".partial"
        unlink(partial)
        let file = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw failure() }
        defer { close(file) }
        let line = Array((key + "\n").utf8)
        guard Glibc.write(file, line, line.count) == line.count, fsync(file) == 0, rename(partial, path) == 0 else {
            throw failure()
        }
    }

    private func failure() -> Failure { Failure(path: path, reason: String(cString: strerror(errno))) }
}
