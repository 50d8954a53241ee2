import LMDB
import WebhookModel

/// Bytes of the endpoints table. The tags stand in DataLayout.md.
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
        static let failingSince: UInt8 = 200
        static let disabledReason: UInt8 = 201
        static let disabledAt: UInt8 = 202
        static let origin: UInt8 = 255
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
        for delay in settings.retry.delays { writer.add(Tag.delay, delay) }
        writer.add(Tag.jitter, Int64(settings.retry.jitterPercent))
        writer.add(Tag.window, Int64(settings.window))
        writer.add(Tag.timeout, settings.timeout)
        writer.add(Tag.enabled, settings.enabled ? 1 : 0)
        if settings.body != .raw { writer.add(Tag.body, settings.body.rawValue) }
        for header in settings.headers { add(header, row.value, &writer) }
        if let connection = settings.connection { ConnectionCoding(seal, row.value).write(connection, &writer) }
        if let since = row.value.failingSince { writer.add(Tag.failingSince, since) }
        if let disabled = row.value.disabled {
            writer.add(Tag.disabledReason, Int64(disabled.reason.rawValue))
            writer.add(Tag.disabledAt, disabled.at)
        }
        writer.add(Tag.origin, row.origin.rawValue)
        return writer.bytes
    }

    // Without an end and without a seal, a secret is written as before there were any: an older program reads the row whole.
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

    /// A secret's end is authenticated with it: nobody prolongs it on disk.
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
                retry: RetryPolicy(delays: reader.numbers(Tag.delay), jitterPercent: Int(jitter)), window: Int(window),
                timeout: timeout, enabled: reader.number(Tag.enabled) != 0))
        var text = SealedText(seal)
        guard let secrets = try secrets(reader, row, &text), let headers = try headers(reader, row, &text),
            let body = BodyForm(rawValue: reader.text(Tag.body) ?? BodyForm.raw.rawValue)
        else { return nil }
        row.settings.secrets = secrets
        row.settings.headers = headers
        row.settings.body = body
        row.settings.connection = try ConnectionCoding(seal, row).read(reader, &text)
        row.failingSince = reader.number(Tag.failingSince)
        row.disabled = disablement(reader)
        let origin = reader.number(Tag.origin).flatMap(Origin.init) ?? .api
        return Decoded(row: Stored(row, origin: origin), isCurrent: text.isCurrent)
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
