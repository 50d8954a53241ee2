import Store
public import WebhookModel

/// Which part of a list a client wants.
public struct ListRequest: Sendable {
    /// Rows, 1 to `Limits.pageRows`.
    public var limit: Int
    /// `next` of the page before, as the client got it; nil: the first page.
    public var cursor: String?

    public init(limit: Int = Limits.pageRowsDefault, cursor: String? = nil) {
        self.limit = limit
        self.cursor = cursor
    }
}

/// A page of a list. It may have fewer rows than wanted and still a next page.
public struct Listing<Row: Sendable>: Sendable {
    public var rows: [Row]
    /// Nil: this was the end.
    public var next: String?
}

extension ManagementDesk {
    /// Reads a page, with its cursor opened before and sealed after.
    ///
    /// A page looks at `Limits.pageScannedRows` rows. Where filters leave few of them, it is short, or empty, and has a
    /// next one: the time of a request is bounded, and an empty page without `next` is the end.
    ///
    /// - Parameter list: what the cursor is valid for: the list's name with its filters.
    func page<Row: Sendable>(
        _ list: String, for caller: Caller, _ request: ListRequest,
        _ query: (borrowing StoreSnapshot, PageRequest) throws(StoreReadError) -> Page<Row>
    ) throws(ManagementError) -> Listing<Row> {
        let context = "\(caller.key.name)\n\(list)"
        var after: PageCursor?
        if let cursor = request.cursor {
            guard let text = cursors.open(cursor, for: context), let place = PageCursor(text) else {
                throw ManagementError(StoreReadError.invalidCursor)
            }
            after = place
        }
        let wanted = PageRequest(limit: request.limit, after: after)
        let page = try read { (snapshot) throws(StoreReadError) in try query(snapshot, wanted) }
        return Listing(rows: page.rows, next: page.next.map { cursors.seal($0.description, for: context) })
    }
}
