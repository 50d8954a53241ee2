package import Scheduling
package import Store
package import WebhookModel

/// Tenants, endpoints and API keys in the writer's memory: one record each, and the numbers to give next.
///
/// Changes are planned by `TenancyPlan` beside it and adopted after their commit, so that a transaction which fails leaves no trace.
package struct EndpointRegistry {
    package var counters: Counters
    package private(set) var tenants = NumberedSlots<TenantRecord>()
    package private(set) var endpoints = NumberedSlots<EndpointRecord>()
    package private(set) var keys: [UInt32: Stored<APIKey>] = [:]
    private var tenantNumbers: [String: TenantNumber] = [:]
    private var keyNumbers: [String: UInt32] = [:]
    /// Tenants that have endpoints.
    package private(set) var tenantsWithEndpoints = 0
    /// Tenants whose backlog the running transaction adds to.
    private var touchedTenants: [TenantNumber] = []

    private let senders: Int
    /// The server's policy: for endpoints and tenants that have none.
    private let retry: RetryPolicy
    private let tenantBacklog: Int

    /// - Parameters:
    ///   - senders: an endpoint belongs to the sender of its number modulo this.
    ///   - retry: the policy of endpoints that have none, and whose tenant has none.
    ///   - tenantBacklog: pending deliveries of a tenant whose settings give no other limit.
    package init(
        senders: Int, retry: RetryPolicy = .standard, tenantBacklog: Int = .max, counters: Counters = Counters()
    ) {
        self.senders = senders
        self.retry = retry
        self.tenantBacklog = tenantBacklog
        self.counters = counters
    }

    // MARK: Look-ups

    package func tenantNumber(named name: String) -> TenantNumber? { tenantNumbers[name] }
    package func keyNumber(named name: String) -> UInt32? { keyNumbers[name] }
    package func tenant(_ number: TenantNumber) -> Stored<Tenant>? { tenants[number: number.value]?.row }

    /// The slot of an endpoint; nil where there is none, or it was removed.
    package func slot(_ number: EndpointNumber) -> Int? {
        guard let slot = endpoints.slot(number.value), !endpoints[slot].isRemoved else { return nil }
        return slot
    }

    package func contains(_ number: EndpointNumber) -> Bool { slot(number) != nil }

    /// An endpoint as it is now; nil where there is none.
    package func endpoint(_ number: EndpointNumber) -> Endpoint? { slot(number).map { endpoints[$0].endpoint } }

    /// A copy of a record; nil where there is none. For what is asked seldom: a copy counts references.
    package func record(_ number: EndpointNumber) -> EndpointRecord? { slot(number).map { endpoints[$0] } }

    /// The record of a slot.
    package subscript(slot: Int) -> EndpointRecord {
        @inline(__always) _read { yield endpoints[slot] }
        @inline(__always) _modify { yield &endpoints[slot] }
    }

    /// A tenant's record by its slot.
    package subscript(tenantSlot slot: Int) -> TenantRecord {
        @inline(__always) _read { yield tenants[slot] }
        @inline(__always) _modify { yield &tenants[slot] }
    }

    /// Changes a record that is present.
    package mutating func update<Result>(
        _ number: EndpointNumber, _ body: (inout EndpointRecord) -> Result
    ) -> Result? {
        slot(number).map { body(&endpoints[$0]) }
    }

    /// Whether an endpoint is present and was not removed.
    package func isLive(_ number: EndpointNumber) -> Bool {
        slot(number).map { endpoints[$0].removedAt == nil } ?? false
    }

    /// Live endpoints, in no particular order.
    package var endpointNumbers: [EndpointNumber] {
        var numbers: [EndpointNumber] = []
        numbers.reserveCapacity(endpoints.count)
        endpoints.forEachSlot { number, slot in
            if !endpoints[slot].isRemoved, endpoints[slot].removedAt == nil { numbers.append(EndpointNumber(number)) }
        }
        return numbers
    }

    // MARK: Routing

    /// The endpoints that get an event of this type; none where there is no such tenant.
    package mutating func routes(for type: UnsafeRawBufferPointer, of tenant: TenantNumber) -> [Endpoint] {
        guard let slot = tenants.slot(tenant.value) else { return [] }
        return tenants[slot].routes.endpoints(for: type)
    }

    // MARK: Rows that were written

    /// Follows a tenant's row.
    ///
    /// - Returns: endpoints that waited for a rate which is gone, and those of its endpoints whose object or activity changed.
    package mutating func put(_ row: Stored<Tenant>) -> (released: [EndpointNumber], changed: [EndpointNumber]) {
        let number = row.value.number
        let limit = row.value.settings.backlog ?? tenantBacklog
        guard let slot = tenants.slot(number.value) else {
            var record = TenantRecord(row, backlogLimit: limit)
            record.gate = row.value.settings.rate.map { RateGate($0) }
            tenants.insert(record, number: number.value)
            tenantNumbers[row.value.name] = number
            return ([], [])
        }
        let before = tenants[slot].row.value
        tenants[slot].row = row
        tenants[slot].backlog.limit = limit
        var released: [EndpointNumber] = []
        if let rate = row.value.settings.rate {
            if tenants[slot].gate == nil {
                tenants[slot].gate = RateGate(rate)
            } else {
                tenants[slot].gate!.adopt(rate)
            }
        } else {
            tenants[slot].gate = nil
            released = tenants[slot].takeWaiting()
        }
        let concerns =
            before.enabled != row.value.enabled || before.settings.rate != row.value.settings.rate
            || inherited(by: before) != inherited(by: row.value) || before.name != row.value.name
        guard concerns else { return (released, []) }
        let changed = tenants[slot].endpoints.values.sorted()
        for number in changed { refresh(number) }
        return (released, changed)
    }

    /// Follows an endpoint's row.
    ///
    /// - Parameter pending: deliveries that wait for an endpoint that is new here.
    package mutating func put(_ row: Stored<EndpointRow>, pending: Int = 0) {
        let number = row.value.number
        guard let tenantSlot = tenants.slot(row.value.tenant.value) else {
            preconditionFailure("endpoint \(number.value) is of a tenant that is not present")
        }
        if let slot = slot(number) {
            let wasLive = endpoints[slot].removedAt == nil
            // What it inherits was not followed while it was removed.
            let isSame =
                wasLive && endpoints[slot].endpoint.settings == row.value.settings
                && endpoints[slot].endpoint.name == row.value.name
            if !isSame { endpoints[slot].endpoint.retire() }
            endpoints[slot].adopt(row, isSame ? endpoints[slot].endpoint : object(of: row.value))
            switch (wasLive, row.value.removedAt == nil) {
            case (true, false): leaveTenant(slot)
            case (false, true): enterTenant(slot)
            case (true, true), (false, false): break
            }
        } else {
            let record = EndpointRecord(
                object(of: row.value), row, tenantSlot: tenantSlot, sender: Int(number.value) % senders, active: false,
                pending: pending)
            endpoints.insert(record, number: number.value)
            if row.value.removedAt == nil {
                enterTenant(slot(number)!)
            } else {
                tenants[tenantSlot].removed[row.value.name] = number
            }
        }
        follow(number)
    }

    /// An endpoint is new, or was created again: it has its name, and its deliveries count.
    private mutating func enterTenant(_ slot: Int) {
        let tenantSlot = endpoints[slot].tenantSlot
        let name = endpoints[slot].endpoint.name
        if tenants[tenantSlot].endpoints.isEmpty { tenantsWithEndpoints += 1 }
        tenants[tenantSlot].endpoints[name] = endpoints[slot].number
        tenants[tenantSlot].removed[name] = nil
        tenants[tenantSlot].backlog.add(endpoints[slot].pending)
    }

    /// An endpoint was removed: its name is free, and its deliveries do not fill the backlog.
    private mutating func leaveTenant(_ slot: Int) {
        let tenantSlot = endpoints[slot].tenantSlot
        let name = endpoints[slot].endpoint.name
        tenants[tenantSlot].endpoints[name] = nil
        tenants[tenantSlot].removed[name] = endpoints[slot].number
        tenants[tenantSlot].backlog.add(-endpoints[slot].pending)
        if tenants[tenantSlot].endpoints.isEmpty { tenantsWithEndpoints -= 1 }
    }

    /// An endpoint's object, activity and rate follow its tenant.
    private mutating func refresh(_ number: EndpointNumber) {
        guard let slot = slot(number) else { return }
        let present = endpoints[slot].endpoint
        let tenant = tenants[endpoints[slot].tenantSlot].row.value
        let inherited = inherited(by: tenant)
        if present.retry != present.settings.retry ?? inherited.retry || present.tenantWeight != inherited.tenantWeight
            || present.tenantNetworks != inherited.networks || present.tenantName != tenant.name
        {
            present.retire()
            endpoints[slot].endpoint = object(of: endpoints[slot].row.value)
        }
        follow(number)
    }

    /// What depends on an endpoint's row and on its tenant's: activity, rate, route.
    private mutating func follow(_ number: EndpointNumber) {
        guard let slot = slot(number) else { return }
        let tenantSlot = endpoints[slot].tenantSlot
        let settings = endpoints[slot].endpoint.settings
        endpoints[slot].active =
            endpoints[slot].removedAt == nil && settings.enabled && !settings.paused
            && endpoints[slot].disabled == nil && tenants[tenantSlot].row.value.enabled
        if !endpoints[slot].active {
            // What its sender holds comes back instead of being sent.
            endpoints[slot].endpoint.retire()
        } else if endpoints[slot].endpoint.isRetired {
            endpoints[slot].endpoint = object(of: endpoints[slot].row.value)
        }
        let endpoint = endpoints[slot].endpoint
        endpoints[slot].setRate(tenant: tenants[tenantSlot].gate?.rate)
        // Only its owner can say that events are not for it. What comes while it is paused, or while the server has
        // disabled it, is kept.
        if endpoint.settings.enabled, endpoints[slot].removedAt == nil {
            tenants[tenantSlot].routes.put(endpoint)
        } else {
            tenants[tenantSlot].routes.remove(number)
        }
    }

    /// Follows what was found out about an endpoint's health.
    package mutating func putHealth(
        _ number: EndpointNumber, _ health: EndpointHealth, disabled: Endpoint.Disablement?
    ) {
        guard let slot = slot(number) else { return }
        endpoints[slot].health = health
        guard endpoints[slot].disabled != disabled else { return }
        endpoints[slot].disabled = disabled
        follow(number)
    }

    /// Removes an endpoint. Its record stays only while senders hold deliveries of it.
    ///
    /// - Returns: what waited in memory for it: entries of the due index.
    package mutating func remove(_ number: EndpointNumber) -> [PendingEntry] {
        guard let slot = slot(number) else { return [] }
        let tenantSlot = endpoints[slot].tenantSlot
        let lot = endpoints[slot].takeLot(limit: .max)
        let name = endpoints[slot].endpoint.name
        if endpoints[slot].removedAt == nil { leaveTenant(slot) }
        if tenants[tenantSlot].removed[name] == number { tenants[tenantSlot].removed[name] = nil }
        tenants[tenantSlot].routes.remove(number)
        endpoints[slot].isRemoved = true
        endpoints[slot].endpoint.retire()
        if endpoints[slot].held == 0 { endpoints.remove(number.value) }
        return lot
    }

    /// A delivery of an endpoint was reported or given back.
    ///
    /// - Returns: whether the endpoint is present; false: it was removed, and its record goes with the last delivery.
    package mutating func release(_ slot: Int, delivered: Bool?) -> Bool {
        guard !endpoints[slot].isRemoved else {
            endpoints[slot].held -= 1
            if endpoints[slot].held == 0 { endpoints.remove(endpoints[slot].number.value) }
            return false
        }
        if let delivered { endpoints[slot].released(delivered: delivered) } else { endpoints[slot].held -= 1 }
        return true
    }

    /// The slot of an endpoint that may have been removed while senders held deliveries of it.
    package func slotWithRemoved(_ number: EndpointNumber) -> Int? { endpoints.slot(number.value) }

    package mutating func put(_ row: Stored<APIKey>, number: UInt32) {
        keys[number] = row
        keyNumbers[row.value.name] = number
    }

    package mutating func removeKey(_ number: UInt32) {
        guard let row = keys.removeValue(forKey: number) else { return }
        keyNumbers[row.value.name] = nil
    }

    // MARK: The backlog

    /// Whether a tenant takes another event, and whether that is news.
    package mutating func admits(_ tenant: TenantNumber) -> BacklogLevel.Answer {
        guard let slot = tenants.slot(tenant.value) else { return BacklogLevel.Answer(admits: true, isNews: false) }
        if tenants[slot].backlog.isUntouched { touchedTenants.append(tenant) }
        return tenants[slot].backlog.admits()
    }

    /// The running transaction makes a delivery.
    package mutating func planDelivery(of number: EndpointNumber, plan: inout [EndpointNumber]) {
        guard let slot = slot(number) else { return }
        let tenantSlot = endpoints[slot].tenantSlot
        if tenants[tenantSlot].backlog.isUntouched { touchedTenants.append(endpoints[slot].endpoint.tenant) }
        tenants[tenantSlot].backlog.plan()
        plan.append(number)
    }

    /// Forgets what a failed transaction planned.
    /// The transaction failed: what it planned is forgotten.
    package mutating func forgetTransaction() {
        for tenant in touchedTenants {
            if let slot = tenants.slot(tenant.value) { tenants[slot].backlog.forget() }
        }
        touchedTenants.removeAll(keepingCapacity: true)
    }

    /// The planned deliveries are durable.
    package mutating func commitTransaction(_ plan: [EndpointNumber]) {
        for number in plan {
            if let slot = slot(number) { endpoints[slot].pending += 1 }
        }
        for tenant in touchedTenants {
            if let slot = tenants.slot(tenant.value) { tenants[slot].backlog.commit() }
        }
        touchedTenants.removeAll(keepingCapacity: true)
    }

    /// Deliveries of an endpoint became final, durably.
    package mutating func finished(_ number: EndpointNumber, _ count: Int = 1) {
        guard let slot = slot(number) else { return }
        endpoints[slot].pending -= count
        if endpoints[slot].removedAt == nil { tenants[endpoints[slot].tenantSlot].backlog.add(-count) }
    }

    package func pending(of tenant: TenantNumber) -> Int { tenants[number: tenant.value]?.backlog.pending ?? 0 }

    // MARK: Objects

    private func inherited(by tenant: Tenant?) -> Endpoint.Inherited {
        Endpoint.Inherited(
            retry: tenant?.settings.retry ?? retry, tenantWeight: tenant?.settings.weight ?? 1,
            networks: tenant?.settings.allowNetworks ?? [])
    }

    private func object(of row: EndpointRow) -> Endpoint {
        let tenant = tenant(row.tenant)?.value
        return Endpoint(
            number: row.number, tenant: row.tenant, tenantName: tenant?.name ?? "", name: row.name,
            settings: row.settings, inherited: inherited(by: tenant))
    }

    // MARK: Views

    /// Names and numbers of tenants and endpoints.
    package var names: EndpointNames {
        var entries: [EndpointNames.Entry] = []
        endpoints.forEachSlot { number, slot in
            guard !endpoints[slot].isRemoved, endpoints[slot].removedAt == nil else { return }
            let endpoint = endpoints[slot].endpoint
            entries.append(
                EndpointNames.Entry(number: endpoint.number, tenant: endpoint.tenantName, name: endpoint.name))
        }
        return EndpointNames(tenants: Set(tenantNumbers.keys), endpoints: entries)
    }

    /// Tenants and keys as ingest sees them.
    package var directory: TenantDirectory {
        var rows: [Tenant] = []
        tenants.forEachSlot { _, slot in rows.append(tenants[slot].row.value) }
        return TenantDirectory(tenants: rows.sorted { $0.number < $1.number }, keys: keys.values.map(\.value))
    }
}
