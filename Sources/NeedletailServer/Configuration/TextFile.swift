import Glibc
import Settings
import WebhookModel

/// A small file read whole.
enum TextFile {
    /// The file's text.
    ///
    /// - Throws: one line with the path and the system's reason (open(2), read(2)), or that the file is not UTF-8.
    static func read(_ path: String) throws(InputMistakes) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw refusal(path, String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw refusal(path, String(cString: strerror(errno)))
            }
            bytes += chunk[..<count]
            guard bytes.count <= Limits.textFileBytes else {
                throw refusal(path, "larger than \(Quantity.text(bytes: Limits.textFileBytes))")
            }
        }
        // A byte order mark, as editors on Windows write it, is no part of the text.
        let marked = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        guard let text = String(validating: marked ? bytes[3...] : bytes[...], as: UTF8.self) else {
            throw refusal(path, "not UTF-8 text")
        }
        return text
    }

    private static func refusal(_ path: String, _ reason: String) -> InputMistakes {
        InputMistakes(["\(path): cannot be read: \(reason)"])
    }
}
