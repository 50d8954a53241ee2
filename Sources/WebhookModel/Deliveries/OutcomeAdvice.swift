extension Outcome {
    /// An explanation and a remedy for the endpoint's owner. It never contains an address, a time or anything else that
    /// reveals the operator's network.
    public var advice: String {
        switch self {
        case .delivered: "The endpoint took the message."
        case .redirect:
            "The endpoint answered with a redirect, which is never followed; use the URL that it leads to."
        case .gone: "The endpoint answered 410 Gone, so it was disabled; enable it when it accepts messages again."
        case .throttled: "The endpoint asks for fewer messages (429); a lower rate or a larger receiver helps."
        case .unavailable: "The endpoint, or a proxy before it, was not available (502, 503 or 504)."
        case .refusedStatus:
            "The endpoint answered with a status other than 2xx; the first bytes of the answer may say why."
        case .addressForbidden:
            "The URL leads to an address or port that deliveries must not go to; use a public address and port 80, 443 or 1024 and above."
        case .endpointUnusable:
            "The endpoint's settings cannot be used: check its URL, secrets, headers and certificates."
        case .recordDamaged: "The stored event does not match its checksum, so it was not sent; publish it again."
        case .endpointRemoved:
            "The endpoint was removed before the event was delivered; create it again under its name and deliver the dead letter again."
        case .endpointDisabled:
            "The endpoint was disabled and stayed so; enable it and deliver the dead letter again."
        case .timedOut:
            "The endpoint was connected, but no answer with a whole header section came in time; answer before processing, or raise the endpoint's timeout."
        case .connectionReset:
            "The endpoint closed the connection before the header section of its answer was complete, or before it had read the whole message."
        case .answerTooLarge:
            "The header section of the answer was longer than \(Limits.answerBytes / 1_024) KiB; send fewer header fields."
        case .answerMalformed:
            "What came was no HTTP answer, or one whose header section breaks the rules; check that the URL's port speaks HTTP."
        case .resolveFailed, .nameNotFound, .nameServerFailed, .nameTimedOut: nameAdvice
        case .connectFailed, .connectRefused, .connectTimedOut, .hostUnreachable, .proxyFailed: connectionAdvice
        case .tlsFailed, .certificateExpired, .certificateUntrusted, .certificateWrongHost, .certificateNotPinned,
            .tlsHandshakeFailed, .tlsTimedOut, .clientCertificateRefused:
            tlsAdvice
        }
    }

    private var nameAdvice: String {
        switch self {
        case .nameNotFound:
            "The host name has no address; check its spelling and its A and AAAA records. No search domain is tried."
        case .nameServerFailed: "The name servers of the host name failed to answer; check the domain's DNS."
        case .nameTimedOut: "The name servers of the host name did not answer in time; check the domain's DNS."
        default: "The host name could not be resolved; check its spelling and the domain's DNS."
        }
    }

    private var connectionAdvice: String {
        switch self {
        case .connectRefused: "The host refused the connection: nothing listens on that port, or a firewall rejects it."
        case .connectTimedOut:
            "The host did not accept the connection in time; it is down, or a firewall drops packets."
        case .hostUnreachable: "No route to the host; check its address and its network."
        case .proxyFailed:
            "The egress proxy could not be reached or opened no tunnel to the endpoint; ask the operator."
        default: "No connection to the host could be made."
        }
    }

    private var tlsAdvice: String {
        switch self {
        case .certificateExpired: "The endpoint's certificate has expired or is not valid yet; renew it."
        case .certificateUntrusted:
            "The endpoint's certificate comes from no trusted authority; send the intermediate certificates too, or set the private authority as the endpoint's ca_file."
        case .certificateWrongHost: "The endpoint's certificate is for another host name; issue one for the URL's host."
        case .certificateNotPinned:
            "The endpoint's key is none of its pinned keys; after a change of keys set the new one as pinned_key."
        case .tlsHandshakeFailed:
            "The TLS handshake failed: TLS 1.2 or later is needed, with a common cipher, and the port must speak TLS."
        case .tlsTimedOut: "The host accepted the connection but did not finish the TLS handshake in time."
        case .clientCertificateRefused:
            "The endpoint ended TLS right after the handshake; it probably requires a client certificate, or a different one."
        default: "TLS with the endpoint failed."
        }
    }
}
