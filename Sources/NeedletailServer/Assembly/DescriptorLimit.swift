import Glibc

/// Descriptors: producers' connections and kept connections to endpoints want thousands, and a shell gives 1,024.
enum DescriptorLimit {
    /// Raises the soft limit to the hard one (getrlimit(2)). Where that fails the limit stays, and connections are refused later.
    static func raise() {
        guard var limit = current else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// How many of `wanted` connections to endpoints may be kept idle: two thirds of the descriptors at most, so that producers find theirs
    /// and new connections can always be opened.
    static func keptConnections(_ wanted: Int) -> Int {
        guard let limit = current else { return min(wanted, 256) }
        return min(wanted, max(Int(clamping: limit.rlim_cur) / 3 * 2, 16))
    }

    private static var current: rlimit? {
        var limit = rlimit()
        return getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? limit : nil
    }
}
