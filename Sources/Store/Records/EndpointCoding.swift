import LMDB
import WebhookModel

/// The bytes of the table `endpoints`. DataLayout.md lists the tags.
struct EndpointCoding {
    let seal: SecretSeal?

    private enum Tag {
        static let name: UInt8 = 1
        static let tenant: UInt8 = 2
        static let url: UInt8 = 3
        static let pattern: UInt8 = 4
        static let scheme: UInt8 = 5
        static let plainSecret: UInt8 = 6
        static let delay: UInt8 = 7
        static let jitter: UInt8 = 8
        static let window: UInt8 = 9
        static let timeout: UInt8 = 10
        static let enabled: UInt8 = 11
        static let secret: UInt8 = 20
        static let body: UInt8 = 21
        static let header: UInt8 = 22
        static let inheritsRetry: UInt8 = 23
        static let rate: UInt8 = 24
        static let burst: UInt8 = 25
        static let order: UInt8 = 30
        static let onDeadLetter: UInt8 = 31
        static let batchEvents: UInt8 = 32
        static let batchBytes: UInt8 = 33
        static let batchWait: UInt8 = 34
        static let paused: UInt8 = 35
        static let failingSince: UInt8 = 200
        static let disabledReason: UInt8 = 201
        static let disabledAt: UInt8 = 202
        static let failureSightings: UInt8 = 203
        static let latestFailure: UInt8 = 204
        static let removedAt: UInt8 = 205
        static let heldUntil: UInt8 = 206
    }

    func encode(_ row: Stored<EndpointRow>) -> [UInt8] {
        let settings = row.value.settings
        var writer = FieldWriter()
        writer.add(Tag.name, row.value.name)
        writer.add(Tag.tenant, Int64(row.value.tenant.value))
        writer.add(Tag.url, settings.url)
        for pattern in settings.subscription.patterns { writer.add(Tag.pattern, pattern.text) }
        writer.add(Tag.scheme, settings.scheme)
        for secret in settings.secrets { add(secret, row.value, &writer) }
        // A program from before endpoints could inherit requires a policy here, and gets the standard one.
        let retry = settings.retry ?? .standard
        for delay in retry.delays { writer.add(Tag.delay, delay) }
        writer.add(Tag.jitter, Int64(retry.jitterPercent))
        if settings.retry == nil { writer.add(Tag.inheritsRetry, 1) }
        writer.add(settings.rate, perSecond: Tag.rate, burst: Tag.burst)
        writer.add(Tag.window, Int64(settings.window))
        writer.add(Tag.timeout, settings.timeout)
        writer.add(Tag.enabled, settings.enabled ? 1 : 0)
        if settings.paused { writer.add(Tag.paused, 1) }
        if settings.body != .raw { writer.add(Tag.body, settings.body.rawValue) }
        for header in settings.headers { add(header, row.value, &writer) }
        addOrder(settings, &writer)
        if let connection = settings.connection { ConnectionCoding(seal, row.value).write(connection, &writer) }
        if let failing = row.value.failing {
            writer.add(Tag.failingSince, failing.since)
            // Absent: as earlier programs wrote it.
            if failing.sightings != 1 { writer.add(Tag.failureSightings, Int64(failing.sightings)) }
            if failing.latest != failing.since { writer.add(Tag.latestFailure, failing.latest) }
        }
        if let disabled = row.value.disabled {
            writer.add(Tag.disabledReason, Int64(disabled.reason.rawValue))
            writer.add(Tag.disabledAt, disabled.at)
        }
        if let heldUntil = row.value.heldUntil { writer.add(Tag.heldUntil, heldUntil) }
        if let removedAt = row.value.removedAt { writer.add(Tag.removedAt, removedAt) }
        RowFields.write(row, to: &writer)
        return writer.bytes
    }

    private func addOrder(_ settings: Endpoint.Settings, _ writer: inout FieldWriter) {
        if case .byKey(let onDeadLetter) = settings.order {
            writer.add(Tag.order, "by_key")
            writer.add(Tag.onDeadLetter, onDeadLetter.rawValue)
        }
        if let batch = settings.batch {
            writer.add(Tag.batchEvents, Int64(batch.maxEvents))
            writer.add(Tag.batchBytes, Int64(batch.maxBytes))
            writer.add(Tag.batchWait, batch.maxWait)
        }
    }

    /// Nil where it is written in a way that this program does not know.
    private static func order(_ reader: FieldReader) -> DeliveryOrder? {
        guard let text = reader.text(Tag.order) else { return DeliveryOrder.none }
        guard text == "by_key", let rule = reader.text(Tag.onDeadLetter).flatMap(DeliveryOrder.OnDeadLetter.init) else {
            return nil
        }
        return .byKey(onDeadLetter: rule)
    }

    private func batch(_ reader: FieldReader) -> BatchRule? {
        guard let events = reader.number(Tag.batchEvents), let bytes = reader.number(Tag.batchBytes),
            let wait = reader.number(Tag.batchWait)
        else { return nil }
        return BatchRule(maxEvents: Int(events), maxBytes: Int(bytes), maxWait: wait)
    }

    // Without an end and without a seal, a secret is written in the oldest form, so that an older program reads the
    // whole row.
    private func add(_ secret: EndpointSecret, _ row: EndpointRow, _ writer: inout FieldWriter) {
        guard seal != nil || secret.until != nil else { return writer.add(Tag.plainSecret, secret.text) }
        let until = secret.until ?? 0
        let text = SealedText(seal).write(secret.text, place(row, secretUntil: until))
        writer.add(Tag.secret, withUnsafeBytes(of: until.bigEndian) { Array($0) } + text)
    }

    private func add(_ header: CustomHeader, _ row: EndpointRow, _ writer: inout FieldWriter) {
        let name = Array(header.name.utf8)
        let place = SecretSeal.Place(tenant: row.tenant, endpoint: row.number, field: "header|\(header.name)")
        writer.add(
            Tag.header, [UInt8(truncatingIfNeeded: name.count)] + name + SealedText(seal).write(header.value, place))
    }

    /// A secret's end is authenticated with it, so that it cannot be prolonged on disk.
    private func place(_ row: EndpointRow, secretUntil until: Int64) -> SecretSeal.Place {
        SecretSeal.Place(tenant: row.tenant, endpoint: row.number, field: "secret|\(until)")
    }

    /// A row as it was read.
    struct Decoded {
        var row: Stored<EndpointRow>
        /// Whether it is sealed as it would be written now.
        var isCurrent: Bool
    }

    /// The row; nil where a field is missing or of the wrong form.
    func decode(_ number: UInt32, _ bytes: UnsafeRawBufferPointer) throws(SealError) -> Decoded? {
        guard let reader = FieldReader(bytes), let name = reader.text(Tag.name), let tenant = reader.number(Tag.tenant),
            let url = reader.text(Tag.url), let scheme = reader.text(Tag.scheme),
            let jitter = reader.number(Tag.jitter),
            let window = reader.number(Tag.window), let timeout = reader.number(Tag.timeout)
        else { return nil }
        var row = EndpointRow(
            number: EndpointNumber(number), tenant: TenantNumber(UInt32(truncatingIfNeeded: tenant)), name: name,
            settings: Endpoint.Settings(
                url: url, subscription: Subscription(reader.texts(Tag.pattern).compactMap(Subscription.Pattern.init)),
                scheme: scheme, secrets: [],
                retry: reader.number(Tag.inheritsRetry) == 1
                    ? nil : RetryPolicy(delays: reader.numbers(Tag.delay), jitterPercent: Int(jitter)),
                window: Int(window),
                timeout: timeout, enabled: reader.number(Tag.enabled) != 0))
        var text = SealedText(seal)
        guard let secrets = try secrets(reader, row, &text), let headers = try headers(reader, row, &text),
            let body = BodyForm(rawValue: reader.text(Tag.body) ?? BodyForm.raw.rawValue),
            let order = EndpointCoding.order(reader)
        else { return nil }
        row.settings.paused = reader.number(Tag.paused) == 1
        row.settings.order = order
        row.settings.batch = batch(reader)
        row.settings.secrets = secrets
        row.settings.headers = headers
        row.settings.body = body
        row.settings.rate = reader.rate(perSecond: Tag.rate, burst: Tag.burst)
        row.settings.connection = try ConnectionCoding(seal, row).read(reader, &text)
        row.failing = reader.number(Tag.failingSince).map { since in
            FailingStretch(
                since: since, sightings: reader.number(Tag.failureSightings).map { Int($0) } ?? 1,
                latest: reader.number(Tag.latestFailure))
        }
        row.disabled = disablement(reader)
        row.heldUntil = reader.number(Tag.heldUntil)
        row.removedAt = reader.number(Tag.removedAt)
        return Decoded(row: RowFields.read(row, reader), isCurrent: text.isCurrent)
    }

    /// What a row says without its secrets.
    struct Identity {
        var tenant: Int64
        var name: String
        var origin: Origin
        var isRemoved: Bool
    }

    /// The tenant and the name, without the secrets.
    static func identity(_ bytes: UnsafeRawBufferPointer) -> Identity? {
        guard let reader = FieldReader(bytes), let name = reader.text(Tag.name), let tenant = reader.number(Tag.tenant)
        else {
            return nil
        }
        return Identity(
            tenant: tenant, name: name, origin: RowFields.origin(reader), isRemoved: reader.number(Tag.removedAt) != nil
        )
    }

    private func disablement(_ reader: FieldReader) -> Endpoint.Disablement? {
        guard let number = reader.number(Tag.disabledReason),
            let reason = Endpoint.Disablement.Reason(rawValue: UInt8(truncatingIfNeeded: number))
        else { return nil }
        return Endpoint.Disablement(reason: reason, at: reader.number(Tag.disabledAt) ?? 0)
    }

    /// Both forms, in the row's order.
    private func secrets(
        _ reader: FieldReader, _ row: EndpointRow, _ text: inout SealedText
    ) throws(SealError) -> [EndpointSecret]? {
        var secrets: [EndpointSecret] = []
        for (tag, value) in reader.fields where tag == Tag.plainSecret || tag == Tag.secret {
            guard tag == Tag.secret else {
                secrets.append(EndpointSecret(text.readPlain(value)))
                continue
            }
            guard value.count > 8 else { return nil }
            let until = value.withUnsafeBytes { Int64(bitPattern: $0.uint64(at: 0)) }
            let written = try text.read(value[8...], place(row, secretUntil: until))
            secrets.append(EndpointSecret(written, until: until == 0 ? nil : until))
        }
        return secrets
    }

    private func headers(
        _ reader: FieldReader, _ row: EndpointRow, _ text: inout SealedText
    ) throws(SealError) -> [CustomHeader]? {
        var headers: [CustomHeader] = []
        for value in reader.all(Tag.header) {
            guard let count = value.first, value.count > Int(count) + 1 else { return nil }
            let name = String(decoding: value[1..<(1 + Int(count))], as: UTF8.self)
            let place = SecretSeal.Place(tenant: row.tenant, endpoint: row.number, field: "header|\(name)")
            headers.append(CustomHeader(name, try text.read(value[(1 + Int(count))...], place)))
        }
        return headers
    }
}
