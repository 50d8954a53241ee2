import Glibc

/// Descriptors: producers' connections and kept connections to endpoints want thousands, and a shell gives 1,024.
enum DescriptorLimit {
    /// Raises the soft limit to the hard one (getrlimit(2)). Where that fails the limit stays, and connections are refused later.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
