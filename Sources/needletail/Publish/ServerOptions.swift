import ArgumentParser
import IngestClient
import NeedletailServer

/// Where to, who, and how: the options of a producer.
struct ServerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the server takes events; repeatable, the next one after a failure. Or NEEDLETAIL_SERVER, with commas (127.0.0.1:7400).",
            valueName: "host:port|unix:path"))
    var server: [String] = []
    @Option(
        help: ArgumentHelp(
            "API key. Others see it in the process list: prefer a file or NEEDLETAIL_KEY.", valueName: "key"))
    var key: String?
    @Option(help: ArgumentHelp("File that holds the API key.", valueName: "file"))
    var keyFile: String?
    // Takes what begins with a dash too, so that the message is about the value.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Seconds after which an event without an answer fails; until then lost connections are made again. A server that has no place for a connection is asked again for as long.",
            valueName: "seconds"))
    var timeout = 60
    @Flag(help: "Encrypt; the server's certificate is verified. Implied by the other --tls options.")
    var tls = false
    @Option(help: ArgumentHelp("Trusted certificates instead of the system's (PEM).", valueName: "file"))
    var tlsCa: String?
    @Option(help: ArgumentHelp("Name in the server's certificate, if it differs from the host.", valueName: "name"))
    var tlsName: String?
    @Option(help: ArgumentHelp("Client certificate chain (PEM), with --tls-key.", valueName: "file"))
    var tlsCertificate: String?
    @Option(help: ArgumentHelp("Key of the client certificate (PEM).", valueName: "file"))
    var tlsKey: String?

    /// The publisher's settings; throws what is wrong.
    func settings() throws -> PublisherSettings {
        let environment = ProcessEnvironment.variables
        let written =
            server.isEmpty
            ? (environment["NEEDLETAIL_SERVER"] ?? "127.0.0.1:7400").split(separator: ",").map(String.init) : server
        let servers = try written.map { text in
            guard let address = ServerAddress(text) else {
                throw ValidationError(
                    "--server: invalid value \"\(text)\"; expected HOST:PORT, [IPV6]:PORT or unix:PATH")
            }
            return address
        }
        guard (1...86_400).contains(timeout) else {
            throw ValidationError("--timeout: invalid value \"\(timeout)\"; expected 1 to 86400 seconds")
        }
        var settings = PublisherSettings(servers: servers, apiKey: try apiKey(environment))
        settings.clientName = "needletail-publish"
        settings.patienceMilliseconds = Int64(timeout) * 1_000
        settings.busyStartMilliseconds = settings.patienceMilliseconds
        settings.closeMilliseconds = settings.patienceMilliseconds
        settings.tls = try tlsSettings()
        return settings
    }

    private func apiKey(_ environment: [String: String]) throws -> String {
        if key?.isEmpty == true { throw ValidationError("--key is empty; expected an API key") }
        if let key, keyFile == nil { return key }
        if let keyFile, key == nil { return try KeyFile.read(keyFile) }
        guard key == nil else { throw ValidationError("--key and --key-file exclude each other") }
        // A client certificate may stand for the key.
        if let key = environment["NEEDLETAIL_KEY"], !key.isEmpty { return key }
        if tlsCertificate != nil { return "" }
        throw ValidationError("no API key; set --key-file FILE or NEEDLETAIL_KEY")
    }

    private func tlsSettings() throws -> TLSSettings? {
        guard tls || tlsCa != nil || tlsName != nil || tlsCertificate != nil || tlsKey != nil else { return nil }
        guard (tlsCertificate == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-certificate needs --tls-key, and the other way round")
        }
        var tls = TLSSettings()
        if let tlsCa { tls.trustRoots = .file(tlsCa) }
        tls.serverName = tlsName
        tls.certificateFile = tlsCertificate
        tls.keyFile = tlsKey
        return tls
    }
}
