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

    /// The number of descriptors that the process may have; 1,024, a shell's usual limit, where it is not known.
    static var descriptors: Int { current.map { Int(clamping: $0.rlim_cur) } ?? 1_024 }

    private static var current: rlimit? {
        var limit = rlimit()
        return getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? limit : nil
    }
}
