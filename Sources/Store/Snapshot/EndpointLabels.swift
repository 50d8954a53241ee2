import LMDB
public import WebhookModel

/// Whose an endpoint is and how it is called: read without opening a secret. Also of one that was removed, while its row is kept.
public struct EndpointLabel: Sendable, Equatable {
    public var number: EndpointNumber
    public var tenant: TenantNumber
    public var name: String
    public var isRemoved: Bool
}

extension StoreSnapshot {
    /// Nil where there is no row any more, or it is damaged.
    public func endpointLabel(_ number: EndpointNumber) throws(StoreReadError) -> EndpointLabel? {
        try reading { () throws(LMDBError) in
            try transaction.get(tables.endpoints, Tables.key(number.value)).flatMap {
                EndpointLabel(number.value, $0)
            }
        }
    }

    /// Those of some tenants; nil: of all. Costs a step for each endpoint of the store.
    ///
    /// - Parameter name: with this name only.
    public func endpointLabels(
        of tenants: Set<TenantNumber>?, named name: String? = nil
    ) throws(StoreReadError) -> [EndpointLabel] {
        try reading { () throws(LMDBError) in
            var labels: [EndpointLabel] = []
            var cursor = try transaction.cursor(tables.endpoints)
            while let row = try cursor.next() {
                guard row.key.count == 4, let label = EndpointLabel(row.key.uint32(at: 0), row.value),
                    tenants?.contains(label.tenant) ?? true, name == nil || name == label.name
                else { continue }
                labels.append(label)
            }
            return labels
        }
    }
}

extension EndpointLabel {
    fileprivate init?(_ number: UInt32, _ value: UnsafeRawBufferPointer) {
        guard let identity = EndpointCoding.identity(value), let tenant = UInt32(exactly: identity.tenant) else {
            return nil
        }
        self.init(
            number: EndpointNumber(number), tenant: TenantNumber(tenant), name: identity.name,
            isRemoved: identity.isRemoved)
    }
}
