import Threading
public import WebhookModel

/// Who may do what, now. A process has one; every intake and every API asks it. Callable from any thread.
///
/// It takes its snapshots of tenants and keys from the queue, and makes the index of the keys at the first authentication
/// after a change.
public final class AccessControl: Sendable {
    private let snapshot: @Sendable () -> TenantDirectory
    private let keys = Locked(KeyDirectory(.empty))
    /// The rates of the keys, shared by all intakes: a key that publishes over two of them has one rate.
    public let rates = KeyRates()

    /// - Parameter snapshot: the current tenants and keys; called at each authentication and each read of an intake.
    public init(_ snapshot: @escaping @Sendable () -> TenantDirectory) { self.snapshot = snapshot }

    /// The current tenants and keys.
    public var directory: TenantDirectory { snapshot() }

    /// Finds the API key of a client. Its cost does not depend on the number of keys.
    ///
    /// - Parameters:
    ///   - key: the key as the client sent it; empty: the certificate decides. A wrong key is refused even where the
    ///     certificate would be accepted.
    ///   - certificate: the client's, verified in the TLS handshake (DER).
    /// - Returns: nil: no key matches. Scopes and expiry are not checked here (`APIKey.refusal`).
    @Sendable public func authenticate(_ key: [UInt8], _ certificate: [UInt8]?) -> Authentication? {
        let keys = currentKeys()
        if !key.isEmpty { return keys.key(of: key).map { Authentication(key: $0) } }
        return certificate.flatMap(ClientCertificate.init).flatMap(keys.authentication)
    }

    /// The index of the current snapshot. A thread that meets a new snapshot makes the index, and others wait for it: two
    /// indexes made at once would take longer.
    private func currentKeys() -> KeyDirectory {
        let current = snapshot()
        return keys.withLock { keys in
            if keys.source !== current {
                keys = KeyDirectory(current)
                rates.remove { current.key(named: $0) == nil }
            }
            return keys
        }
    }
}
