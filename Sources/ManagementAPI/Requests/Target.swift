import Management
import Settings

/// The target of a request: path and query, decoded (RFC 3986).
struct Target: Sendable {
    /// Of the path; `/` has none.
    var segments: [String]
    /// In the order of the request.
    var query: [(name: String, value: String)]

    /// Nil: not a target that we can decode.
    init?(_ target: some StringProtocol) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = parts.first, path.hasPrefix("/") else { return nil }
        segments = []
        // A slash at the end makes an empty segment, which no route has.
        if path.utf8.count > 1 {
            for segment in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
                guard let text = Target.decoded(segment) else { return nil }
                segments.append(text)
            }
        }
        query = []
        guard parts.count == 2 else { return }
        for pair in parts[1].split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Target.decoded(halves[0], isForm: true),
                let value = halves.count == 2 ? Target.decoded(halves[1], isForm: true) : ""
            else { return nil }
            query.append((name, value))
        }
    }

    /// - Parameter isForm: a plus is a space, as browsers write queries.
    private static func decoded(_ text: some StringProtocol, isForm: Bool = false) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
                    rest.first != UInt8(ascii: "+")
                else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            case UInt8(ascii: "+") where isForm: bytes.append(0x20)
            default: bytes.append(byte)
            }
        }
        // A NUL would end a name for other programs.
        guard !bytes.contains(0) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The query as the route declares it: each name known, and once.
    func parameters(_ known: [Parameter]) throws(ManagementError) -> [String: String] {
        let names = known.filter { $0.place == .query }.map(\.name)
        var values: [String: String] = [:]
        for (name, value) in query {
            guard names.contains(name) else {
                let hint = names.isEmpty ? "; this route has none" : NearestName.hint(for: name, among: names)
                throw ManagementError(
                    .invalidParameter, "unknown parameter \(ClientText.quoted(name))\(hint)", field: name)
            }
            guard values.updateValue(value, forKey: name) == nil else {
                throw ManagementError(
                    .invalidParameter, "the parameter \(name) is given twice; remove one", field: name)
            }
        }
        return values
    }
}

/// Texts of clients in messages: short, and without control characters.
enum ClientText {
    static func quoted(_ text: String) -> String {
        let clean = text.unicodeScalars.map {
            $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "?" : Character($0)
        }
        return clean.count <= 64 ? "\"\(String(clean))\"" : "\"\(String(clean.prefix(64)))…\""
    }
}
