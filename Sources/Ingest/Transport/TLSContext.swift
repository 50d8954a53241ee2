import Glibc
import NIOCore
import NIOSSL
import WebhookModel

/// What was read from the certificate files, ready to serve connections. Made at start and at each reload.
struct TLSContext: Sendable {
    /// The name of the protocol in a ClientHello (RFC 7301).
    static let applicationProtocol = "needletail/1"

    let context: NIOSSLContext
    let certificateFile: String
    /// Unix seconds after which clients refuse the certificate: the earliest expiry in the chain.
    let notAfter: Int

    /// Reads the files. Blocks: never on an event loop.
    init(_ settings: TLSSettings) throws(TLSFileError) {
        let chain = try TLSContext.certificates(settings.certificateFile)
        let key = try TLSContext.key(settings.keyFile)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = [TLSContext.applicationProtocol]
        configuration.shutdownTimeout = .milliseconds(Limits.tlsCloseMilliseconds)
        switch settings.clientCertificates {
        case .none: configuration.certificateVerification = .none
        case .optional: configuration.certificateVerification = .optionalVerification
        // A client's name is compared with API keys, not with a host name.
        case .required: configuration.certificateVerification = .noHostnameVerification
        }
        if settings.clientCertificates != .none {
            guard let file = settings.clientCAFile else {
                throw TLSFileError(
                    path: settings.certificateFile, reason: "client certificates need ingest.tls.client_ca")
            }
            configuration.trustRoots = .certificates(try TLSContext.certificates(file))
            configuration.sendCANameList = true
        }
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            let certificate = settings.certificateFile
            throw TLSFileError(
                path: settings.keyFile,
                reason: "does not belong to the certificate \(certificate); expected the key that it was issued for")
        }
        certificateFile = settings.certificateFile
        notAfter = chain.map { Int($0.notValidAfter) }.min() ?? 0
    }

    private static func certificates(_ path: String) throws(TLSFileError) -> [NIOSSLCertificate] {
        try checkReadable(path)
        do {
            return try NIOSSLCertificate.fromPEMFile(path)
        } catch {
            throw TLSFileError(path: path, reason: "holds no certificate; expected PEM (-----BEGIN CERTIFICATE-----)")
        }
    }

    private static func key(_ path: String) throws(TLSFileError) -> NIOSSLPrivateKey {
        try checkReadable(path)
        do {
            return try NIOSSLPrivateKey(file: path, format: .pem)
        } catch {
            throw TLSFileError(
                path: path,
                reason: "holds no private key; expected PEM without a passphrase (-----BEGIN PRIVATE KEY-----)")
        }
    }

    private static func checkReadable(_ path: String) throws(TLSFileError) {
        guard access(path, R_OK) != 0 else { return }
        throw TLSFileError(path: path, reason: "cannot be read: \(String(cString: strerror(errno)))")
    }

    // MARK: Expiry

    /// A warning for the operator when the certificate expires soon; nil: it does not.
    ///
    /// - Parameter now: Unix seconds.
    func expiryWarning(now: Int) -> String? {
        let left = notAfter - now
        guard left < Limits.certificateWarningDays * 86_400 else { return nil }
        let remedy = "renew it and send SIGHUP"
        guard left > 0 else { return "TLS: \(certificateFile) expired on \(endDate): clients refuse it; \(remedy)" }
        let days = left / 86_400
        let span = days == 0 ? "today" : days == 1 ? "in 1 day" : "in \(days) days"
        return "TLS: \(certificateFile) expires \(span), on \(endDate); \(remedy)"
    }

    /// The last day of the certificate, in UTC.
    var endDate: String {
        var time = time_t(notAfter)
        var parts = tm()
        gmtime_r(&time, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1_900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
    }
}
