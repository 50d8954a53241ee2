import Glibc

/// A file that holds an API key and nothing else, by the rules of `key_file` in a provisioning file.
enum KeyFile {
    struct Failure: Error, CustomStringConvertible {
        let path: String
        let reason: String
        var description: String { "cannot read the key file \(path): \(reason)" }
    }

    /// The file's only line, without its end and without a byte order mark.
    static func read(_ path: String) throws(Failure) -> String {
        guard let file = fopen(path, "re") else { throw Failure(path: path, reason: String(cString: strerror(errno))) }
        defer { fclose(file) }
        var status = stat()
        guard fstat(fileno(file), &status) != 0 || status.st_mode & S_IFMT != S_IFDIR else {
            throw Failure(path: path, reason: "it is a directory; expected a file with the key in its only line")
        }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = fread(&bytes, 1, bytes.count, file)
        func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }
        var line = bytes[..<count]
        if line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
        while line.last.map(isLineEnd) == true { line = line.dropLast() }
        guard !line.isEmpty else { throw Failure(path: path, reason: "it is empty; expected the key") }
        guard !line.contains(where: isLineEnd) else {
            throw Failure(path: path, reason: "it has more than one line; expected the key alone, in one line")
        }
        guard let text = String(validating: line, as: UTF8.self) else { throw Failure(path: path, reason: "not UTF-8") }
        return text
    }
}
