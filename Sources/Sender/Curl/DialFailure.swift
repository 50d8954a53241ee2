import CCurl
import Glibc
import WebhookModel

/// What libcurl reports about a connection that could not be opened.
struct DialFailure {
    /// Neither CURLE_OK nor an abort of our own: those are handled before.
    let code: CURLcode
    /// errno of the call that failed; 0: none failed.
    let systemError: CInt
    /// OpenSSL's result for the certificate (X509_V_…).
    let verification: Int
    /// The proxy's answer to CONNECT; 0: none.
    let tunnel: Int
    let isSecure: Bool
    let isProxied: Bool
    /// TCP had connected.
    let reachedPeer: Bool
    /// errno of socket(2); 0: a socket was opened.
    var openError: CInt = 0
    /// The address is of IPv6.
    var isIPv6 = false
    /// The endpoint trusts authorities of its own; else they come from a file of the operator's.
    var hasOwnAuthorities = false

    /// What the machine lacked; nil: the failure has another cause.
    var shortage: Shortage? {
        switch code {
        case CURLE_OUT_OF_MEMORY: return .memory
        // Without a descriptor it cannot be opened.
        case CURLE_SSL_CACERT_BADFILE where !hasOwnAuthorities: return .authorities
        case CURLE_COULDNT_CONNECT:
            if openError != 0 { return Shortage(openError) }
            // A machine without IPv6 says the same of every address, of ::1 too: that is no route, and no shortage.
            guard systemError != EADDRNOTAVAIL || !isIPv6 else { return nil }
            return Shortage(systemError)
        default: return nil
        }
    }

    /// The outcome (libcurl-errors(3)).
    var outcome: Outcome {
        if isProxied, tunnel / 100 != 2 { return .proxyFailed }
        return switch code {
        case CURLE_COULDNT_CONNECT, CURLE_INTERFACE_FAILED: refusal
        case CURLE_OPERATION_TIMEDOUT: reachedPeer && isSecure ? .tlsTimedOut : .connectTimedOut
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CRL_BADFILE, CURLE_SSL_INVALIDCERTSTATUS:
            certificate
        case CURLE_SSL_PINNEDPUBKEYNOTMATCH: .certificateNotPinned
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_USE_SSL_FAILED: .tlsHandshakeFailed
        case CURLE_SSL_CLIENTCERT: .clientCertificateRefused
        case CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_ENGINE_INITFAILED: .tlsFailed
        // Ours, not theirs: the client's certificate or the authorities' file cannot be read.
        case CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE, CURLE_URL_MALFORMAT: .endpointUnusable
        case CURLE_RECV_ERROR where systemError == 0: unreadable
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_SSL_SHUTDOWN_FAILED,
            CURLE_SEND_FAIL_REWIND, CURLE_HTTP2, CURLE_HTTP2_STREAM:
            .connectionReset
        // HTTP/0.9, a header without end: an answer, but not HTTP.
        default: .answerMalformed
        }
    }

    /// Whether another address of the same name may work: this one cannot be reached. What a server says of itself (its
    /// certificate) or of us is taken as the word of all.
    var isOfAddress: Bool {
        guard shortage == nil else { return false }
        return switch outcome {
        case .connectFailed, .connectRefused, .connectTimedOut, .hostUnreachable, .tlsTimedOut, .connectionReset: true
        // Without an answer the proxy cannot be reached; with 5xx it does not reach the destination.
        case .proxyFailed: tunnel == 0 || tunnel >= 500
        default: false
        }
    }

    private var refusal: Outcome {
        switch systemError {
        case ECONNREFUSED: .connectRefused
        case ETIMEDOUT: .connectTimedOut
        case EHOSTUNREACH, ENETUNREACH, ENETDOWN, EHOSTDOWN, EADDRNOTAVAIL: .hostUnreachable
        default: .connectFailed
        }
    }

    private var certificate: Outcome {
        switch verification {
        // X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED.
        case 9, 10: .certificateExpired
        // No error from OpenSSL, or none yet: libcurl compared the names itself. X509_V_ERR_HOSTNAME_MISMATCH,
        // X509_V_ERR_IP_ADDRESS_MISMATCH.
        case 0, 1, 62, 64: .certificateWrongHost
        default: .certificateUntrusted
        }
    }

    /// The socket worked, but its data was wrong: a TLS alert, which servers send that require a client certificate.
    private var unreadable: Outcome { isSecure ? .clientCertificateRefused : .answerMalformed }
}
