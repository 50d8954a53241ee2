/// The event-type filter of an endpoint.
public struct Subscription: Sendable, Equatable {
    /// One pattern: `*` (everything), `task.*` (the prefix and its dot) or an exact type.
    public enum Pattern: Sendable, Hashable {
        case everything
        case prefix(String)
        case exact(String)

        /// Reads a pattern. nil: it is empty, over 128 bytes, or has a star anywhere except at the end after a dot.
        public init?(_ text: String) {
            if text == "*" {
                self = .everything
                return
            }
            guard !text.isEmpty, text.utf8.count <= Limits.eventTypeBytes else { return nil }
            if text.hasSuffix(".*") {
                let prefix = String(text.dropLast())
                guard !prefix.contains("*"), prefix != "." else { return nil }
                self = .prefix(prefix)
            } else {
                guard !text.contains("*") else { return nil }
                self = .exact(text)
            }
        }

        /// As it was written.
        public var text: String {
            switch self {
            case .everything: "*"
            case .prefix(let prefix): prefix + "*"
            case .exact(let type): type
            }
        }
    }

    public var patterns: [Pattern]

    public init(_ patterns: [Pattern]) { self.patterns = patterns }

    public static let all = Subscription([.everything])

    /// Whether an event of this type is delivered to the endpoint.
    public func matches(_ type: UnsafeRawBufferPointer) -> Bool {
        patterns.contains { pattern in
            switch pattern {
            case .everything: true
            case .prefix(let prefix): type.starts(with: prefix.utf8)
            case .exact(let exact): type.elementsEqual(exact.utf8)
            }
        }
    }

    /// Whether every event matches, so that no type needs to be compared.
    public var matchesEverything: Bool { patterns.contains(.everything) }
}
