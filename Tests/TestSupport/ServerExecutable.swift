import Glibc

/// The built commands, for tests that start them as processes.
package enum ServerExecutable {
    /// `needletail`.
    package static let path = path(of: "needletail")

    /// Beside the test binary; where that was copied elsewhere, in this checkout's release build.
    package static func path(of product: String) -> String {
        let beside = folder(of: ownPath) + "/" + product
        if access(beside, X_OK) == 0 { return beside }
        let checkout = folder(of: folder(of: folder(of: #filePath)))
        let built = checkout + "/.build/release/" + product
        precondition(access(built, X_OK) == 0, "\(built) is missing: swift build -c release --product \(product)")
        return built
    }

    private static var ownPath: String {
        var bytes = [CChar](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(count, 0)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }
}
