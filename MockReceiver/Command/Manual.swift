import MockReceiver

/// `mock-receiver --help`, as a manual page.
enum Manual {
    static let text = [name, options, language, handshakes, faults, ends].joined(separator: "\n\n")

    private static let name = """
        NAME
               mock-receiver - receive webhooks, check them, record every message, and fail on demand

        SYNOPSIS
               mock-receiver [--port N] [--admin-port N] [--program NAME|FILE] [--secret [PATH=][SCHEME:]SECRET]... [OPTION]...
               mock-receiver check FILE...
               mock-receiver programs [show NAME]
               mock-receiver VERB [--admin URL] [--json] [ARGUMENT]...

        DESCRIPTION
               Without a verb mock-receiver listens for webhooks (POST, PUT, PATCH) until SIGINT or SIGTERM. Every path is an endpoint
               from its first request on, and answers 200 at once unless a program says otherwise. Signatures are checked where a
               secret is given, by the rules of any scheme that Needletail signs with; a wrong one is diagnosed. Messages are told
               apart by the scheme's id header, else by webhook-id: requests before a message's first 2xx are retries, those after it
               duplicates. It works with any sender; --program makes it misbehave.

               Handshakes are answered correctly (see HANDSHAKES). Other methods get 405 unless a rule names them.

               Which requests fail is a hash of the seed, the path, the webhook-id and the attempt: one seed gives the same faults at
               any speed and in any order of arrival.

               The admin port is separate from the data port: no fault can block it. It serves a page for browsers at /, HTTP
               with JSON for tests (`curl http://127.0.0.1:9401/help`), and the verbs below. It knows no passwords: listen on an
               address that only testers reach.

               Verbs that ask a running receiver:

               stats [--endpoints]
                      Totals of all endpoints, or of each.
               journal [FILTER] [--limit N]
                      The latest requests, newest first.
               follow [FILTER]
                      Requests as they arrive: server-sent events.
               metrics
                      Every counter as Prometheus text.
               timeline ID
                      One message's attempts: time, gap, answer.
               await --requests N [FILTER] | --accepted N  [--timeout SECONDS]
                      Wait until this number came, including earlier ones.
               verify [--path PATH] [--id ID] [--file FILE] [NAME=N | NAME>=N | NAME<=N]...
                      Check numbers of `stats`: verify accepted=500 duplicates=0 '5xx<=3'.
               reconcile LEDGER [--path PATH]
                      Compare a producer's ledger (NDJSON) with what was received: lost, phantom, changed.
               export [--format ndjson|har] [FILTER]
                      The journal, oldest first, to standard output.
               fault [--path PATH] [--count N] [--status N] [--retry-after TEXT] [--fault NAME[=MEASURE]]
                      Inject a fault into the next requests of a path, whatever the program says.
               inbox [--expires DURATION] | inbox list | inbox show TOKEN | inbox close TOKEN
                      Open a separate path, with a page that shows its requests; or list, show and close the open ones.
               program get | program put NAME|FILE
                      Read or change the program.
               reset  Forget accounts, counters, endpoints and the journal.

               FILTER is any of --path PATH (with * at its end every path with that prefix), --id ID, --verdict NAME, --status 503|5xx|0,
               --attempt 3|1..3|4.., --header NAME:VALUE, --body TEXT, --after NUMBER.
        """

    private static let options = """
        OPTIONS
               --host ADDRESS
                      Listen on this address, both ports. Default 127.0.0.1.
               --port N, --admin-port N
                      Data and admin port. Default 9400 and 9401; 0: the system chooses, and the first line says which.
               --admin-name NAME
                      A name of the admin port, besides addresses, localhost, this machine's name and --host. Other names
                      are refused, because a web page may have pointed them here in order to read. May be repeated.
               --tls-port N
                      Data port for HTTPS too, HTTP/1.1 and HTTP/2, with a certificate of a CA that exists as long as the receiver. Default:
                      none, but 9443 where the program has faults of TLS, or --tls-ca or --tls-name is given; 0: the system chooses.
               --tls-name NAME
                      A name of this host for senders over HTTPS, besides localhost, the loopback addresses and --host. May be repeated.
               --tls-ca FILE
                      Write the CA's certificate (PEM) here, for senders to trust. The admin port serves it too: GET /ca.pem.
               --loops N
                      Event loops of the data port. Default 1; more only if cores are free.
               --journal N
                      Latest requests kept with head and body. Default 1000; 0: none, for speed. Each holds at most 10 KiB, so the
                      default takes at most 10 MiB.
               --journal-file FILE
                      Append every request to FILE, head and body whole, as NDJSON (the lines of `export`). Requests never wait for the
                      disk: requests that find 64 MiB waiting, or follow a failed write, are left out and counted (stats: unjournaled).
               --messages N
                      Messages in the accounts. Default 1,000,000. Memory: 88 bytes for each message seen, and 6 to 12 bytes for each of N
                      from the start, so 10,000,000 take at most 1 GB. Beyond it reports say inconclusive, never lost.
               --program NAME|FILE
                      Behaviour program: a ready one by name (see PROGRAMS), or a file in YAML or JSON.
               --secret [PATH=][SCHEME:]SECRET
                      Check signatures with this secret; with PATH= only at that path, with SCHEME: by a scheme other than standard (stripe,
                      github, ...). May be repeated; several for one path are live together.
               --status N, --delay-ms N
                      Status of answers, and milliseconds before them. Default 200 and 0.
               --fail-first N, --fail-percent N, --fail-status N
                      The number of first attempts of each webhook-id that fail; share of the others; their status. Default 0, 0, 503.
               --seed N
                      Seed of everything random. Default: the program's, or 1.
               --quiet
                      Print the ports and errors only.
               --admin URL
                      For verbs: where the receiver is. Default $MOCK_RECEIVER_ADMIN, else http://127.0.0.1:9401.
               --json
                      For verbs: print the answer unchanged.
        """

    private static let language = """
        PROGRAMS
               A program is a mapping of these, each of them optional. `mock-receiver check FILE` names every mistake with its line.

               seed: 7
               handshakes: on            off, or a list of those that are answered: see HANDSHAKES
               rules:                    the first matching rule applies; none: 200
                 - path: /orders/*       exact, or every path with that prefix
                   when:                 every given condition must be true
                     attempt: 1..3       of this webhook-id here; 3, 1..3, 4.. or ..3
                     requests: ..100     of this path, since the start or a reset
                     header: {x-tier: gold}           * at the end of a value: a prefix
                     event_type: [order.*]            header x-event-type, else "type" of a JSON body
                     tenant: acme                     header x-tenant, else "tenant" of a JSON body
                     method: [POST, GET]              default POST, PUT, PATCH; also HEAD, DELETE, OPTIONS, TRACE
                     window: {from: 10s, to: 40s, every: 1m}      since the program began; every: repeatedly
                     percent: 30                      or {from: 0, to: 80, over: 1m}
                   status: 503           default 200
                   headers: {x-a: "1"}
                   body: text
                   retry_after: 2        seconds, date+SECONDS, or another text
                   dribble: 10ms         between two bytes of the body
                   delay: 20ms           or {uniform: [10ms, 50ms]}, {lognormal: {median: 50ms, sigma: 1, most: 5s}}
                   fault: NAME           see FAULTS; or {NAME: MEASURE}
                   rate_limit: {per_second: 10, burst: 20, retry_after: 2}      beyond it 429
                   fail_first: 2         attempts that fail, of each webhook-id
                   fail_percent: 5       of the other attempts
                   fail_status: 503      and fail_headers, fail_body, fail_fault, ...: what failing attempts get
               connections:              before any request is read; the first matching rule
                 - {fault: reset, window: {to: 30s}, percent: 50, connections: 1..10}    refuse: window only
               secrets:                  absent: known secrets stay
                 - {path: "*", scheme: standard, secrets: [whsec_...]}
               expect:                   what a correct sender does; `stats` counts deviations under conduct
                 - path: /orders/*
                   gaps: [5s, 5m]        between attempts; the last applies to all further ones
                   tolerance_percent: 20
                   most_in_flight: 10
                   order: {key: x-key, number: x-sequence}       headers: of one key, numbers arrive in order
                   occurred_at: {member: timestamp}              or {header: NAME}: measures latency

               Ready programs, by name; `mock-receiver programs show NAME` prints one to copy:

        """ + recipes

    private static let handshakes = """
        HANDSHAKES
               What a sender asks before its first webhook. A handshake is no message: `stats` counts it under handshakes only, the
               journal shows it with its name, await passes it over. Its signature is not checked.

               hub                   GET with hub.challenge (WebSub, Meta): its value as text/plain
               validation_token      POST or GET with validationToken (Microsoft): its value as text/plain
               slack                 POST of {"type": "url_verification", "challenge": ...}: the challenge as text/plain
               cloudevents           OPTIONS with WebHook-Request-Origin: WebHook-Allowed-Origin, WebHook-Allowed-Rate and Allow

               A POST with a webhook-id is a message, whatever it contains. Rules apply to handshakes only if they say so, with
               `handshake: slack` (a list, or any) or, for GET and OPTIONS, with `method`:

               rules:
                 - {path: /hooks/*, when: {handshake: slack, requests: 1}, status: 500}      # the first fails
                 - {path: /hooks/*, when: {handshake: hub}, body: a wrong challenge}
                 - {path: /health, when: {method: [GET, HEAD]}, body: alive}
        """

    private static let recipes = Cookbook.recipes.map { recipe in
        "       \(recipe.name)\(recipe.measure.map { "[=\($0.standard)]" } ?? "")\n              \(recipe.line)"
    }.joined(separator: "\n")

    private static let faults = """
        FAULTS
               Of requests (rules, fail_fault, the verb fault):

               reset                 RST instead of an answer; {reset_after: N}: after N bytes of it were written
               silence               never an answer; the connection stays open
               half_close            FIN before the answer
               close_before_reuse    answers, keeps the connection, closes it as the next request begins
               slow_head             the head byte by byte; {slow_head: 100ms} between two
               endless_head          header lines without end
               bad_status_line       an invalid status line
               length_too_long       content-length is larger than the body; length_too_short: smaller
               truncated_chunk       a chunked body that ends within a chunk; malformed_chunk: an invalid size
               infinite_body         a chunked body without end
               gzip_bomb             a small body that unpacks to {gzip_bomb: 100} MiB
               early_answer          the answer while the request is still uploading
               redirect_chain        {redirect_chain: 10} redirects; {redirect_to: URL}: one; redirect_private: to a cloud's metadata

               Of connections (connections):

               reset, {reset_after: N} (after N bytes were read), silence, never_read, refuse, tls_expired, tls_wrong_host,
               tls_self_signed, tls_stall, tls_old_version, tls_client_certificate
        """

    private static let ends = """
        EXIT STATUS
               0      Success; verify, await: true; reconcile: proven.
               1      Failed: a port is taken, no receiver answers, a request is refused.
               2      Usage: an option, or a program, a ledger or a file of assertions with mistakes, or that cannot be read.
               3      verify, await: false.
               4      reconcile: acknowledged messages were lost.
               6      verify, await, reconcile: inconclusive, because a cap was reached.
               7      reconcile: messages arrived with other bytes, or were never sent.

        EXAMPLES
               Accept every request, and look at it in a browser at http://127.0.0.1:9401/:
                      mock-receiver
                      curl -d '{"hello":1}' http://127.0.0.1:9400/orders

               Check signatures, and fail a fifth of all attempts:
                      mock-receiver --secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw --program flaky

               A test in a shell: 500 messages, each once, none unsigned:
                      mock-receiver await --accepted 500 --timeout 60 && mock-receiver verify accepted=500 duplicates=0 unverified=0

               Prove that nothing was lost:
                      mock-receiver reconcile ledger.ndjson

               Two time-outs in a row:
                      mock-receiver fault --path /orders --count 2 --fault silence

        FILES
               Programs are YAML 1.2 or JSON, at most 4 MiB and 10,000 rules. A ledger has one JSON object per line, at most 10,000,000:
               {"id":"evt_...","outcome":"acknowledged|refused|unknown","hash":"16 hex digits"}, where hash is the BodyHash of the body
               (its definition: MockReceiver/Library/Accounts/BodyHash.swift); "body" may be used instead; all but id may be left
               out.

               Other caps: 16,384 paths of 1 KiB; 100,000 ordering keys, numbers up to 2^46; requests of 32 KiB head (16 over HTTP/2) and
               4 MiB body; 128 inboxes of 100 requests (128 MiB); 64 streams; 1,000 waiting faults. A ledger takes 80 bytes per line
               while it is compared.

        ENVIRONMENT
               MOCK_RECEIVER_ADMIN
                      The admin port for verbs.
        """
}
