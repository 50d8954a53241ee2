import Glibc

/// Paths that do not depend on the directory of the process.
enum AbsolutePath {
    /// The directory of a file. Nil if the directory of the process is not known; then paths stay relative.
    static func folder(of file: String) -> String? {
        let absolute = file.hasPrefix("/") ? file : workingDirectory.map { $0 + "/" + file }
        guard let absolute, let slash = absolute.lastIndex(of: "/") else { return nil }
        let folder = absolute[..<slash].replacing("/./", with: "/")
        return folder.hasSuffix("/.") ? String(folder.dropLast(2)) : String(folder)
    }

    private static var workingDirectory: String? {
        guard let path = getcwd(nil, 0) else { return nil }
        defer { free(path) }
        return String(cString: path)
    }
}
