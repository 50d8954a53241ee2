import Glibc
import Store

extension Removals {
    /// What a file would remove from the store of a stopped server.
    ///
    /// - Parameter path: the data directory.
    /// - Throws: where there is no store, or a server uses it.
    public init(fromData path: String, to plan: ProvisioningPlan) throws {
        // Opening a directory creates a store in it: a mistyped path must not become an empty store.
        guard access(path + "/data.mdb", F_OK) == 0 else {
            throw DeadLetterDesk.Refusal(
                description: "\(path) contains no Needletail store; expected the directory of the server for --data")
        }
        do {
            let directory = try DataDirectory(path: path, mapBytes: DeadLetterDesk.mapBytes(path))
            self.init(from: try directory.outline(), to: plan)
        } catch StoreError.inUse(_, let owner) {
            throw DeadLetterDesk.Refusal(
                description:
                    "a server uses \(path) (\(owner)); send it SIGHUP: it says what would go, and applies nothing that removes too much"
            )
        }
    }
}
