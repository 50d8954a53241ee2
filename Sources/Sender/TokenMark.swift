/// Marks in the poller's tokens that say what a descriptor belongs to. No mark: a socket of an HTTP/2 transfer. The
/// bell's token has all bits.
enum TokenMark {
    /// A socket that libcurl is connecting.
    static let dial: UInt64 = 1 << 62
    /// A connection of the HTTP/1.1 pool.
    static let connection: UInt64 = 1 << 61
}
