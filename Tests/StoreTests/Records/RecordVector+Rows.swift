import Foundation
import Store
import WebhookModel

/// The model values that the vectors of configuration and attempts mean.
extension RecordVector {
    var keyNumber: UInt32 { key.reduce(0) { $0 << 8 | UInt32($1) } }

    var tenant: Tenant {
        var tenant = Tenant(number: TenantNumber(keyNumber), name: text("name"), enabled: number("enabled") != 0)
        tenant.settings.retry = retry
        tenant.settings.rate = rate
        if has("weight") { tenant.settings.weight = Int(number("weight")) }
        if has("retries_per_second") { tenant.settings.retriesPerSecond = Int(number("retries_per_second")) }
        if has("backlog") { tenant.settings.backlog = Int(number("backlog")) }
        tenant.settings.allowNetworks = texts("allow_networks")
        return tenant
    }

    var apiKey: APIKey {
        let tenants: APIKey.Tenants =
            text("tenants") == "all" ? .all : .only(numbers("tenants").map { TenantNumber(UInt32($0)) })
        let digest = UInt8(text("digest").prefix(2), radix: 16) ?? 0
        return APIKey(
            name: text("name"), tenants: tenants,
            settings: APIKey.Settings(
                digest: Array(repeating: digest, count: 32), scopes: texts("scopes").compactMap(APIKey.Scope.init),
                rate: rate, expiresAt: has("expires_at") ? number("expires_at") : nil,
                clientCertificates: texts("certificates")))
    }

    var endpointRow: EndpointRow {
        var settings = Endpoint.Settings(
            url: text("url"), subscription: Subscription(texts("patterns").compactMap(Subscription.Pattern.init)),
            scheme: text("scheme"), secrets: [], retry: retry, window: Int(number("window")),
            timeout: number("timeout"), enabled: number("enabled") != 0)
        settings.secrets = list("secrets").compactMap { pair in
            guard let pair = pair as? [Any], let text = pair.first as? String else { return nil }
            return EndpointSecret(text, until: (pair.last as? NSNumber)?.int64Value)
        }
        settings.headers = list("headers").compactMap { pair in
            guard let pair = pair as? [String] else { return nil }
            return CustomHeader(pair[0], pair[1])
        }
        settings.body = BodyForm(rawValue: text("body")) ?? .raw
        settings.rate = rate
        settings.order = .byKey(onDeadLetter: DeliveryOrder.OnDeadLetter(rawValue: text("on_dead_letter"))!)
        var row = EndpointRow(
            number: EndpointNumber(keyNumber), tenant: TenantNumber(UInt32(number("tenant"))), name: text("name"),
            settings: settings)
        row.failing = FailingStretch(since: number("failing_since"))
        row.disabled = Endpoint.Disablement(
            reason: Endpoint.Disablement.Reason(rawValue: UInt8(numbers("disabled")[0]))!, at: numbers("disabled")[1])
        return row
    }

    var batch: BatchRow {
        BatchRow(
            id: BatchID(high: UInt64(numbers("id")[0]), low: UInt64(numbers("id")[1])),
            members: numbers("members").map { EventPosition(UInt64($0)) })
    }

    var report: AttemptReport {
        var phases = AttemptPhases()
        let times = numbers("phases").map { UInt32($0) }
        (phases.resolved, phases.connected, phases.secured, phases.firstByte, phases.total) =
            (times[0], times[1], times[2], times[3], times[4])
        var report = AttemptReport(
            delivery: delivery, entry: .due(1), attempt: UInt16(number("attempt")),
            trigger: AttemptTrigger(rawValue: UInt8(number("trigger")))!,
            outcome: Outcome(rawValue: UInt8(number("outcome")))!, status: UInt16(number("status")),
            startedAt: number("started_at"), phases: phases, reusedConnection: number("reused") != 0,
            address: text("address"), heldBytes: 0)
        report.excerpt = Array(text("excerpt").utf8)
        report.headers = Array(text("headers").utf8)
        return report
    }
}
