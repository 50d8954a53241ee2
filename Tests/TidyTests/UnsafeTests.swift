import Testing

/// Law 6: unsafe code stands only in the rooms that `UnsafeCode` lists, each with its reason.
@Suite struct UnsafeTests {
    /// Reading and writing bytes in place.
    private static let pointerWords = ["Unsafe", "withUnsafe"]
    /// Memory that Swift does not manage, and casts and accesses that Swift does not check.
    private static let memoryWords = [
        ".allocate(capacity", ".allocate(byteCount", "Unmanaged", "unsafeBitCast", "unsafeDowncast",
        "unsafelyUnwrapped",
        "nonisolated(unsafe)", "assumingMemoryBound", "withMemoryRebound", "bindMemory",
    ]

    @Test func `unsafe pointers stand only where their reason is listed`() {
        compare(UnsafeTests.pointerWords, UnsafeCode.pointers, "pointers")
    }

    @Test func `unmanaged memory and unchecked casts stand only where their reason is listed`() {
        compare(UnsafeTests.memoryWords, UnsafeCode.memory, "memory")
    }

    private func compare(_ words: [String], _ reasons: [String: String], _ list: String) {
        var unused = Set(reasons.keys)
        for room in SourceTree.rooms {
            for file in room.files {
                for (number, text) in file.code where words.contains(where: text.has) {
                    unused.remove(room.name)
                    guard reasons[room.name] == nil else { continue }
                    Issue.record(
                        "\(file.path):\(number): unsafe code; use a span or a copy, or add \(room.name) with the reason to UnsafeCode.\(list)"
                    )
                }
            }
        }
        for room in unused.sorted() { Issue.record("UnsafeCode.\(list): \(room) has no such code; remove the line") }
    }
}

/// Which rooms use unsafe code, and why. Law 6 of Sources/README.md points here.
enum UnsafeCode {
    static let pointers = [
        "LMDB": "liblmdb's C interface; keys and values are read and written in the mapped pages",
        "Threading": "pthread and epoll keep pointers into memory that must not move",
        "WebhookModel": "an event record is read in place, in the buffer in which it arrived",
        "WebhookSigning": "libcrypto's C interface; messages are hashed where they were rendered",
        "Settings": "libcurl's C interface; socket addresses are read as inet_pton and getaddrinfo write them",
        "WireProtocol": "frames are read in place, in the buffer in which they arrived",
        "Access": "libcrypto's C interface reads names from certificates; keys and events are read in place",
        "Scheduling": "an event's type is compared in place, in the event record",
        "Store": "rows are read and written in LMDB's pages; an attempt's row takes no copy of its texts",
        "Ingest": "frames and event records are read in place, in the receive buffer",
        "DurableQueue": "event records go from the batch into LMDB's pages with one copy",
        "Sender":
            "libcurl's and nghttp2's C interfaces; requests are rendered into, and answers parsed in, buffers that are used again",
        "IngestClient": "frames are read in place, in the receive buffer",
        "Conformance": "sockets without NIO: send, recv and getaddrinfo take pointers",
        "NeedletailServer": "write(2) takes a pointer; log lines are written from their buffer",
        "needletail": "an event read from standard input is parsed in place; write(2) takes a pointer",
        "MockReceiver": "requests are parsed and bodies hashed in place, in the receive buffer",
        "mock_receiver": "write(2) takes a pointer",
        "LoadTest": "events are laid out once and copied into frames; clocks take pointers",
        "load_test": "bind(2) takes a pointer to an address",
    ]

    static let memory = [
        "LMDB":
            "cursors that live as long as their environment; a mutex keeps its address; lines of the readers come through C",
        "Threading": "a mutex and an epoll buffer keep their addresses; a thread's closure passes through C",
        "WebhookSigning": "libcrypto's digests take typed pointers to bytes that are rendered untyped",
        "Access": "libcrypto's lists are untyped",
        "DurableQueue": "the writer's core moves to its thread once, when that starts",
        "Ingest": "a batch's source is always the connection that made it: a checked cast took time per batch",
        "Sender":
            "libcurl and nghttp2 keep pointers to their owners and to header lines; buffers are used again for each request",
        "Conformance": "sockaddr is bound by its family",
        "LoadTest": "timespec is bound in the words that clock_gettime fills",
        "load_test": "an address is bound to sockaddr, as bind(2) takes it",
        "MockReceiver": "timespec is bound in the words that clock_gettime fills",
        "mock_receiver": "a value moves into a closure that runs once",
    ]
}
