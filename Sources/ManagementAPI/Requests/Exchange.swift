import Management
import Settings
import WebhookModel

/// One request, as a route's handler sees it: authenticated, its parameters decoded, its body read.
struct Exchange: Sendable {
    let desk: ManagementDesk
    /// Who asks; nil on routes that need no key.
    let client: Caller?
    /// The names in the pattern's braces, with what stands there in the path.
    let path: [String: String]
    let query: [String: String]
    /// By name in lower case; of a header that is sent twice the values with a comma.
    let headers: [String: String]
    let body: [UInt8]

    /// Who asks. Routes that need a key always have one.
    var caller: Caller {
        guard let client else { preconditionFailure("a route without a key asks who calls") }
        return client
    }

    /// What stands in the path for `{name}`.
    func part(_ name: String) -> String {
        guard let part = path[name] else { preconditionFailure("the route has no {\(name)}") }
        return part
    }

    // MARK: Parameters

    /// A whole number in a range; nil: not given.
    func integer(_ name: String, _ range: ClosedRange<Int>) throws(ManagementError) -> Int? {
        guard let text = query[name] else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw invalid(name, text, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func truth(_ name: String) throws(ManagementError) -> Bool? {
        guard let text = query[name] else { return nil }
        guard let value = Bool(text) else { throw invalid(name, text, "true or false") }
        return value
    }

    /// Unix milliseconds of an RFC 3339 time in UTC, to the second.
    func time(_ name: String) throws(ManagementError) -> Int64? {
        guard let text = query[name] else { return nil }
        guard let value = UTCTime.milliseconds(text) else {
            throw invalid(name, text, "a UTC time, as 2027-01-31T12:00:00Z")
        }
        return value
    }

    /// One of some words.
    func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ type: Value.Type
    ) throws(ManagementError) -> Value? {
        guard let text = query[name] else { return nil }
        guard let value = Value(rawValue: text) else {
            throw invalid(name, text, "one of \(Value.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return value
    }

    private func invalid(_ name: String, _ value: String, _ expected: String) -> ManagementError {
        ManagementError(
            .invalidParameter, "invalid value \(ClientText.quoted(value)) for \(name); expected \(expected)",
            field: name)
    }

    /// Which part of a list is wanted: `limit` and `cursor`.
    var listRequest: ListRequest {
        get throws(ManagementError) {
            let limit = try integer("limit", 1...Limits.pageRows) ?? Limits.pageRowsDefault
            return ListRequest(limit: limit, cursor: query["cursor"])
        }
    }

    /// The revision that `If-Match` names; nil: any.
    func revision(isRequired: Bool = false) throws(ManagementError) -> UInt64? {
        try EntityTag.revision(ifMatch: headers["if-match"], isRequired: isRequired)
    }

    // MARK: The body

    /// The body as a tree for the readers of `Settings`: strict JSON, each name once, limited in size and depth.
    func document() throws(ManagementError) -> SettingsNode {
        do throws(SettingsMistakes) { return try SettingsJSON.parse(body) } catch { throw ManagementError(error) }
    }

    /// What a reader of `Settings` made of the body.
    func settings<Value>(
        _ read: (SettingsNode) -> Result<Value, SettingsMistakes>
    ) throws(ManagementError) -> Value {
        switch read(try document()) {
        case .success(let value): return value
        case .failure(let mistakes): throw ManagementError(mistakes)
        }
    }
}
