/// Marks in the poller's tokens that say what a descriptor belongs to. The bell's token has all bits.
enum TokenMark {
    /// A socket that libcurl is connecting.
    static let dial: UInt64 = 1 << 62
    /// A connection of the pool.
    static let connection: UInt64 = 1 << 61
}
