import Glibc

/// A directory that is removed with its last reference, and at the latest when the process exits.
///
/// In TMPDIR, which `Tests/run` sets for each pass, or in /var/tmp: a real disk, because durability takes time.
package final class TemporaryDirectory: Sendable {
    package let path: String

    /// What all directories of this process begin with.
    private static let prefix = "needletail-test-\(getpid())-"
    private static let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/var/tmp"

    /// Registered once: values that live as long as the process are not deinitialised.
    private static let removesAllAtExit: Void = {
        _ = atexit {
            for name in TemporaryDirectory.entries(of: TemporaryDirectory.parent)
            where name.hasPrefix(TemporaryDirectory.prefix) {
                TemporaryDirectory.remove(TemporaryDirectory.parent + "/" + name)
            }
        }
    }()

    package init() {
        _ = TemporaryDirectory.removesAllAtExit
        var template = Array("\(TemporaryDirectory.parent)/\(TemporaryDirectory.prefix)XXXXXX".utf8CString)
        let made = mkdtemp(&template)
        precondition(made != nil, "mkdtemp: \(errno)")
        path = String(cString: made!)
    }

    deinit { TemporaryDirectory.remove(path) }

    private static func remove(_ path: String) {
        for name in entries(of: path) { remove(path + "/" + name) }
        Glibc.remove(path)
    }

    /// Names in a directory; none where it cannot be read, or is a file.
    private static func entries(of path: String) -> [String] {
        // A link is removed, and not what it leads to.
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, let directory = opendir(path) else {
            return []
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
