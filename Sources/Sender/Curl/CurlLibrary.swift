import CCurl
import Glibc

/// The libcurl that this process runs with.
public enum CurlLibrary {
    /// Its version and those of the libraries that it uses, for the start line and health. Initialises libcurl.
    public static let version: String = {
        start()
        return String(cString: curl_version())
    }()

    /// The folder of authorities that it was built to trust; nil: none, or it has a file of them too.
    ///
    /// libcurl keeps the authorities of a file in memory (CURLOPT_CA_CACHE_TIMEOUT(3), a day), but only without a
    /// folder. With both it reads the file for each connection: with Debian's, over 20 ms of CPU time and a MiB each.
    static let authoritiesFolder: String? = {
        start()
        guard let easy = curl_easy_init() else { preconditionFailure("curl_easy_init: no memory") }
        defer { curl_easy_cleanup(easy) }
        if let file = ccurl_get_text(easy, CURLINFO_CAINFO), access(file, R_OK) == 0 { return nil }
        return ccurl_get_text(easy, CURLINFO_CAPATH).map { String(cString: $0) }
    }()

    /// Whether `TLSSession` may take sessions out of its hands. The socket layer of 7.88 keeps no bytes back that it
    /// has read; other versions were not looked at.
    static let lendsSessions: Bool = {
        start()
        return ccurl_version_number() >> 8 == 0x0758
    }()

    /// The place of `TLSShelf` in OpenSSL's contexts.
    static let shelfIndex: CInt = {
        start()
        let index = ccurl_shelf_index()
        precondition(index > 0, "CRYPTO_get_ex_new_index: no memory")
        return index
    }()

    private static let started: Void = {
        // TLS writes to sockets that the peer closed: with CURLOPT_NOSIGNAL libcurl does not handle the signal.
        signal(SIGPIPE, SIG_IGN)
        let code = curl_global_init(Int(CURL_GLOBAL_DEFAULT))
        precondition(code == CURLE_OK, "curl_global_init: \(code.rawValue)")
    }()

    /// Initialises libcurl once for the process (curl_global_init(3) must come first and must not be repeated).
    static func start() { _ = started }
}
