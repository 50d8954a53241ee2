// Dense numbers given by the writer: what tables are keyed by. They never change and are never given twice.

/// A tenant's number: dense, durable, never reused.
public struct TenantNumber: Hashable, Sendable, Comparable {
    public let value: UInt32
    @inlinable public init(_ value: UInt32) { self.value = value }
    @inlinable public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// An endpoint's number: dense, durable, never reused.
public struct EndpointNumber: Hashable, Sendable, Comparable {
    public let value: UInt32
    @inlinable public init(_ value: UInt32) { self.value = value }
    @inlinable public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// An event's place in commit order, from 1. Ascending and unique for the life of the data directory.
public struct EventPosition: Hashable, Sendable, Comparable {
    public let value: UInt64
    @inlinable public init(_ value: UInt64) { self.value = value }
    @inlinable public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// A delivery is (event, endpoint); this pair is its name.
public struct DeliveryID: Hashable, Sendable, Comparable {
    public let position: EventPosition
    public let endpoint: EndpointNumber

    @inlinable
    public init(position: EventPosition, endpoint: EndpointNumber) {
        self.position = position
        self.endpoint = endpoint
    }

    @inlinable
    public static func < (left: Self, right: Self) -> Bool {
        left.position == right.position ? left.endpoint < right.endpoint : left.position < right.position
    }
}
