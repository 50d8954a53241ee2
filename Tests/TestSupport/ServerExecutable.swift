import Glibc

/// The built `needletail`, for tests that start it as a process.
package enum ServerExecutable {
    /// Beside the test binary; where that was copied elsewhere, in this checkout's release build.
    package static let path: String = {
        let beside = folder(of: ownPath) + "/needletail"
        if access(beside, X_OK) == 0 { return beside }
        let checkout = folder(of: folder(of: folder(of: #filePath)))
        let built = checkout + "/.build/release/needletail"
        precondition(access(built, X_OK) == 0, "\(built) is missing: swift build -c release --product needletail")
        return built
    }()

    private static var ownPath: String {
        var bytes = [CChar](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(count, 0)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }
}
