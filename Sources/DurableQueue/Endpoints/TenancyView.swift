public import Store
public import WebhookModel

/// Tenants, endpoints and keys as they are now: for readers that compare or show them.
public struct TenancySnapshot: Sendable {
    public var tenants: [Stored<Tenant>] = []
    public var endpoints: [Stored<EndpointRow>] = []
    public var keys: [Stored<APIKey>] = []

    public init() {}
}

/// The published rows. The writer applies edits; a reader takes a copy, which shares all rows with it.
package struct TenancyView: Sendable {
    /// A row behind a reference: a copy of the view copies references, not settings.
    private final class Row<Value: Sendable>: Sendable {
        let stored: Stored<Value>
        init(_ stored: Stored<Value>) { self.stored = stored }
    }

    private var tenants: [TenantNumber: Row<Tenant>] = [:]
    private var endpoints: [EndpointNumber: Row<EndpointRow>] = [:]
    private var keys: [UInt32: Row<APIKey>] = [:]

    package init() {}

    package init(_ registry: EndpointRegistry) {
        registry.tenants.forEachSlot { number, slot in
            tenants[TenantNumber(number)] = Row(registry.tenants[slot].row)
        }
        for number in registry.endpointNumbers {
            if let record = registry.record(number) { endpoints[number] = Row(record.row) }
        }
        keys = registry.keys.mapValues { Row($0) }
    }

    package mutating func apply(_ edit: TenancyEdit) {
        switch edit {
        case .tenant(let row): tenants[row.value.number] = Row(row)
        case .endpoint(let row): endpoints[row.value.number] = Row(row)
        case .retireEndpoint(let row): endpoints[row.value.number] = nil
        case .removeEndpoint(let number): endpoints[number] = nil
        case .key(let row, let number): keys[number] = Row(row)
        case .removeKey(let number): keys[number] = nil
        }
    }

    /// All rows, each kind in the order of its numbers.
    package var snapshot: TenancySnapshot {
        var snapshot = TenancySnapshot()
        snapshot.tenants = tenants.sorted { $0.key < $1.key }.map(\.value.stored)
        snapshot.endpoints = endpoints.sorted { $0.key < $1.key }.map(\.value.stored)
        snapshot.keys = keys.sorted { $0.key < $1.key }.map(\.value.stored)
        return snapshot
    }
}
