import Ingest
import NeedletailServer
import Testing

@Suite struct ServerConfigurationTests {
    private func load(
        _ text: String = "", environment: [String: String] = [:], flags: [(String, [String])] = []
    ) throws(InputMistakes) -> ServerConfiguration {
        try ServerConfiguration.load(
            text: text, named: "n.yaml", environment: environment,
            flags: flags.map { ServerConfiguration.FlagValue($0.0, $0.1) })
    }

    @Test func `nothing given gives the defaults`() throws {
        #expect(try load() == ServerConfiguration())
        #expect(try load("# only a comment\n") == ServerConfiguration())
        #expect(try load("ingest:\n  # all commented out\n") == ServerConfiguration())
    }

    @Test func `a flag beats a variable beats the file beats the default`() throws {
        let file = "ingest:\n  port: 1\n"
        let environment = ["NEEDLETAIL_INGEST_PORT": "2"]
        #expect(try load(file).ingest.port == 1)
        #expect(try load(file, environment: environment).ingest.port == 2)
        #expect(try load(file, environment: environment, flags: [("ingest-port", ["3"])]).ingest.port == 3)
    }

    @Test func `every kind of value can be given in the file`() throws {
        let configuration = try load(
            """
            data: { directory: /d }
            provision: { file: p.yaml }
            shutdown: { grace: 1500ms }
            ingest: { host: 127.0.0.2, frame_size: 2MiB, idle_timeout: 5m, port_file: /run/port }
            queue: { map_size: 1GiB, retention: 2d, dead_letter_retention: 90d, disk_reserve: 4096 }
            sender: { allow_http: true, allow_networks: [127.0.0.0/8, "[fd00::/8]:8443"], threads: 3 }
            log: { level: debug, format: json }
            """)
        #expect(configuration.dataDirectory == "/d")
        #expect(configuration.provisioningFile == "p.yaml")
        #expect(configuration.shutdownGrace == 1_500)
        #expect(configuration.ingest.host == "127.0.0.2")
        #expect(configuration.ingest.frameBytes == 2 << 20)
        #expect(configuration.ingest.idleMilliseconds == 300_000)
        #expect(configuration.ingest.portFile == "/run/port")
        #expect(configuration.queue.mapBytes == 1 << 30)
        #expect(configuration.queue.retentionMilliseconds == 172_800_000)
        #expect(configuration.queue.deadLetterMilliseconds == 7_776_000_000)
        #expect(configuration.queue.diskReserveBytes == 4_096)
        #expect(configuration.sender.allowHTTP)
        #expect(configuration.sender.allowNetworks == ["127.0.0.0/8", "[fd00::/8]:8443"])
        #expect(configuration.sender.threads == 3)
        #expect("\(configuration.log.level)" == "debug")
        #expect(configuration.log.format == .json)
    }

    @Test func `a list comes completely from the source with the highest priority`() throws {
        let file = "sender: { allow_networks: [10.0.0.0/8] }"
        let environment = ["NEEDLETAIL_SENDER_ALLOW_NETWORKS": "127.0.0.0/8, 192.168.0.0/16"]
        let flags = [("allow-network", ["127.0.0.1:80", "127.0.0.1:8080"])]
        #expect(try load(file).sender.allowNetworks == ["10.0.0.0/8"])
        #expect(try load(file, environment: environment).sender.allowNetworks == ["127.0.0.0/8", "192.168.0.0/16"])
        #expect(
            try load(file, environment: environment, flags: flags).sender.allowNetworks
                == ["127.0.0.1:80", "127.0.0.1:8080"])
        #expect(try load(file, environment: ["NEEDLETAIL_SENDER_ALLOW_NETWORKS": ""]).sender.allowNetworks == [])
    }

    @Test(arguments: [
        ("ingest.port", "70000", "a whole number from 0 to 65535"),
        ("ingest.port", "http", "a whole number from 0 to 65535"),
        ("ingest.port", "-1", "a whole number from 0 to 65535"),
        ("ingest.port", "", "a whole number from 0 to 65535"),
        ("queue.map_size", "64GB", "a size from 64MiB to 16TiB"),
        ("queue.map_size", "99999999999999TiB", "a size from 64MiB to 16TiB"),
        ("queue.map_size", "1MiB", "a size from 64MiB to 16TiB"),
        ("queue.retention", "30", "a duration from 1m to 365d"),
        ("queue.retention", "1.5h", "a duration from 1m to 365d"),
        ("sender.allow_http", "yes", "true or false"),
        ("log.level", "loud", "one of trace, debug, info, notice, warning, error, critical"),
        ("log.format", "xml", "one of text, json"),
        ("data.directory", "", "a text that is not empty"),
    ])
    func `a bad value names the key, its place, the value and what is expected`(
        key: String, value: String, mend: String
    ) {
        let parts = key.split(separator: ".")
        let variable = "NEEDLETAIL_" + key.uppercased().replacing(".", with: "_")
        let inFile = #expect(throws: InputMistakes.self) {
            try load("# one\n\(parts[0]):\n  \(parts[1]): \"\(value)\"\n")
        }
        #expect(inFile?.lines == ["n.yaml:3:3: invalid value \"\(value)\" for \(key); expected \(mend)"])
        let inEnvironment = #expect(throws: InputMistakes.self) { try load(environment: [variable: value]) }
        #expect(
            inEnvironment?.lines == ["environment \(variable): invalid value \"\(value)\" for \(key); expected \(mend)"]
        )
    }

    @Test func `the management API listens on loopback, or is told to do otherwise`() throws {
        let defaults = try load("").api
        #expect(defaults.enabled && defaults.host == "127.0.0.1" && defaults.port == 7480)
        let error = #expect(throws: InputMistakes.self) { try load("api: { host: 0.0.0.0 }") }
        #expect(error?.lines.count == 1)
        #expect(error?.lines.first?.contains("api.host: 0.0.0.0 is not a loopback address") == true)
        #expect(try load("api: { host: 0.0.0.0, allow_plaintext: true }").api.host == "0.0.0.0")
        #expect(try load("api: { host: 0.0.0.0 }", flags: [("api", ["false"])]).api.enabled == false)
    }

    @Test func `listeners: TLS, Unix socket`() throws {
        let configuration = try load(
            """
            ingest:
              host: 0.0.0.0
              unix_socket: /run/n.sock
              unix_socket_mode: 0600
              tls: { certificate: c.pem, key: k.pem, client_ca: ca.pem, client_certificates: required }
            """)
        let ingest = configuration.ingest
        #expect(ingest.unixSocket == "/run/n.sock" && ingest.unixSocketMode == 0o600)
        #expect(ingest.tls.certificate == "c.pem" && ingest.tls.key == "k.pem" && ingest.tls.clientCA == "ca.pem")
        #expect(ingest.tls.clientCertificates == .required)
        let environment = ["NEEDLETAIL_INGEST_TLS_CERTIFICATE": "e.pem", "NEEDLETAIL_INGEST_TLS_KEY": "f.pem"]
        #expect(try load(environment: environment).ingest.tls.certificate == "e.pem")
    }

    @Test(arguments: [
        (
            "{ tls: { certificate: c } }",
            "ingest.tls.key (--tls-key) is missing; ingest.tls.certificate (--tls-certificate) needs it"
        ),
        (
            "{ tls: { key: k } }",
            "ingest.tls.certificate (--tls-certificate) is missing; ingest.tls.key (--tls-key) needs it"
        ),
        ("{ tls: { certificate: c, key: k, client_certificates: required } }", "ingest.tls.client_ca is missing"),
        (
            "{ tls: { certificate: c, key: k, client_ca: a } }",
            "ingest.tls.client_ca needs ingest.tls.client_certificates"
        ),
        ("{ tls: { client_certificates: optional, client_ca: a } }", "ingest.tls.certificate is missing; client"),
        ("{ tls: { certificate: c, key: k, client_certificates: maybe } }", "expected one of none, optional, required"),
        ("{ tls: { cert: c } }", "unknown key ingest.tls.cert"),
        ("{ tcp: false }", "ingest.unix_socket is missing; ingest.tcp: false needs it"),
        ("{ unix_socket_mode: 0999 }", "expected an octal file mode from 0000 to 0777"),
        ("{ host: 0.0.0.0 }", "is not a loopback address"),
    ])
    func `a mistake about listeners is reported`(section: String, expected: String) {
        let mistakes = #expect(throws: InputMistakes.self) { try load("ingest: \(section)") }
        #expect(
            mistakes?.lines.count == 1 && mistakes?.description.contains(expected) == true, "\(mistakes?.lines ?? [])")
    }

    @Test func `a bad flag is reported as a flag`() {
        let mistakes = #expect(throws: InputMistakes.self) {
            try load("ingest: { port: 1 }", flags: [("ingest-port", ["x"])])
        }
        #expect(mistakes?.concernsArguments == true)
        let ofFile = #expect(throws: InputMistakes.self) { try load("ingest: { port: x }") }
        #expect(ofFile?.concernsArguments == false)
        #expect(
            mistakes?.lines == [
                "--ingest-port: invalid value \"x\" for ingest.port; expected a whole number from 0 to 65535"
            ])
    }

    @Test func `all mistakes are reported at once`() {
        let mistakes = #expect(throws: InputMistakes.self) {
            try load("ingest: { port: x }\nlog: { level: y }", environment: ["NEEDLETAIL_SENDER_THREADS": "z"])
        }
        #expect(mistakes?.lines.count == 3)
    }

    @Test(arguments: [
        ("ingest: { prot: 1 }", "n.yaml:1:11: unknown key ingest.prot; did you mean ingest.port?"),
        ("inges:\n  port: 1", "n.yaml:1:1: unknown key inges; did you mean ingest?"),
        ("log: { level: info }\nxyzzyplugh: 1", "n.yaml:2:1: unknown key xyzzyplugh; known here: "),
        ("ingest: 7400", "n.yaml:1:1: ingest is a section; expected its keys below it, indented"),
        (
            "ingest: { port: [1, 2] }",
            "n.yaml:1:11: invalid value for ingest.port; expected a whole number from 0 to 65535"
        ),
        (
            "sender: { allow_networks: 10.0.0.0/8 }",
            "n.yaml:1:11: invalid value for sender.allow_networks; expected a list of"
        ),
        (
            "sender: { allow_networks: [10.0.0.0/33] }",
            "n.yaml:1:11: invalid value \"10.0.0.0/33\" for sender.allow_networks"
        ),
        (
            "sender: { allow_networks: [10.0.0.1/8] }",
            "n.yaml:1:11: invalid value \"10.0.0.1/8\" for sender.allow_networks"
        ),
        ("ingest:\n\tport: 1", "n.yaml:2:1: not YAML: "),
        ("ingest: [unclosed", "not YAML"),
        ("log: { level: info }\nlog: { level: debug }", "the key log is given twice"),
        ("- a list", "expected a map (`key: value`) at the top level"),
    ])
    func `a file with a mistake is refused at its line`(text: String, expected: String) {
        let mistakes = #expect(throws: InputMistakes.self) { try load(text) }
        #expect(mistakes?.lines.count == 1)
        #expect(mistakes?.description.contains(expected) == true, "\(mistakes?.description ?? "")")
    }

    @Test func `a misspelt variable is refused, variables of Kubernetes are not`() throws {
        let mistakes = #expect(throws: InputMistakes.self) { try load(environment: ["NEEDLETAIL_INGEST_PROT": "1"]) }
        #expect(
            mistakes?.lines
                == ["unknown environment variable NEEDLETAIL_INGEST_PROT; did you mean NEEDLETAIL_INGEST_PORT?"])
        let links = [
            "NEEDLETAIL_SERVICE_HOST": "10.0.0.1", "NEEDLETAIL_SERVICE_PORT": "7400",
            "NEEDLETAIL_PORT": "tcp://10.0.0.1:7400",
            "NEEDLETAIL_PORT_7400_TCP_ADDR": "10.0.0.1", "HOME": "/root",
        ]
        #expect(try load(environment: links) == ServerConfiguration())
    }

    @Test func `variables of the client verbs do not concern the server`() throws {
        let variables = ["NEEDLETAIL_KEY": "of a client", "NEEDLETAIL_SERVER": "10.0.0.1:7400"]
        #expect(try load(environment: variables) == ServerConfiguration())
    }

    @Test(arguments: [
        ("ingest: { host: 0.0.0.0 }", "ingest.host"),
        ("ingest: { host: 127.evil.example }", "ingest.host"),
        ("ingest: { frame_size: 16MiB, window_size: 1MiB }", "ingest.window_size"),
        ("ingest: { window_events: 100 }", "ingest.window_events"),
        ("ingest: { payload_size: 1MiB }", "ingest.frame_size"),
    ])
    func `keys that contradict each other are refused`(text: String, key: String) {
        let mistakes = #expect(throws: InputMistakes.self) { try load(text) }
        #expect(mistakes?.lines.count == 1)
        #expect(mistakes?.description.hasPrefix("\(key): ") == true)
    }

    @Test func `another host is served in plaintext if the operator allows it`() throws {
        #expect(try load("ingest: { host: 0.0.0.0, allow_plaintext: true }").ingest.host == "0.0.0.0")
        for host in ["localhost", "127.9.9.9", "\"::1\""] { _ = try load("ingest: { host: \(host) }") }
    }

    @Test func `a missing file is named`() {
        let mistakes = #expect(throws: InputMistakes.self) {
            try ServerConfiguration.load(file: "/nowhere/n.yaml", environment: [:])
        }
        #expect(mistakes?.lines == ["/nowhere/n.yaml: cannot be read: No such file or directory"])
    }
}
