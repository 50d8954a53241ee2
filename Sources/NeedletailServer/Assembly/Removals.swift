import DurableQueue
import Settings
public import Store
import WebhookModel

/// What the store contains and the provisioning file does not: what a convergence would remove. Pure.
///
/// A file that was cut off, or is of another installation, looks like a file with few entries. So a change that takes
/// away more than half of the endpoints or API keys needs the operator's word (`--allow-removal`). Where as many come as
/// go, as with a new name, nothing is taken away.
public struct Removals: Sendable, Equatable {
    /// Each `tenant/endpoint`; those of tenants that are no longer in the file too.
    public private(set) var endpoints: [String] = []
    public private(set) var tenants: [String] = []
    public private(set) var keys: [String] = []
    /// Why it is not applied without the operator's word; nil: it may be applied.
    public private(set) var objection: String?

    /// Only what the provisioning file created counts.
    ///
    /// - Parameter present: what the store contains now.
    public init(from present: TenancyOutline, to plan: ProvisioningPlan) {
        let wanted = Dictionary(
            plan.tenants.map { ($0.name, Set($0.endpoints.map(\.name))) }, uniquingKeysWith: { first, _ in first })
        let own = present.tenants.filter { $0.origin == .provisioned && $0.enabled }
        tenants = own.map(\.name).filter { wanted[$0] == nil }

        // A tenant that left the file before is disabled already, and its endpoints do not count any more.
        let counted = Set(own.map(\.name)).union(wanted.keys)
        var lost = 0
        let ours = present.endpoints.filter { $0.origin == .provisioned && counted.contains($0.tenant) }
        for (tenant, list) in Dictionary(grouping: ours, by: \.tenant) {
            let names = Set(list.map(\.name))
            let going = names.subtracting(wanted[tenant] ?? [])
            let coming = (wanted[tenant] ?? []).subtracting(names)
            endpoints += going.map { "\(tenant)/\($0)" }
            lost += max(going.count - coming.count, 0)
        }
        endpoints.sort()

        let names = Set(present.keys.filter { $0.origin == .provisioned }.map(\.name))
        let wantedKeys = Set(plan.keys.map(\.name))
        keys = names.subtracting(wantedKeys).sorted()
        let lostKeys = max(keys.count - wantedKeys.subtracting(names).count, 0)

        var parts: [String] = []
        if lost * 2 > ours.count { parts.append("\(lost) of \(ours.count) endpoints (\(Removals.list(endpoints)))") }
        if lostKeys * 2 > names.count {
            parts.append("\(lostKeys) of \(names.count) API keys (\(Removals.list(keys)))")
        }
        guard !parts.isEmpty else { return }
        objection =
            "the file would remove \(parts.joined(separator: " and ")); if that is meant, give --allow-removal (provision.allow_removal)"
    }

    /// The objection as an error.
    ///
    /// - Parameter file: the provisioning file's name.
    public func refusal(of file: String) -> RemovalRefused? {
        objection.map { RemovalRefused(file: file, objection: $0) }
    }

    /// One line for each thing that goes.
    public var lines: [String] {
        tenants.map { "tenant \"\($0)\" is disabled: its events are refused, and its deliveries wait" }
            + endpoints.map { "endpoint \"\($0)\" is removed, or its tenant is disabled: its deliveries wait" }
            + keys.map { "API key \"\($0)\" is removed: its producers get AUTH_FAILED" }
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(5).joined(separator: ", ")
        return names.count > 5 ? shown + ", …" : shown
    }
}

extension TenancyOutline {
    /// The same from what the writer publishes.
    init(_ snapshot: TenancySnapshot) {
        self.init()
        let names = Dictionary(uniqueKeysWithValues: snapshot.tenants.map { ($0.value.number, $0.value.name) })
        tenants = snapshot.tenants.map { .init(name: $0.value.name, enabled: $0.value.enabled, origin: $0.origin) }
        endpoints = snapshot.endpoints.map {
            .init(tenant: names[$0.value.tenant] ?? "", name: $0.value.name, origin: $0.origin)
        }
        keys = snapshot.keys.map { .init(name: $0.value.name, origin: $0.origin) }
    }
}

/// A convergence that would remove too much.
public struct RemovalRefused: Error, CustomStringConvertible {
    let file: String
    let objection: String
    public var description: String { "\(file): \(objection)" }
}
