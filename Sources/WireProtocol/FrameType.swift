/// The frame types of version 1 (Protocol.md, 4).
public enum FrameType: UInt8, Sendable, CaseIterable {
    case hello = 0x01
    case welcome = 0x02
    case publish = 0x10
    case ack = 0x11
    case ping = 0x20
    case pong = 0x21
    case goAway = 0x30
    case close = 0x31

    /// Unknown types from here on are skipped; below it they close the connection.
    public static let firstSkippable: UInt8 = 0x80
}
