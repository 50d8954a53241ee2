public import WebhookModel

/// What happened to an event, or why a connection closes. The high byte is the class, so a client knows what to do even
/// with an unknown code.
public struct ProtocolStatus: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16
    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// What a client does with the status.
    public enum Class: UInt8, Sendable {
        case stored = 0x00
        /// Not stored: send again here, after the retry-after.
        case sendAgain = 0x01
        /// Not stored: send again on another connection.
        case sendElsewhere = 0x02
        /// Permanently refused.
        case refused = 0x03
        /// The connection closes.
        case closes = 0x04
    }

    /// nil: a class that this version does not have.
    public var statusClass: Class? { Class(rawValue: UInt8(truncatingIfNeeded: rawValue >> 8)) }
}

extension ProtocolStatus {
    public static let accepted = ProtocolStatus(rawValue: 0x0000)
    public static let duplicate = ProtocolStatus(rawValue: 0x0001)
    public static let acceptedNoMatch = ProtocolStatus(rawValue: 0x0002)

    public static let throttled = ProtocolStatus(rawValue: 0x0100)
    public static let busy = ProtocolStatus(rawValue: 0x0101)
    public static let corrupt = ProtocolStatus(rawValue: 0x0102)
    public static let storageFull = ProtocolStatus(rawValue: 0x0103)

    public static let draining = ProtocolStatus(rawValue: 0x0200)

    public static let malformed = ProtocolStatus(rawValue: 0x0300)
    public static let tooLarge = ProtocolStatus(rawValue: 0x0301)
    public static let unknownTenant = ProtocolStatus(rawValue: 0x0302)
    public static let tenantDisabled = ProtocolStatus(rawValue: 0x0303)
    public static let forbidden = ProtocolStatus(rawValue: 0x0304)
    public static let unknownEventType = ProtocolStatus(rawValue: 0x0305)
    public static let conflict = ProtocolStatus(rawValue: 0x0306)
    public static let badTime = ProtocolStatus(rawValue: 0x0307)

    public static let protocolError = ProtocolStatus(rawValue: 0x0400)
    public static let unsupportedVersion = ProtocolStatus(rawValue: 0x0401)
    public static let authFailed = ProtocolStatus(rawValue: 0x0402)
    public static let timeout = ProtocolStatus(rawValue: 0x0403)
    public static let frameTooLarge = ProtocolStatus(rawValue: 0x0404)
    public static let headerCorrupt = ProtocolStatus(rawValue: 0x0405)
    public static let windowExceeded = ProtocolStatus(rawValue: 0x0406)
    public static let tooManyConnections = ProtocolStatus(rawValue: 0x0407)
    public static let tlsRequired = ProtocolStatus(rawValue: 0x0408)
    public static let internalError = ProtocolStatus(rawValue: 0x0409)
    public static let tooManyControlFrames = ProtocolStatus(rawValue: 0x040A)

    /// Every code of version 1 with its name and its meaning. A test holds it equal to the table in Protocol.md.
    public static let table: [(status: ProtocolStatus, name: String, text: String)] = [
        (.accepted, "ACCEPTED", "stored, with all its deliveries"),
        (.duplicate, "DUPLICATE", "stored already: same id, same content"),
        (.acceptedNoMatch, "ACCEPTED_NO_MATCH", "stored; no endpoint wants it"),
        (.throttled, "THROTTLED", "the API key's rate or the tenant's backlog is at its limit"),
        (.busy, "BUSY", "overloaded, or in doubt"),
        (.corrupt, "CORRUPT", "the body's checksum is wrong"),
        (.storageFull, "STORAGE_FULL", "the disk or the map is full"),
        (.draining, "DRAINING", "the server is shutting down"),
        (.malformed, "MALFORMED", "the event record breaks its form"),
        (.tooLarge, "TOO_LARGE", "the payload is over the limit"),
        (.unknownTenant, "UNKNOWN_TENANT", "there is no such tenant"),
        (.tenantDisabled, "TENANT_DISABLED", "the tenant is disabled"),
        (.forbidden, "FORBIDDEN", "the API key does not allow this tenant or this event type"),
        (.unknownEventType, "UNKNOWN_EVENT_TYPE", "the strict catalogue does not have this type"),
        (.conflict, "CONFLICT", "the id is taken by other content"),
        (.badTime, "BAD_TIME", "a time is out of range"),
        (.protocolError, "PROTOCOL_ERROR", "the peer broke the protocol"),
        (.unsupportedVersion, "UNSUPPORTED_VERSION", "another major version"),
        (.authFailed, "AUTH_FAILED", "the API key is not accepted"),
        (.timeout, "TIMEOUT", "too slow, or silent for too long"),
        (.frameTooLarge, "FRAME_TOO_LARGE", "a frame over the announced limits"),
        (.headerCorrupt, "HEADER_CORRUPT", "a frame header's checksum is wrong"),
        (.windowExceeded, "WINDOW_EXCEEDED", "more unacknowledged than the window"),
        (.tooManyConnections, "TOO_MANY_CONNECTIONS", "over the connection limit"),
        (.tlsRequired, "TLS_REQUIRED", "this port speaks TLS only"),
        (.internalError, "INTERNAL", "the server failed"),
        (.tooManyControlFrames, "TOO_MANY_CONTROL_FRAMES", "a flood of frames that publish nothing"),
    ]

    /// The name as Protocol.md writes it; for an unknown code the number in hex.
    public var name: String {
        if let row = ProtocolStatus.table.first(where: { $0.status == self }) { return row.name }
        let digits = String(rawValue, radix: 16, uppercase: true)
        return "0x" + String(repeating: "0", count: 4 - digits.count) + digits
    }

    /// The meaning in words; empty for an unknown code.
    public var text: String { ProtocolStatus.table.first { $0.status == self }?.text ?? "" }
}

extension ProtocolStatus: CustomStringConvertible {
    public var description: String { name }
}

extension ProtocolStatus {
    /// The code of an event's result. An undecided result is BUSY: in doubt, send again.
    public init(_ result: EventResult) {
        self =
            switch result {
            case .accepted: .accepted
            case .duplicate: .duplicate
            case .acceptedNoMatch: .acceptedNoMatch
            case .throttled: .throttled
            case .busy, .undecided: .busy
            case .storageFull: .storageFull
            case .draining: .draining
            case .malformed: .malformed
            case .tooLarge: .tooLarge
            case .unknownTenant: .unknownTenant
            case .tenantDisabled: .tenantDisabled
            case .forbidden: .forbidden
            case .unknownEventType: .unknownEventType
            case .conflict: .conflict
            case .badTime: .badTime
            }
    }
}
