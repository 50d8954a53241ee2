import Management

/// The revision of a row as an entity tag (RFC 9110, 8.8.3): `"7"`.
enum EntityTag {
    static func text(_ revision: UInt64) -> String { "\"\(revision)\"" }

    /// The revision that a change applies to, by `If-Match` (RFC 9110, 13.1.1).
    ///
    /// - Parameters:
    ///   - header: nil: not given.
    ///   - isRequired: for PUT, which replaces what the client may not have seen.
    /// - Returns: nil: any (`*`, or not given).
    static func revision(ifMatch header: String?, isRequired: Bool) throws(ManagementError) -> UInt64? {
        guard let header else {
            guard isRequired else { return nil }
            throw ManagementError(
                .revisionRequired, "PUT replaces the whole row; send If-Match with its ETag, or If-Match: *",
                field: "If-Match")
        }
        let tag = header.trimmed
        if tag == "*" { return nil }
        guard tag.hasPrefix("\""), tag.hasSuffix("\""), tag.utf8.count > 2,
            let revision = UInt64(tag.dropFirst().dropLast())
        else {
            throw ManagementError(
                .invalidParameter, "invalid value for If-Match; expected the ETag of an earlier answer, as \"7\", or *",
                field: "If-Match")
        }
        return revision
    }
}

extension StringProtocol {
    /// Without space at both ends.
    var trimmed: String {
        var rest = self[...]
        while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
        while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
        return String(rest)
    }
}
