import Glibc

/// A file that holds an API key and nothing else.
enum KeyFile {
    struct Failure: Error, CustomStringConvertible {
        let path: String
        let reason: String
        var description: String { "cannot read the key file \(path): \(reason)" }
    }

    /// The file's first line, without its end.
    static func read(_ path: String) throws(Failure) -> String {
        guard let file = fopen(path, "re") else { throw Failure(path: path, reason: String(cString: strerror(errno))) }
        defer { fclose(file) }
        var status = stat()
        guard fstat(fileno(file), &status) != 0 || status.st_mode & S_IFMT != S_IFDIR else {
            throw Failure(path: path, reason: "it is a directory; expected a file with the key in its first line")
        }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = fread(&bytes, 1, bytes.count, file)
        let line = bytes[..<count].prefix { $0 != 0x0A && $0 != 0x0D }
        guard !line.isEmpty else { throw Failure(path: path, reason: "its first line is empty") }
        guard let text = String(validating: line, as: UTF8.self) else { throw Failure(path: path, reason: "not UTF-8") }
        return text
    }
}
