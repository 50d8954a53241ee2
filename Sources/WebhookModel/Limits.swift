/// Every limit of the system, with its reason. A limit that an operator may change is a default here and a key in the configuration.
public enum Limits {
    // MARK: Events

    /// Bytes of a tenant's name. Fits a log column and a key.
    public static let tenantNameBytes = 64
    /// Bytes of an event type (`task.completed`).
    public static let eventTypeBytes = 128
    /// Bytes of a correlation id, an ordering key and a content type: identifiers, not documents.
    public static let shortTextBytes = 128
    /// Attributes of one event.
    public static let attributes = 16
    /// Bytes of an attribute's name or value.
    public static let attributeBytes = 256
    /// Bytes of a payload. Receivers commonly refuse more, and a window of them must fit in memory.
    public static let payloadBytes = 256 * 1024
    /// The most that an event record adds to its payload: all texts at their limits and the fixed fields.
    public static let recordOverheadBytes = 10 * 1024
    /// How far ahead `deliver at` may be, in milliseconds: 30 days.
    public static let deliverAheadMilliseconds: Int64 = 30 * 86_400_000
    /// A time before 2000 or after 2200 was given in the wrong unit.
    public static let earliestTime: Int64 = 946_684_800_000
    public static let latestTime: Int64 = 7_258_118_400_000

    // MARK: Ingest

    /// Bytes of a frame's body: a few events of the largest size, or thousands of small ones.
    public static let frameBytes = 1024 * 1024
    /// Events of one frame: the answer, with one status for each, is then smaller than a frame.
    public static let eventsPerFrame = 8_192
    /// Unacknowledged events of a connection.
    public static let windowEvents = 65_536
    /// Unacknowledged bytes of a connection.
    public static let windowBytes = 16 * 1024 * 1024
    /// Connections that are not authenticated yet: in all, and from one address.
    public static let unauthenticatedConnections = 1_024
    public static let unauthenticatedConnectionsPerAddress = 64
    /// Connections in all; each takes a descriptor and a few KiB.
    public static let connections = 16_384
    /// Milliseconds that a listener accepts nothing after the machine had no descriptor or memory for a connection: the
    /// connection waits in the kernel's queue, and trying again at once would cost a core.
    public static let acceptPauseMilliseconds: Int64 = 100
    /// Bytes that an unauthenticated connection may send.
    public static let unauthenticatedBytes = 4 * 1024
    /// Milliseconds until HELLO must be complete, and a frame header once begun.
    public static let helloMilliseconds: Int64 = 5_000
    public static let headerMilliseconds: Int64 = 5_000
    /// The slowest rate at which a body may arrive, bytes a second, after a grace period.
    public static let bodyBytesPerSecond = 32 * 1024
    public static let bodyGraceMilliseconds: Int64 = 2_000
    /// Silence after which a connection is closed, in milliseconds.
    public static let idleMilliseconds: Int64 = 60_000
    /// Bytes of answers that wait for a peer which does not read them, and how long it may stay so, in milliseconds.
    public static let outputBytes = 256 * 1024
    public static let outputStallMilliseconds: Int64 = 30_000
    /// Control frames (PING, PONG, unknown) a second.
    public static let controlFramesPerSecond = 100

    /// The largest rate and burst of an API key, in events: far more than one server takes.
    public static let keyEventsPerSecond = 10_000_000
    public static let keyBurst = 100_000_000
    /// Scopes and client certificates of one API key: each event type, and each HELLO, is compared with them.
    public static let scopesPerKey = 64
    public static let clientCertificatesPerKey = 64
    /// Connections that the kernel queues until they are accepted (listen(2)): after a restart all producers connect at
    /// once.
    public static let acceptBacklog = 1_024
    /// Milliseconds before a wrong key is answered: it slows down guessing, and the response time reveals nothing.
    public static let authFailureDelayMilliseconds: Int64 = 500
    /// Milliseconds that an ending connection waits for its last answers before it is cut: many commits.
    public static let answerMilliseconds: Int64 = 30_000
    /// Milliseconds that a closed connection is still read, so that a TCP reset does not destroy the last answers.
    public static let closeLingerMilliseconds: Int64 = 2_000
    /// While the server drains: milliseconds of silence, with every event answered, after which a producer counts as
    /// stopped.
    public static let drainQuietMilliseconds: Int64 = 250
    /// Milliseconds of draining in a shutdown without an announcement before it.
    public static let drainMilliseconds: Int64 = 5_000
    /// Milliseconds over which clients spread their reconnections after GOAWAY.
    public static let reconnectSpreadMilliseconds: Int64 = 2_000
    /// Milliseconds between checks of the deadlines of connections: it is their precision.
    public static let deadlineCheckMilliseconds: Int64 = 250
    /// Log lines a second, for each event loop, about what peers do wrong: a flood of bad connections must not flood
    /// the log. And characters of a peer's text in such a line.
    public static let peerLogLinesPerSecond = 10
    public static let peerLogTextCharacters = 64
    /// Bytes of an event loop's receive buffer: some frames of tens of KiB in one read. A socket rarely has more at once.
    public static let receiveBytes = 256 * 1024
    /// Bytes of a connection's first receive buffer, which NIO keeps for the life of the connection while it frees the
    /// later ones: room for preface and HELLO.
    public static let firstReceiveBytes = 256
    /// Bytes of one TLS read. NIOSSL keeps a buffer of decrypted bytes, twice as large, for the life of the connection.
    public static let tlsReadBytes = 32 * 1024
    /// Bytes of a ClientHello that is looked at before TLS sees it. TLS itself takes 16 KiB at most.
    public static let clientHelloBytes = 32 * 1024
    /// Milliseconds that a closed connection waits for the peer's close_notify.
    public static let tlsCloseMilliseconds: Int64 = 1_000
    /// The log warns each day when the server's certificate expires within this many days.
    public static let certificateWarningDays = 14

    // MARK: Log

    /// Bytes of log lines that wait for standard error: some 5,000 lines, a second of a busy server at the level debug.
    public static let logBufferBytes = 1024 * 1024
    /// How long a critical line and the end of the process wait for standard error, in milliseconds: a collector that
    /// is busy has read by then, and one that has stopped must not keep the process from ending.
    public static let logFlushMilliseconds: Int64 = 1_000

    // MARK: Settings

    /// Mistakes that are reported for one settings document: nobody reads more, and a repeated tenant could have a
    /// hundred thousand.
    public static let settingsMistakes = 200
    /// Bytes of a JSON settings document: a tenant's thousand endpoints with headers and certificates.
    public static let settingsBytes = 4 * 1024 * 1024
    /// Nesting of a JSON settings document. The deepest setting has seven levels; the parser is recursive.
    public static let settingsDepth = 16
    /// Tenants that one `repeat` of a provisioning file makes. It is for load tests; more would take minutes to apply.
    public static let repeatedTenants = 100_000
    /// Bytes of an endpoint's name: it appears in every log line about the endpoint.
    public static let endpointNameBytes = 128
    /// Bytes of an API key: a shorter one could be guessed, a longer one would not fit a HELLO beside the other fields.
    public static let apiKeyBytesLeast = 16
    public static let apiKeyBytesMost = 1_024
    /// Bytes of a configuration file, a provisioning file, or a file with a secret. People or short scripts write them,
    /// so a larger file is a mistake.
    public static let textFileBytes = 16 * 1024 * 1024
    /// Bytes of an invalid value that a message repeats: a longer one would hide what is expected.
    public static let shownValueBytes = 128

    // MARK: Ingest client (defaults of its settings)

    /// How long a publication waits for its answers, in milliseconds: twice a server's restart with its recovery.
    public static let publishPatienceMilliseconds: Int64 = 60_000
    /// Events of one frame: large enough that the cost of a frame does not matter, small enough that answers arrive
    /// steadily.
    public static let publishFrameEvents = 1_000
    /// Events, and bytes of records, that a publisher holds: twice a server's window.
    public static let publisherEvents = 131_072
    public static let publisherBytes = 32 * 1024 * 1024
    /// Milliseconds before the first attempt to connect again, and before any later one: at most.
    public static let reconnectMillisecondsLeast: Int64 = 50
    public static let reconnectMillisecondsMost: Int64 = 5_000
    /// Milliseconds until a connection is established, and from then until WELCOME.
    public static let clientConnectMilliseconds: Int64 = 5_000
    public static let clientWelcomeMilliseconds: Int64 = 10_000
    /// Milliseconds that `close` waits for answers: several commits of a slow disk.
    public static let publisherCloseMilliseconds: Int64 = 5_000

    // MARK: Queue

    /// Bytes that may wait for the writer: enough for a few commits. Above it ingest stops reading.
    public static let intakeBytes = 64 * 1024 * 1024
    /// Operations of one write transaction: the dirty list of LMDB 0.9 leaks when it spills.
    public static let eventsPerCommit = 4_096
    /// A value over 4,080 B needs contiguous pages, which a fragmented file does not have: larger records go in chunks.
    public static let chunkBytes = 4_000
    /// Attempt results are batched for up to this many milliseconds: a commit of their own would make events wait for
    /// the disk. An ack never waits. A crash repeats the attempts whose results were not committed.
    public static let outcomeLingerMilliseconds: Int64 = 10
    /// Attempt results that go with the next commit of events. Fewer would add their pages to every small commit, and
    /// an event would wait for them: at 1,000 a second that is every eighth commit instead of each.
    public static let reportsBesideEvents = 8
    /// Attempt results that are a commit of their own at once.
    public static let reportsPerCommit = 512
    /// Nanoseconds from the beginning of one spaced-out commit to the next: 400 events at 20,000 a second.
    public static let spacedCommitNanoseconds: Int64 = 20_000_000
    /// Deliveries that senders hold before commits are spaced out: 50 ms of work at 40,000 a second, so that no sender
    /// runs out of work in the space and a commit's time.
    public static let spacedCommitHeld = 2_048
    /// Events and attempt results a millisecond before commits are spaced out: 8,000 events a second with their
    /// results. Below it commits are cheap in sum, and an early ack is worth more.
    public static let spacedCommitRate = 16
    /// Share of the map in percent above which ingest is refused: the rest is for attempt results and for the copies
    /// that deletes make.
    public static let ingestMapPercent = 85
    /// Milliseconds after which a producer should send events again that were refused because the store is full.
    public static let storageFullRetryMilliseconds: UInt32 = 1_000
    /// Milliseconds after which a producer should send events again that were THROTTLED because of its tenant's
    /// backlog.
    public static let backlogRetryMilliseconds: UInt32 = 1_000
    /// After a commit that found no room, upkeep and deferred results are not tried again for this many milliseconds.
    public static let noSpaceRetryMilliseconds: Int64 = 100
    /// Entries of the due index that one turn looks at for all senders: about a millisecond. And for one sender at
    /// least.
    public static let scannedEntries = 4_096
    public static let scannedEntriesLeast = 512
    /// A scan that made no progress is repeated after this many milliseconds, unless something is released before.
    public static let scanRetryMilliseconds: Int64 = 50
    /// Milliseconds that entries are left in the due index because their sender is full, before newer deliveries are left there
    /// too. A scan needs a quarter of the sender's capacity, and under a steady load newer deliveries take every place.
    public static let leftMilliseconds: Int64 = 1_000
    /// Events that one transaction of the retention sweep looks at; and milliseconds of rest when it has reached events
    /// that stay.
    public static let sweepSlice = 512
    public static let sweepRestMilliseconds: Int64 = 10_000
    /// Rows that one transaction cancels for a removed endpoint, or releases after a changed setting: some
    /// milliseconds.
    public static let upkeepSlice = 2_048
    /// Rows that a slice of a long command takes, at most and at least, and how many it looks at for each.
    public static let jobSliceMost = 512
    public static let jobSliceLeast = 16
    public static let jobScanFactor = 4
    /// Nanoseconds of a transaction with a slice of a long command, above which slices become smaller: an ack waits for
    /// it.
    public static let jobSliceNanoseconds: Int64 = 10_000_000
    /// Milliseconds between looks at the resident set: at full speed some tens of MiB are touched in it.
    public static let residentCheckMilliseconds: Int64 = 100
    /// Resident bytes of files, the map and the program together, above which the map's are given back.
    public static let residentFileBytes = 96 * 1024 * 1024
    /// Log lines of one turn that name a quarantined delivery: a damaged page holds dozens, and a damaged disk must not
    /// flood the log.
    public static let quarantineLines = 16
    /// Rows that the background verification looks at in one slice, milliseconds between slices, and between passes:
    /// 1,024 rows a second cost some milliseconds of the writer's time.
    public static let verifiedRows = 1_024
    public static let verificationMilliseconds: Int64 = 1_000
    public static let verificationRestMilliseconds: Int64 = 3_600_000
    /// Milliseconds by which the wall clock may be ahead of what the last commit and the running process say. Beyond
    /// that, nothing is removed and no endpoint is judged by the new time for as long: a machine that starts with a wrong
    /// clock is corrected within minutes (NTP).
    public static let clockTrustMilliseconds: Int64 = 3_600_000
    /// The time of the last commit is stored with the first commit of each minute: at a start it tells how long the
    /// process was down.
    public static let lastCommitMilliseconds: Int64 = 60_000
    /// Places of malformed rows that are remembered, so that each is counted and logged once.
    public static let rememberedMalformedRows = 1_024
    /// Event types that are remembered for a tenant: a producer that invents types without end must not fill memory.
    public static let rememberedEventTypes = 1_024
    /// Milliseconds between looks at the free space of the map and of the disk: at full speed a server writes some tens
    /// of MiB in it.
    public static let spaceCheckMilliseconds: Int64 = 1_000
    /// Milliseconds between looks for readers of the store that ended without giving their places back: a second process
    /// reads only while a copy is made. And bytes by which the file grows, after which it is looked at once more, and
    /// after which an old reader is named: a backup at a quiet time stays below.
    public static let readerCheckMilliseconds: Int64 = 60_000
    public static let readerGrowthBytes = 64 * 1024 * 1024
    /// Milliseconds between lines about one old reader.
    public static let readerLineMilliseconds: Int64 = 600_000
    /// Free bytes of the file system below which new events are refused: attempt results still fit for a long time.
    public static let diskReserveBytes: Int64 = 1024 * 1024 * 1024
    /// Address space of the store, in bytes: the file grows up to it.
    public static let mapBytes = 64 * 1024 * 1024 * 1024
    /// The gate of a used-up rate stays closed for this many milliseconds' worth of tokens: a fast rate must not wake
    /// the writer for each one.
    public static let rateReopenMilliseconds = 5
    /// A step ahead of the wall clock by more nanoseconds is followed at once: the clock was wrong before it, as on a
    /// machine without a battery-backed clock. An hour: summer time is no step of this clock.
    public static let clockJumpNanoseconds: Int64 = 3_600_000_000_000
    /// Any other step is followed by one part in this many of the time that passes: a retry is early or late by a
    /// quarter of its delay at most.
    public static let clockSlewDivisor: Int64 = 4

    // MARK: Store

    /// Rows that one transaction of a migration writes anew: some hundred pages, and a few milliseconds.
    public static let migratedRowsPerCommit = 8_192
    /// Bytes of events that a search through dead letters reads in one slice: some milliseconds.
    public static let searchedBytesPerSlice = 8 * 1024 * 1024
    /// Rows of `due`, and of `batches`, that the verification of one slice of deliveries may walk to find where a
    /// delivery waits: some milliseconds. What is not found within them stays undecided.
    public static let verificationWalk = 131_072
    /// Rows of a page of a list, and by default.
    public static let pageRows = 200
    public static let pageRowsDefault = 50
    /// Rows that a page looks at, whatever its filter: about a millisecond. A page may return fewer rows than were
    /// asked for.
    public static let pageScannedRows = 10_000
    /// Tables that the store may have, with room for those of later formats: LMDB needs the number when it opens the file.
    public static let storeTables = 32
    /// Milliseconds between passes of the retention sweep from the beginning, for events that had to stay when the last
    /// pass reached them.
    public static let sweepPassMilliseconds: Int64 = 600_000
    /// Milliseconds that the clock may have gone back since a delivery was entered at its time then: a day. The
    /// verification looks so far ahead for it.
    public static let verificationClockMilliseconds: Int64 = 86_400_000

    // MARK: Delivery

    /// Endpoints of one tenant, tenants, and endpoints matched by one event.
    public static let endpointsPerTenant = 1_000
    /// Deliveries and bytes handed to one sender and not yet reported: the part of a backlog that is in memory.
    public static let heldPerSender = 8_192
    public static let heldBytesPerSender = 32 * 1024 * 1024
    /// Deliveries handed over for one endpoint: enough to fill its window during a commit. An endpoint with a larger
    /// window may hold two windows: what is in flight, and as much that follows at once.
    public static let heldPerEndpoint = 256
    /// What an endpoint's sender may hold of it at first, and at least after failures: enough to find out whether it
    /// works.
    public static let heldPerEndpointFirst = 32
    public static let heldPerEndpointLeast = 8
    /// Due deliveries that wait in memory until they are parked: a batch sorted by endpoint must be large, for the
    /// parking table is wide.
    public static let lotEntries = 32_768
    /// Deliveries parked in one transaction.
    public static let parkedPerCommit = 8_192
    /// Deliveries in flight at one endpoint, by default and at most.
    public static let endpointWindow = 16
    public static let endpointWindowMost = 1_024
    /// Attempts in flight in one sender, at most; fewer where the process may not have the descriptors
    /// (`DescriptorShares`). The number needed is the rate times the time that receivers take: 4,096 are 40,000 a second
    /// at 100 ms. Each has a connection: a descriptor and some KiB, with TLS some tens of KiB (Sender.md, "What an
    /// attempt in flight costs"). It is half of what a sender holds, so that the others wait in memory.
    public static let transfersPerSender = 4_096
    /// Connections to endpoints that all senders together keep idle: ten thousand endpoints keep theirs. One costs the
    /// same as an attempt in flight.
    public static let keptConnections = 12_288
    /// Milliseconds for the connection and for the whole attempt.
    public static let connectMilliseconds: Int64 = 5_000
    public static let attemptMilliseconds: Int64 = 15_000
    public static let attemptMillisecondsLeast: Int64 = 1_000
    public static let attemptMillisecondsMost: Int64 = 60_000
    /// Bytes of an answer that are read (the connection is closed after them; the status counts if the header section is
    /// among them), and bytes that are kept in the attempt's record.
    public static let answerBytes = 64 * 1024
    public static let answerExcerptBytes = 16 * 1024
    /// Milliseconds that an attempt waits for the rest of an answer after its header section, which has decided its
    /// outcome: servers that send a body at all send it with the header section or soon after.
    public static let answerRestMilliseconds: Int64 = 1_000
    /// Answers of a sender whose attempts are over and that are still read to their end, or to the attempt's time limit:
    /// their receivers may still be working, and a closed connection would stop some of them. Each has a connection, so
    /// they are few; further attempts wait for the rest themselves.
    public static let drainingAnswers = 64
    /// Bytes of header lines that are kept of an answer that was not 2xx: enough to find the reason.
    public static let answerHeaderBytes = 4 * 1024
    /// `Retry-After` is obeyed up to a day, in milliseconds.
    public static let retryAfterMilliseconds: Int64 = 86_400_000
    /// A hold of an endpoint (`Retry-After`, or its open breaker) of this many milliseconds or more is stored, so that a
    /// restart keeps it, and one that the endpoint asked for is told to the operator. Shorter ones would be a write and a
    /// line for each answer of an endpoint that asks for a second; after a restart they cost an attempt.
    public static let storedHoldMilliseconds: Int64 = 60_000
    /// A year of two digits that would be further ahead means the century before (RFC 9110 section 5.6.7): 50 years of
    /// 365.2425 days.
    public static let shortYearAheadMilliseconds: Int64 = 1_577_847_600_000
    /// A number in `Retry-After` that is a mistake of unit is believed to be a time if it is at most this far ahead:
    /// 366 days. What is later is no time anyone waits for.
    public static let plausibleTimeAheadMilliseconds: Int64 = 31_622_400_000
    /// How long the breaker of a failing endpoint stays open at first, in milliseconds, and at most: ten minutes.
    public static let breakerOpenMilliseconds: Int64 = 30_000
    public static let breakerOpenMillisecondsMost: Int64 = 600_000
    /// An endpoint is disabled after this time of failures without one success: five days, in milliseconds.
    public static let failingMilliseconds: Int64 = 5 * 86_400_000
    /// And only if at least this number of failed attempts was seen, of which each was this many milliseconds after the
    /// one before: two unlucky attempts, or one bad minute, say nothing about five days.
    public static let failingSightings = 10
    public static let failingSightingMilliseconds: Int64 = 3_600_000
    /// The operator is told that an endpoint fails after this number of failures in a row, if they took so many
    /// milliseconds or opened its breaker: fewer are no news.
    public static let failuresTold = 3
    public static let failuresToldMilliseconds: Int64 = 60_000
    /// Lines about endpoints that begin to fail or work again, and the milliseconds in which so many are written: an
    /// outage of our own network concerns thousands at once.
    public static let endpointLines = 30
    public static let endpointLinesMilliseconds: Int64 = 60_000
    /// Milliseconds without an attempt after which nobody knows whether the endpoint still failed: the next failure is
    /// the first again. A day and a half: more than the longest delay of the standard policy, and more than a day, so
    /// that a daily event is enough.
    public static let failingGapMilliseconds: Int64 = 36 * 3_600_000
    /// Milliseconds that the deliveries of an endpoint wait that the server disabled, before they become dead letters:
    /// a weekend and a day. Without an end, a dead endpoint would fill its tenant's backlog.
    public static let disabledHoldMilliseconds: Int64 = 3 * 86_400_000
    /// Milliseconds that the deliveries of a removed endpoint wait for it to be created again, before they become dead
    /// letters.
    public static let removedHoldMilliseconds: Int64 = 86_400_000
    /// Removed endpoints of one tenant whose deliveries and settings are kept. Of more, the oldest is given up: names
    /// that are invented without end must not fill the store.
    public static let removedEndpointsPerTenant = 1_000
    /// The most attempts of one delivery, whatever its policy says.
    public static let attempts = 100
    /// The longest delay between two attempts that a policy may have, milliseconds: a week.
    public static let retryDelayMilliseconds: Int64 = 7 * 86_400_000
    /// The largest rate and burst of an endpoint or a tenant, in attempts: more than a machine sends.
    public static let attemptsPerSecondMost = 1_000_000
    public static let attemptBurstMost = 10_000_000
    /// Milliseconds' worth of an endpoint's rate that its sender holds beyond the window: a commit and the way there.
    public static let ratedAheadMilliseconds = 20
    /// A tenant's retries a second, by default and at most: an outage must not make a flood of attempts. One over it is
    /// made later, by a day at most.
    public static let retriesPerSecond = 1_000
    public static let retriesPerSecondMost = 100_000
    /// The largest weight of a tenant: its share of a sender compared with others.
    public static let tenantWeightMost = 100
    /// Pending deliveries of one tenant above which its new events are refused, by default and at most: some gigabytes
    /// of the store.
    public static let tenantBacklog = 10_000_000
    public static let tenantBacklogMost = 1_000_000_000
    /// Characters of an endpoint's URL.
    public static let urlBytes = 2_048
    /// Secrets live at once while rotating: all sign.
    public static let liveSecrets = 4
    /// Seconds that a replaced secret stays live if its owner gives no other time: a day to distribute the new one to
    /// every receiver.
    public static let secretOverlapSeconds: Int64 = 86_400
    /// Headers that an endpoint's owner may add, bytes of one's name, and bytes of all their lines: receivers refuse
    /// heads of 8 KiB.
    public static let customHeaders = 32
    public static let headerNameBytes = 128
    public static let customHeaderBytes = 4 * 1024
    /// Events of a batch by default and at most: with their positions a batch's row stays under a page (`chunkBytes`).
    public static let batchEvents = 100
    public static let batchEventsMost = 1_000
    /// Bytes of a batch's body by default, at least and at most: receivers commonly refuse more than 1 MiB, and less
    /// than an event's texts makes batches of one.
    public static let batchBytes = 256 * 1024
    public static let batchBytesLeast = 1_024
    public static let batchBytesMost = 1024 * 1024
    /// Milliseconds that an event waits for others by default, at least and at most.
    public static let batchWaitMilliseconds: Int64 = 1_000
    public static let batchWaitMillisecondsLeast: Int64 = 10
    public static let batchWaitMillisecondsMost: Int64 = 300_000
    /// Networks in one allow or deny list: each check of an address walks the list.
    public static let networksPerList = 64
    /// Bytes of a client's certificates, of its key, or of the authorities that an endpoint trusts (PEM), and keys that
    /// it pins.
    public static let pemBytes = 64 * 1024
    public static let pinnedKeys = 8
    /// Bytes of a user's name, and of its password, at an egress proxy.
    public static let proxyCredentialBytes = 255
    /// Dedup window and retention of finished events, dead letters: milliseconds.
    public static let retentionMilliseconds: Int64 = 86_400_000
    public static let deadLetterMilliseconds: Int64 = 30 * 86_400_000

    // MARK: Scheduling

    /// Nanoseconds that a sender keeps the empty lane of an endpoint: the endpoint is likely to be wanted again, and a
    /// lane costs some hundred bytes.
    public static let laneRetirementNanoseconds: Int64 = 60_000_000_000
    /// A hold of less, in nanoseconds, is waited for in the lane; for a longer one the deliveries go back to the queue,
    /// so that they do not take the place of those that can be sent.
    public static let shortHoldNanoseconds: Int64 = 1_000_000_000
    /// Tenants over their share that are looked at when an attempt ends: each end then costs the same, however many
    /// wait.
    public static let restingTenantsLookedAt = 4
    /// An endpoint's breaker opens when at least this number of its attempts ended in the window below and this share
    /// of them, in percent, failed; or after this number of failures in a row. Fewer attempts say nothing about the
    /// endpoint.
    public static let breakerAttemptsLeast = 10
    public static let breakerFailedPercent = 70
    public static let breakerFailuresInARow = 10
    /// Milliseconds of attempts that a breaker judges: long enough for the least number of attempts at a slow endpoint.
    public static let breakerWindowMilliseconds: Int64 = 30_000
    /// The open time varies by this share, in percent: endpoints that failed together are not probed together.
    public static let breakerJitterPercent: Int64 = 10
    /// Days of failing without one success after which an endpoint's owner is warned.
    public static let failingWarningDays = [1, 3]

    // MARK: Sender

    /// Milliseconds that a sender opens no connection after the machine had none to give (descriptors, memory, ports):
    /// at first, and at most. A second, so that the lack is noticed to be over at once, and costs no CPU meanwhile.
    public static let shortageMilliseconds: Int64 = 20
    public static let shortageMillisecondsMost: Int64 = 1_000
    /// Idle connections that are closed when the machine has no descriptor to give: those of endpoints with nothing to
    /// send make room for those with something.
    public static let idleClosedPerShortage = 8
    /// Milliseconds between log lines about one lack.
    public static let shortageLineMilliseconds: Int64 = 60_000
    /// Attempts that a sender begins before it looks at its sockets again: about half a millisecond. Answers, and the
    /// deliveries that came meanwhile, wait no longer than that.
    public static let attemptsPerTurn = 64
    /// Connections to one site that may be opened at a time, at least: as many as are open, so that their number doubles.
    /// At a cold start each endpoint would otherwise open its whole window at once, for requests that two connections
    /// send one after the other in less time than sixteen TLS handshakes take.
    public static let openingConnectionsLeast = 2
    /// Connections of a sender to one site that are opened at once, over HTTP/1.1, and over HTTP/2, where each carries a
    /// hundred requests. Beyond these an attempt waits in line first.
    public static let freeConnections = 64
    public static let freeSharedConnections = 2
    /// Milliseconds that an attempt waits in line for one of these, before it gets a connection of its own; of a short time-out a
    /// quarter. A busy receiver's line takes about this time, and more connections would only cost, here and there. To a
    /// distant receiver that needs more, they are open after a few such times.
    public static let lineMilliseconds: Int64 = 100
    /// The same over HTTP/2: a hundred requests more are a larger step.
    public static let sharedLineMilliseconds: Int64 = 250
    /// New connections of a sender after which freed memory is given back to the kernel, and milliseconds between: a TLS
    /// handshake uses 20 KiB more than its connection keeps, so fewer leave 2.5 MiB at most. In steady traffic
    /// connections are used again, and nothing is given back.
    public static let connectionsBeforeTrim = 128
    public static let trimMilliseconds: Int64 = 5_000
    /// Milliseconds that the addresses of a name are used without another look-up, and the milliseconds in all that
    /// they are used while a new look-up is under way: steady traffic never waits for DNS, and a change is seen in half
    /// a minute.
    public static let nameFreshMilliseconds: Int64 = 30_000
    public static let nameUsableMilliseconds: Int64 = 60_000
    /// Milliseconds after which a name that does not exist is looked up again, at first: each of these look-ups costs an
    /// endpoint one attempt.
    public static let nameUnknownMilliseconds: Int64 = 5_000
    /// The same after a look-up that costs no attempt, because nobody answered. Longer than `shortHoldNanoseconds`: what
    /// waits goes back to the queue.
    public static let nameUnansweredMilliseconds: Int64 = 2_000
    /// Both double up to this: a name server that is down gets two questions a minute for each name.
    public static let namePauseMillisecondsMost: Int64 = 30_000
    /// Milliseconds that a name's own servers must fail before the name is blamed: whoever restarts one needs less.
    public static let nameServersFailMilliseconds: Int64 = 60_000
    /// Seconds after which the system's resolver repeats a question, and how often it asks each name server: a lost packet
    /// costs a second instead of five, and a slow server has ten seconds, as by default (resolv.conf(5)).
    public static let lookupTrySeconds = 1
    public static let lookupTries = 10
    /// Names that a sender caches before it first removes expired ones; afterwards it does so each time the number has
    /// doubled.
    public static let namesBeforePruning = 1_024
    /// Look-ups at a time in all, and of one tenant: each occupies a thread for as long as the system's resolver takes,
    /// ten seconds where a name server is silent. The silent name servers of fifteen tenants leave two to the others.
    public static let lookups = 32
    public static let lookupsPerTenant = 2
    /// Milliseconds after which the next address of a name is tried beside the one before, which has not connected: the
    /// recommended Connection Attempt Delay (RFC 8305, 5 and 8).
    public static let addressDelayMilliseconds: Int64 = 250
    /// Addresses of one name that an attempt may try. Each may need a descriptor, and names have up to eight in practice.
    public static let addressesPerAttempt = 8
    /// Connections of a sender that are opened beside another one for the same attempt: without a limit, names with eight
    /// dead addresses would use eight times the descriptors that attempts may have. An address that failed is replaced
    /// all the same.
    public static let rivalConnections = 256
    /// Milliseconds that an address is tried last after it could not be reached, or was overtaken: its next try costs 250 ms
    /// if it is still down. And how many addresses a sender remembers for that; the oldest is forgotten first.
    public static let addressAvoidedMilliseconds: Int64 = 300_000
    public static let avoidedAddresses = 1_024
    /// Servers of which a sender keeps a TLS session: about 10 KiB each, mostly the server's certificates.
    public static let tlsSessions = 2_048
    /// Milliseconds that a server's certificate counts as checked. Then the next connection makes a full handshake: a
    /// certificate that expired or an authority that was removed is noticed within an hour.
    public static let tlsSessionMilliseconds: Int64 = 3_600_000
    /// Milliseconds that a connection is kept idle. A connection that the receiver is about to close makes a request
    /// fail, so it must be short.
    public static let idleConnectionMilliseconds: Int64 = 30_000
    /// Milliseconds by which a connection is kept idle shorter than its server keeps it (`Keep-Alive: timeout=5`): a
    /// request has to arrive before the server closes.
    public static let keepAliveMarginMilliseconds: Int64 = 1_000
    /// Milliseconds that a connection is used: a name that moved gets its new address.
    public static let connectionLifeMilliseconds: Int64 = 300_000
    /// Sites without a connection that a sender remembers because their server sent data without a request. An owner
    /// whose name always resolves to a new address could otherwise add one per address.
    public static let rememberedSites = 1_024
    /// Times that a request is sent again on a fresh connection after its pooled connection broke before any answer, or
    /// answered with something that does not belong to the request: each may be a duplicate at the receiver.
    public static let requestRepeats = 1
    /// Times that an attempt begins again because its pooled connection held data that nobody had asked for. On a new
    /// connection such data is the receiver's fault.
    public static let staleConnectionRepeats = 1
    /// Requests at a time on one HTTP/2 connection, whatever its peer allows: common servers announce 100 to 250, and a
    /// lost packet delays them all.
    public static let streamsPerConnection = 256
    /// Requests at a time before the peer's SETTINGS arrive, and requests that wait for one connection that is being
    /// opened: RFC 9113 (6.5.2) advises servers not to allow fewer than 100. One that does refuses the rest unprocessed.
    public static let streamsBeforeSettings = 100
    /// Bytes of the table of header fields of an HTTP/2 connection in each direction: the protocol's default.
    public static let headerTableBytes = 4_096
    /// Bytes that a peer may send on an HTTP/2 connection before we have read them. They are read at once, so this only
    /// keeps one answer from delaying others.
    public static let connectionWindowBytes = 1024 * 1024
    /// Bytes that wait for an HTTP/2 connection's socket, above which no request begins on it: its peer does not read.
    public static let sessionOutputBytes = 256 * 1024
    /// Frames without content (PING, SETTINGS, CONTINUATION, empty DATA, resets and others) that an HTTP/2 peer may send
    /// at once, a second, and for each request. An honest server sends fewer than five for each request.
    public static let idleFrames = 2_000
    public static let idleFramesPerSecond = 200
    public static let idleFramesPerRequest = 16
    /// Bytes of frames of unknown types that count as one of those frames: nghttp2 does not tell where they begin.
    public static let unknownFrameBytes = 32
    /// Times that a request is sent again which an HTTP/2 server has not processed and said so. It costs no attempt and
    /// cannot be a duplicate; a server that refuses everything must not keep us busy.
    public static let unprocessedRepeats = 4
    /// Times that an attempt which waits with others for one HTTP/2 connection waits again after it could not be opened:
    /// one failed handshake must not fail all of them.
    public static let sharedDialFailures = 1
    /// Milliseconds of silence after which a request on an HTTP/2 connection is accompanied by a PING, and milliseconds
    /// for the answer to it: afterwards no further request uses the connection.
    public static let pingAfterMilliseconds: Int64 = 1_000
    public static let pingMilliseconds: Int64 = 2_000
    /// Reads from one HTTP/2 connection in one turn: other connections have their turn even if a peer sends without end.
    public static let readsPerTurn = 16
    /// Bytes of message memory that a sender keeps for each version of HTTP; what a larger message needed is freed.
    public static let keptMessageBytes = 64 * 1024
    /// Levels of a JSON payload that is put into an envelope as JSON; receivers' parsers refuse deeper ones.
    public static let jsonDepth = 256
    /// Bytes for the id and the header lines of a message at first: the usual message fits.
    public static let messageTextBytes = 1_024

    // MARK: Signing

    /// Headers of a signature scheme, bytes of one's template, and bytes of a prefix or a separator: header lines are
    /// short, and each is rendered for every attempt.
    public static let schemeHeaders = 8
    public static let templateBytes = 256
    public static let schemeMarkBytes = 16
    /// Seconds that a message's timestamp may be away from the verifier's time, unless the receiver chooses.
    public static let signatureToleranceSeconds: Int64 = 300
    /// Bytes that an Ed25519 key keeps between messages (it reads a message twice); what a larger message needed is
    /// freed.
    public static let keptSigningBytes = 16 * 1024

    // MARK: Server and command

    /// Milliseconds that a stop of the server waits for attempts in flight and for answers to producers.
    public static let shutdownGraceMilliseconds: Int64 = 20_000
    /// Bytes of a line or of an event file of `needletail publish`: the largest payload with every byte escaped
    /// (`\u0020`), and the rest of its line. And bytes of one read.
    public static let publishLineBytes = 2 * 1024 * 1024
    public static let publishReadBytes = 256 * 1024
    /// Lines that are handed over together, and such batches whose receipts may be outstanding. Then reading stops.
    public static let publishLineBatch = 100
    public static let publishLineBatches = 256
    /// Nesting of the JSON that `needletail publish` reads: its reader is recursive.
    public static let publishJSONDepth = 128
    /// Bytes that a conformance check may send: four windows of the protocol's default.
    public static let checkBytes = 64 * 1024 * 1024
}
