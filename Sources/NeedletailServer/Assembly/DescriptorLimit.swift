import Glibc

/// Descriptors: producers' connections and kept connections to endpoints want thousands, and a shell gives 1,024.
enum DescriptorLimit {
    /// Raises the soft limit to the hard one (getrlimit(2)). Where that fails the limit stays, and connections are refused later.
    static func raise() {
        guard var limit = current else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// How many of `wanted` connections may be kept idle: half of what producers do not take, so that new ones can always be opened.
    static func keptConnections(_ wanted: Int, producers: Int) -> Int {
        guard let limit = current else { return min(wanted, 256) }
        let total = Int(clamping: limit.rlim_cur)
        return min(wanted, max((total - min(producers, total / 2)) / 2, 16))
    }

    private static var current: rlimit? {
        var limit = rlimit()
        return getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? limit : nil
    }
}
