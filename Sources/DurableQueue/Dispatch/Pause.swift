import WebhookModel

/// Until when nothing of an endpoint, or of a tenant, is handed over.
package struct Pause: Comparable {
    enum Owner {
        /// Its sender gave a delivery back: its breaker is open, or it asked for a pause.
        case endpoint(EndpointNumber)
        /// The tokens of its rate are used up.
        case endpointGate(EndpointNumber)
        case tenantGate(TenantNumber)
    }

    var until: Int64
    var of: Owner

    package static func < (left: Pause, right: Pause) -> Bool { left.until < right.until }
    package static func == (left: Pause, right: Pause) -> Bool { left.until == right.until }
}
