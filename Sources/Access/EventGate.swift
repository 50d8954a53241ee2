public import WebhookModel

/// Decides which events a client may publish: by its key's scopes, tenants, expiry and rate, and by the event's form and
/// size.
///
/// Each connection, or request, has its own. It keeps the decisions on the latest tenant and the latest type, because most
/// producers send runs of them.
public struct EventGate {
    private var directory: TenantDirectory
    private var key: APIKey
    /// The entry of the key that the client's certificate matched; nil: the client showed the key itself.
    private let certificateName: String?
    private let rates: KeyRates
    private let payloadLimit: Int
    /// Nil: no limit.
    public private(set) var bucket: RateBucket?
    /// Nil: every tenant.
    private var tenants: Set<TenantNumber>?
    /// Nil: every type.
    private var types: TypeFilter?
    private var latestTenant = KnownBytes()
    private var latest = Decision(tenant: TenantNumber(0), result: .unknownTenant)
    /// What the operator should read about refusals of this key, until `takeNotes`.
    public private(set) var notes: [Note] = []
    private var noted: Set<Note.Kind> = []

    /// Why events of the client are refused, in words for the log. Each kind is noted once for as long as the key stays as
    /// it is.
    public struct Note: Equatable, Sendable {
        public enum Kind: Sendable { case tenant, type, rate }

        public let kind: Kind
        public let text: String
    }

    /// What a tenant's name leads to.
    private struct Decision {
        var tenant: TenantNumber
        /// `undecided`, or the refusal.
        var result: EventResult

        static let forbidden = Decision(tenant: TenantNumber(0), result: .forbidden)
    }

    /// - Parameters:
    ///   - directory: the snapshot that the key was found in.
    ///   - rates: shared by all intakes (`AccessControl.rates`).
    ///   - payloadLimit: the largest payload, in bytes.
    public init(_ authentication: Authentication, directory: TenantDirectory, rates: KeyRates, payloadLimit: Int) {
        key = authentication.key
        certificateName = authentication.certificateName
        self.directory = directory
        self.rates = rates
        self.payloadLimit = payloadLimit
        adopt(authentication.key)
    }

    private mutating func adopt(_ key: APIKey) {
        self.key = key
        tenants = if case .only(let numbers) = key.tenants { Set(numbers) } else { nil }
        types = key.settings.publishes.flatMap(TypeFilter.init)
        bucket = rates.bucket(of: key)
        noted = []
    }

    // MARK: Notes

    /// The notes since the last call.
    public mutating func takeNotes() -> [Note] {
        defer { notes = [] }
        return notes
    }

    /// Notes that the key's rate refused an event.
    public mutating func noteRate() {
        guard let rate = key.settings.rate else { return }
        note(.rate) { "the API key \"\($0.name)\" is over its rate of \(rate.perSecond) events a second" }
    }

    // Not inlined into the path of accepted events.
    @inline(never)
    private mutating func note(_ kind: Note.Kind, _ text: (APIKey) -> String) {
        guard noted.insert(kind).inserted else { return }
        notes.append(Note(kind: kind, text: text(key)))
    }

    @inline(never)
    private mutating func noteType(_ type: UnsafeRawBufferPointer) {
        note(.type) { key in
            "the API key \"\(key.name)\" does not allow the event type \"\(String(decoding: type, as: UTF8.self))\"; its scopes are "
                + key.settings.scopes.map(\.text).joined(separator: ", ")
        }
    }

    @inline(never)
    private mutating func noteTenant(_ name: UnsafeRawBufferPointer) {
        note(.tenant) { key in
            "the API key \"\(key.name)\" does not allow the tenant \"\(String(decoding: name, as: UTF8.self))\""
        }
    }

    // MARK: The key

    /// Takes a new snapshot and the time. Cheap where the snapshot is the same object.
    ///
    /// - Returns: why the client may not go on; nil: it may.
    public mutating func review(_ directory: TenantDirectory, wallMilliseconds: Int64) -> AccessRefusal? {
        if directory !== self.directory {
            self.directory = directory
            latestTenant.forget()
            guard let key = directory.key(named: key.name) else { return .keyRemoved }
            if let refusal = refusal(ofReplacement: key) { return refusal }
            if key != self.key { adopt(key) }
        }
        return refusal(wallMilliseconds: wallMilliseconds)
    }

    /// Why what the client showed no longer opens the key of this name.
    private func refusal(ofReplacement fresh: APIKey) -> AccessRefusal? {
        if let certificateName {
            return fresh.settings.clientCertificates.contains(certificateName) ? nil : .certificateRemoved
        }
        return fresh.settings.digest == key.settings.digest ? nil : .keyReplaced
    }

    /// Why the key may not publish at this time (Unix milliseconds); nil: it may.
    public func refusal(wallMilliseconds: Int64) -> AccessRefusal? {
        key.refusal(of: .publish, tenant: nil, wallMilliseconds: wallMilliseconds)
    }

    // MARK: Events

    /// Checks one record: form, size, times, and whether the key may publish it.
    ///
    /// - Parameters:
    ///   - record: an event record (`EventRecord`), without a length field.
    ///   - span: where the record lies in the batch.
    ///   - latestDelivery: the latest `deliver at` that is accepted, in Unix milliseconds.
    /// - Returns: a draft that is `undecided`, or refused.
    @inline(__always)
    mutating func draft(
        of record: UnsafeRawBufferPointer, at span: EventRecord.Span, latestDelivery: Int64
    ) -> EventDraft {
        let none = TenantNumber(0)
        switch EventRecord.parse(record, payloadLimit: payloadLimit) {
        case .failure(let refusal):
            return EventDraft(record: EventRecord(), span: span, tenant: none, result: refusal.result)
        case .success(let fields) where fields.deliverAt > latestDelivery:
            return EventDraft(record: fields, span: span, tenant: none, result: .badTime)
        case .success(let fields):
            let decision = decision(
                tenant: UnsafeRawBufferPointer(rebasing: record[fields.tenant.range]),
                type: UnsafeRawBufferPointer(rebasing: record[fields.type.range]))
            return EventDraft(record: fields, span: span, tenant: decision.tenant, result: decision.result)
        }
    }

    /// - Parameters:
    ///   - tenant: a valid tenant name, never empty.
    ///   - type: the event's type, never empty.
    private mutating func decision(tenant: UnsafeRawBufferPointer, type: UnsafeRawBufferPointer) -> Decision {
        if types?.admits(type) == false {
            noteType(type)
            return .forbidden
        }
        if latestTenant.equal(tenant) { return latest }
        latest = lookUp(tenant)
        latestTenant.remember(tenant)
        return latest
    }

    private mutating func lookUp(_ name: UnsafeRawBufferPointer) -> Decision {
        let entry = directory.tenant(named: name)
        // A key with a list of tenants must not learn whether a name outside it exists.
        if let tenants {
            guard let entry, tenants.contains(entry.number) else {
                noteTenant(name)
                return .forbidden
            }
        }
        guard let entry else { return Decision(tenant: TenantNumber(0), result: .unknownTenant) }
        return Decision(tenant: entry.number, result: entry.enabled ? .undecided : .tenantDisabled)
    }
}

/// The event types that a key may publish, as bytes: the hot path makes no String.
private struct TypeFilter {
    private let subscription: Subscription
    private var latest = KnownBytes()
    private var latestIsAdmitted = false

    /// Nil where every type may pass.
    init?(_ subscription: Subscription) {
        guard !subscription.matchesEverything else { return nil }
        self.subscription = subscription
    }

    mutating func admits(_ type: UnsafeRawBufferPointer) -> Bool {
        if latest.equal(type) { return latestIsAdmitted }
        latestIsAdmitted = subscription.matches(type)
        latest.remember(type)
        return latestIsAdmitted
    }
}

/// A copy of the bytes of a name, to compare the next name with. Empty at first; names are never empty.
private struct KnownBytes {
    private var bytes: [UInt8] = []

    /// Compares eight bytes at a time. This runs once per event; `elementsEqual` takes 240 instructions for eight bytes here.
    @inline(__always)
    func equal(_ other: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count == other.count else { return false }
        return bytes.withUnsafeBytes { bytes in
            var offset = 0
            while other.count - offset >= 8 {
                let left = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                guard left == other.loadUnaligned(fromByteOffset: offset, as: UInt64.self) else { return false }
                offset += 8
            }
            while offset < other.count {
                guard bytes[offset] == other[offset] else { return false }
                offset += 1
            }
            return true
        }
    }

    mutating func remember(_ other: UnsafeRawBufferPointer) {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: other)
    }

    mutating func forget() { bytes.removeAll(keepingCapacity: true) }
}
