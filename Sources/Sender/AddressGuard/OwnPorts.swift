import Threading

/// The TCP ports of this process's own listeners. Each is added when its listener is open, so also a port that the system chose
/// is known. Any thread.
public final class OwnPorts: Sendable {
    private let ports: Locked<Set<UInt16>>

    public init(_ ports: Set<UInt16> = []) { self.ports = Locked(ports) }

    public func add(_ port: UInt16) {
        ports.withLock { _ = $0.insert(port) }
    }

    func contains(_ port: UInt16) -> Bool { ports.withLock { $0.contains(port) } }
}
