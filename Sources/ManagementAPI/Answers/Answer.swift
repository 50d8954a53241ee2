import Management

/// What a route answers, before it is HTTP of a library.
struct Answer: Sendable {
    enum Body: Sendable {
        case none
        case bytes([UInt8], type: String)
        /// Written piece by piece until the stream ends: for answers that do not end by themselves, as Server-Sent
        /// Events. How much waits for a slow reader is the stream's buffering policy; its producer sees `dropped`.
        case stream(AsyncStream<[UInt8]>, type: String)
    }

    var status: Int
    /// Names in lower case.
    var headers: [(name: String, value: String)] = []
    var body: Body

    static func json(_ value: JSON, status: Int = 200, revision: UInt64? = nil) -> Answer {
        var answer = Answer(status: status, body: .bytes(value.bytes, type: "application/json"))
        if let revision { answer.headers.append(("etag", EntityTag.text(revision))) }
        return answer
    }

    static func text(_ text: String, type: String) -> Answer {
        Answer(status: 200, body: .bytes(Array(text.utf8), type: type))
    }

    /// 204.
    static let nothing = Answer(status: 204, body: .none)

    /// The envelope of every list.
    static func list<Row>(_ listing: Listing<Row>, _ row: (Row) -> JSON) -> Answer {
        .json(["data": .list(listing.rows.map(row)), "next": .optional(listing.next)])
    }
}
