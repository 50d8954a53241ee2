/// Who may import whom: the table of the house, section 2, as data. Sources/README.md draws it.
enum RoomWalls {
    struct Wall: Sendable {
        let ours: Set<String>
        let outside: Set<String>
    }

    /// Glibc counts as outside: a room that may have no clock, thread or file does not get it.
    static let table: [String: Wall] = [
        "LMDB": Wall(ours: ["CLMDB"], outside: ["Glibc"]),
        "Threading": Wall(ours: ["CLinux"], outside: ["Glibc"]),
        "WebhookModel": Wall(ours: [], outside: []),
        "WebhookSigning": Wall(ours: ["WebhookModel", "COpenSSL"], outside: []),
        "WireProtocol": Wall(ours: ["WebhookModel", "CLinux"], outside: ["NIOCore"]),
        "Access": Wall(ours: ["Threading", "WebhookModel", "WebhookSigning", "COpenSSL"], outside: []),
        "Scheduling": Wall(ours: ["WebhookModel"], outside: ["DequeModule", "HeapModule", "OrderedCollections"]),
        "Store": Wall(ours: ["LMDB", "WebhookModel", "CLinux"], outside: ["Glibc"]),
        "Telemetry": Wall(ours: ["WebhookModel"], outside: ["Logging", "Metrics", "Histogram"]),
        "Ingest": Wall(
            ours: ["Access", "WireProtocol", "WebhookModel", "Threading"],
            outside: ["NIOCore", "NIOPosix", "NIOTLS", "NIOSSL", "Logging", "Glibc"]),
        "DurableQueue": Wall(
            ours: ["LMDB", "Store", "Scheduling", "Threading", "WebhookModel", "Telemetry"],
            outside: ["Logging", "HeapModule", "Glibc"]),
        "Sender": Wall(
            ours: ["CCurl", "Scheduling", "WebhookSigning", "Threading", "WebhookModel", "Telemetry", "CLinux"],
            outside: ["DequeModule", "Logging", "Glibc"]),
        "IngestClient": Wall(
            ours: ["WireProtocol", "WebhookModel", "WebhookSigning"],
            outside: ["NIOCore", "NIOPosix", "NIOConcurrencyHelpers", "NIOTLS", "NIOSSL", "Logging", "Glibc"]),
        "Conformance": Wall(ours: ["WireProtocol", "WebhookModel", "Threading"], outside: ["Glibc"]),
        "NeedletailServer": Wall(
            ours: [
                "Access", "Ingest", "DurableQueue", "Sender", "Store", "Scheduling", "WebhookModel", "WebhookSigning",
                "WireProtocol", "Telemetry", "Threading", "LMDB", "COpenSSL",
            ],
            outside: [
                "Configuration", "ServiceLifecycle", "UnixSignals", "Logging", "Yams", "NIOCore", "NIOPosix", "Glibc",
                "Foundation",
            ]),
        "needletail": Wall(
            ours: ["NeedletailServer", "Conformance", "IngestClient", "WireProtocol", "WebhookModel"],
            outside: ["ArgumentParser", "Logging", "NIOCore", "NIOPosix", "Glibc"]),
        "MockReceiver": Wall(
            ours: ["WebhookSigning", "WebhookModel"],
            outside: [
                "NIOHTTP2", "NIOHPACK", "NIOTLS", "NIOSSL", "X509", "SwiftASN1", "Crypto",
                "NIOCore", "NIOPosix", "NIOHTTP1", "NIOConcurrencyHelpers", "Hummingbird", "HTTPTypes",
                "ServiceLifecycle",
                "Yams", "Logging",
                "Foundation", "CDispatch", "Dispatch", "Glibc",
            ]),
        "mock_receiver": Wall(
            ours: ["MockReceiver", "WebhookSigning", "WebhookModel"],
            outside: ["ArgumentParser", "Logging", "NIOCore", "Foundation", "CDispatch", "Dispatch", "Glibc"]),
        "LoadTest": Wall(
            ours: ["IngestClient", "WireProtocol", "WebhookModel", "WebhookSigning", "MockReceiver"],
            outside: ["NIOCore", "NIOPosix", "NIOConcurrencyHelpers", "Histogram", "Foundation", "Glibc"]),
        "load_test": Wall(
            ours: ["LoadTest", "IngestClient", "WireProtocol", "WebhookModel", "WebhookSigning", "MockReceiver"],
            outside: ["ArgumentParser", "Foundation", "CDispatch", "Dispatch", "Glibc"]),
    ]

    /// Part of the language, open to every room.
    static let language: Set<String> = ["Swift", "Synchronization"]

    /// Rooms where a String or a Date per event would cost two to thirty times the work itself.
    static let hot: Set<String> = [
        "Threading", "LMDB", "WebhookModel", "WebhookSigning", "WireProtocol", "Access", "Scheduling", "Store",
        "Ingest",
        "DurableQueue", "Sender",
    ]
}
