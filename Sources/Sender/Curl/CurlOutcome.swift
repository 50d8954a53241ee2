import CCurl
import WebhookModel

extension Outcome {
    /// What a transfer's failure means (libcurl-errors(3)). `CURLE_OK` and aborts of our own are decided before.
    init(_ code: CURLcode) {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: self = .resolveFailed
        case CURLE_COULDNT_CONNECT, CURLE_INTERFACE_FAILED: self = .connectFailed
        case CURLE_OPERATION_TIMEDOUT: self = .timedOut
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CRL_BADFILE, CURLE_SSL_INVALIDCERTSTATUS,
            CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_CLIENTCERT, CURLE_SSL_ENGINE_NOTFOUND,
            CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_ENGINE_INITFAILED, CURLE_USE_SSL_FAILED:
            self = .tlsFailed
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_SSL_SHUTDOWN_FAILED,
            CURLE_SEND_FAIL_REWIND:
            self = .connectionReset
        case CURLE_URL_MALFORMAT: self = .endpointUnusable
        // HTTP/0.9, a header without end, a wrong chunk: it spoke, but not HTTP.
        default: self = .answerMalformed
        }
    }
}
