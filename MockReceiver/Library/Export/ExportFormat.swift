import NIOCore

/// How the journal is written as a file.
enum ExportFormat: String, CaseIterable {
    case ndjson, har

    var contentType: String {
        switch self {
        case .ndjson: "application/x-ndjson"
        case .har: "application/json"
        }
    }

    /// The file in parts, so that it is never in memory as a whole.
    ///
    /// - Parameters:
    ///   - entries: oldest first.
    ///   - host: the host in HAR's URLs if a request names none.
    func pieces(_ entries: [JournalEntry], host: String) -> [() throws -> ByteBuffer] {
        switch self {
        case .ndjson:
            return entries.map { entry in
                {
                    var line = try AdminJSON.line(JournalPayload(entry))
                    line.writeString("\n")
                    return line
                }
            }
        case .har:
            let parts = entries.enumerated().map { index, entry in
                {
                    var part = ByteBuffer(string: index == 0 ? "" : ",\n")
                    part.writeImmutableBuffer(try HTTPArchive.entry(entry, host: host))
                    return part
                }
            }
            return [{ ByteBuffer(string: HTTPArchive.head) }] + parts + [{ ByteBuffer(string: HTTPArchive.tail) }]
        }
    }
}
