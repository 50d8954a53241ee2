/// Which modules a room may import: the table of Sources/README.md as data. MapTests compares the two, and
/// Package.swift.
enum RoomWalls {
    struct Wall: Sendable {
        let ours: Set<String>
        let outside: Set<String>
    }

    /// Glibc counts as outside: a room without it has no clock, thread or file.
    static let table: [String: Wall] = [
        "LMDB": Wall(ours: ["CLMDB", "CLMDBGuard"], outside: ["Glibc"]),
        "Threading": Wall(ours: ["CLinux"], outside: ["Glibc"]),
        "WebhookModel": Wall(ours: [], outside: []),
        "WebhookSigning": Wall(ours: ["WebhookModel", "COpenSSL"], outside: []),
        "Settings": Wall(ours: ["WebhookModel", "WebhookSigning", "CCurl", "COpenSSL"], outside: ["Glibc"]),
        "WireProtocol": Wall(ours: ["WebhookModel", "CLinux"], outside: ["NIOCore"]),
        "Access": Wall(ours: ["Threading", "WebhookModel", "WebhookSigning", "COpenSSL"], outside: []),
        "Scheduling": Wall(ours: ["WebhookModel"], outside: ["DequeModule", "HeapModule"]),
        "Store": Wall(ours: ["LMDB", "WebhookModel", "CLinux"], outside: ["Glibc"]),
        "Ingest": Wall(
            ours: ["Access", "WireProtocol", "WebhookModel", "Threading"],
            outside: ["NIOCore", "NIOPosix", "NIOTLS", "NIOSSL", "Logging", "Glibc"]),
        "DurableQueue": Wall(
            ours: ["LMDB", "Store", "Scheduling", "Threading", "WebhookModel"],
            outside: ["Logging", "HeapModule"]),
        "Sender": Wall(
            ours: [
                "CCurl", "CLinux", "CNghttp2", "Settings", "Scheduling", "WebhookSigning", "Threading", "WebhookModel",
            ],
            outside: ["DequeModule", "Logging", "Glibc"]),
        "IngestClient": Wall(
            ours: ["WireProtocol", "WebhookModel", "WebhookSigning"],
            outside: ["NIOCore", "NIOPosix", "NIOConcurrencyHelpers", "NIOTLS", "NIOSSL", "Logging", "Glibc"]),
        "Conformance": Wall(ours: ["WireProtocol", "WebhookModel", "Threading"], outside: ["Glibc"]),
        "Management": Wall(
            ours: ["Access", "DurableQueue", "Store", "Settings", "WebhookModel", "WebhookSigning", "Threading"],
            outside: []),
        "ManagementAPI": Wall(
            ours: ["Management", "Access", "Store", "Settings", "WebhookModel", "WebhookSigning", "Threading"],
            outside: [
                "Hummingbird", "HummingbirdCore", "HTTPTypes", "NIOCore", "NIOPosix", "ServiceLifecycle", "Logging",
                "Glibc",
            ]),
        "NeedletailServer": Wall(
            ours: [
                "Access", "Ingest", "DurableQueue", "Sender", "Store", "Settings", "WebhookModel", "WebhookSigning",
                "Threading", "LMDB", "Management", "ManagementAPI",
            ],
            outside: [
                "Configuration", "ServiceLifecycle", "UnixSignals", "Logging", "Yams", "Glibc", "Foundation",
            ]),
        "needletail": Wall(
            ours: ["NeedletailServer", "Conformance", "IngestClient", "WireProtocol", "Settings", "WebhookModel"],
            outside: ["ArgumentParser", "NIOCore", "NIOPosix", "Glibc"]),
        "MockReceiver": Wall(
            ours: ["WebhookSigning", "WebhookModel"],
            outside: [
                "NIOHTTP2", "NIOHPACK", "NIOTLS", "NIOSSL", "X509", "SwiftASN1", "Crypto",
                "NIOCore", "NIOPosix", "NIOHTTP1", "NIOConcurrencyHelpers", "Hummingbird", "HTTPTypes",
                "ServiceLifecycle", "Yams", "Logging", "Foundation", "Glibc",
            ]),
        "mock_receiver": Wall(
            ours: ["MockReceiver", "WebhookSigning"],
            outside: ["ArgumentParser", "NIOCore", "Foundation", "Dispatch", "Glibc"]),
        "LoadTest": Wall(
            ours: ["IngestClient", "WireProtocol", "WebhookModel", "WebhookSigning", "MockReceiver"],
            outside: ["NIOCore", "NIOPosix", "Histogram", "Foundation", "Glibc"]),
        "load_test": Wall(
            ours: ["LoadTest", "IngestClient", "MockReceiver"],
            outside: ["ArgumentParser", "Foundation", "Dispatch", "Glibc"]),
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
