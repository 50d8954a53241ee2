import Glibc

/// The limit of file descriptors. Connections of producers and idle connections to endpoints need thousands; a shell
/// allows 1,024.
enum DescriptorLimit {
    /// Raises the soft limit to the hard one (getrlimit(2)). If that fails, the limit stays, and connections are
    /// refused later.
    static func raise() {
        guard var limit = current else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// The number of idle connections to endpoints that may be kept: at most two thirds of the descriptors, so that
    /// producers can connect and new connections can always be opened.
    static func keptConnections(_ wanted: Int) -> Int {
        guard let limit = current else { return min(wanted, 256) }
        return min(wanted, max(Int(clamping: limit.rlim_cur) / 3 * 2, 16))
    }

    private static var current: rlimit? {
        var limit = rlimit()
        return getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? limit : nil
    }
}
