import Testing

/// Rule 4: everything has a limit, in `WebhookModel/Limits*.swift`. So no other file of the server and its clients gives
/// a constant or a setting a number, except those that `NumbersElsewhere` lists, each with its reason.
///
/// Not numbers in this sense: 0, 1 and -1; hexadecimal patterns; codes, whose types are UInt8 and CInt.
@Suite struct NumbersTests {
    /// These stand below WebhookModel: they know nothing about webhooks, and give their numbers a reason in place.
    private static let roomsBelow: Set<String> = ["LMDB", "Threading"]

    @Test func `a number that bounds something stands in Limits`() {
        let listed = Dictionary(
            uniqueKeysWithValues: NumbersElsewhere.lists.flatMap { list in list.names.map { ($0, list.reason) } })
        var unused = Set(listed.keys)
        for room in SourceTree.rooms
        where room.folder.hasPrefix("Sources/") && !NumbersTests.roomsBelow.contains(room.name) {
            for file in room.files where !file.path.hasPrefix("Sources/WebhookModel/Limits") {
                for found in NumbersTests.numbers(in: file) {
                    let name = "\(room.name)/\(file.name.dropLast(6)).\(found.name)"
                    unused.remove(name)
                    guard listed[name] == nil else { continue }
                    Issue.record(
                        """
                        \(file.path):\(found.line): the number of \(found.name) belongs to Limits, with its reason, if it \
                        bounds something; otherwise list "\(name)" in NumbersElsewhere
                        """)
                }
            }
        }
        for name in unused.sorted() { Issue.record("NumbersElsewhere: there is no number \(name); remove it") }
    }

    @Test(arguments: [
        "    private static let patience: Int64 = 5_000",
        "    public static let readBytes = 64 * 1_024 // a reason",
        "    package private(set) var most = 1 << 20",
        "    public var waitMilliseconds: Int64 = 250",
        "    static let share = 0.25",
        "    static let pause = Duration.milliseconds(50)",
        "    static let tick: Duration = .seconds(2)",
        "let ahead = 256",
    ])
    func `numbers are found`(line: String) {
        #expect(NumbersTests.numbers(in: SourceFile(path: "a.swift", text: line)).count == 1)
    }

    @Test(arguments: [
        "    private static let pause = Limits.nameUnknownMilliseconds * 1_000_000",
        "    public var count = 0",
        "    static let none: Int32 = -1",
        "    static let open: UInt8 = 17",
        "    private static let noData: CInt = -5",
        "    static let magic: UInt64 = 0x4E45_4544_4C45_544C",
        "        var capacity = 16",
        "    // static let bytes = 12",
    ])
    func `other constants are passed over`(line: String) {
        #expect(NumbersTests.numbers(in: SourceFile(path: "a.swift", text: line)).isEmpty)
    }

    /// Constants of types and files, and stored properties with an access level: local variables have none.
    private static func numbers(in file: SourceFile) -> [(line: Int, name: Substring)] {
        file.code.compactMap { line, text in
            guard text.has(" = "),
                let match = text.firstMatch(
                    of:
                        /(?:^let|static (?:let|var)|(?:public|package|internal|fileprivate|private)(?:\(set\))? (?:let|var)) (\w+)(?:: ([\w.]+))? = (.+)$/
                )
            else { return nil }
            if let type = match.2, type == "UInt8" || type == "CInt" { return nil }
            let value = String(match.3).filter { $0 != " " }
            guard !["0", "1", "-1", "0.0", "1.0"].contains(value) else { return nil }
            let isNumber = value.contains(where: \.isNumber) && value.allSatisfy { "0123456789_.()*+-/<".contains($0) }
            let isTime = value.wholeMatch(of: /(?:Duration|TimeAmount)?\.\w+\([0-9_.]+\)/) != nil
            return isNumber || isTime ? (line: line, name: match.1) : nil
        }
    }
}

/// Numbers outside Limits that bound nothing, or that cannot stand there: `Room/File.name`.
enum NumbersElsewhere {
    static let lists: [(reason: String, names: [String])] = [
        (
            "sizes of rows and the number of their format: DataLayout.md",
            [
                "Store/AttemptRow.fixedBytes", "Store/DeliveryRow.plainBytes", "Store/DeliveryRow.bondedBytes",
                "Store/RowChecksum.bytes", "Store/Batches.fixedBytes", "Store/DeadLetters.bytes", "Store/Events.bytes",
                "Store/Tables.version",
            ]
        ),
        (
            "sizes of fields on the wire: Protocol.md",
            [
                "WebhookModel/EventRecord.fixedBytes", "WebhookModel/EventID.webhookIDLength",
                "WireProtocol/FrameHeader.byteCount", "WireProtocol/Ack.byteCount", "IngestClient/Link.bodyStart",
                "IngestClient/Link.lengthBytes",
            ]
        ),
        (
            "sizes that an algorithm or a number's range fixes",
            [
                "WebhookSigning/Ed25519Key.seedBytes", "WebhookSigning/Ed25519Key.publicBytes",
                "WebhookSigning/Ed25519Key.signatureBytes", "WebhookSigning/SealingCipher.keyBytes",
                "WebhookSigning/SealingCipher.nonceBytes", "WebhookSigning/SealingCipher.tagBytes",
                "WebhookSigning/MasterKey.idBytes", "WebhookSigning/BlockCipher.bytes",
                "WebhookSigning/Encodings.leastDigits",
                "WebhookSigning/Encodings.mostDigits", "Sender/Route.connectToBytes",
                "Sender/RequestFields.mostDigits", "Sender/HTTP2Session.frameHeadBytes",
            ]
        ),
        (
            "units: how many of the smaller are one of the larger",
            [
                "Scheduling/EndpointHealth.day", "WebhookModel/TokenBucket.token", "Conformance/EventChecks.hour",
                "IngestClient/Backoff.millisecond", "IngestClient/PublisherCore.millisecond",
                "IngestClient/RetryShelf.millisecond",
            ]
        ),
        (
            "the protocol's port: a name",
            [
                "Ingest/IngestConfiguration.port", "IngestClient/ServerAddress.standardPort",
                "NeedletailServer/ServerConfiguration.port",
            ]
        ),
        (
            "numbers of Protocol.md, to which a check holds every server, whatever our Limits say",
            ["Conformance/BodyChecks.flipsPerConnection", "Conformance/LivenessChecks.helloTime"]
        ),
        (
            "the shape of a data structure, compiled into its divisions and masks; TimerWheelTests compares it with Limits",
            [
                "Sender/TimerWheel.tick", "Sender/TimerWheel.buckets", "Sender/TokenMark.dial",
                "Sender/TokenMark.connection",
            ]
        ),
        ("characters of a bar on the terminal", ["needletail/ReceiptPrinter.width"]),
    ]
}
