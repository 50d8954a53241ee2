/// Which paths a rule is for: an exact path, or with a final `*` every path with that prefix.
public struct PathPattern: Sendable, Hashable {
    private let text: String
    private let isPrefix: Bool

    /// Every path.
    public static let all = PathPattern(path: "", isPrefix: true)

    /// nil: not `*` and not beginning with `/`, or with a `*` or `?` anywhere except at its end.
    public init?(_ text: String) {
        isPrefix = text.hasSuffix("*")
        self.text = isPrefix ? String(text.dropLast()) : text
        guard self.text.isEmpty ? isPrefix : self.text.hasPrefix("/") else { return nil }
        guard !self.text.contains(where: { $0 == "*" || $0 == "?" || $0 == " " }) else { return nil }
    }

    /// Exactly this path, whatever its characters.
    public static func exact(_ path: String) -> PathPattern { PathPattern(path: path, isPrefix: false) }

    private init(path: String, isPrefix: Bool) {
        text = path
        self.isPrefix = isPrefix
    }

    public func matches(_ path: String) -> Bool {
        isPrefix ? path.utf8.starts(with: text.utf8) : path == text
    }

    /// Whether it matches every path that the other one does.
    func covers(_ other: PathPattern) -> Bool {
        isPrefix ? other.text.utf8.starts(with: text.utf8) : !other.isPrefix && other.text == text
    }
}

extension PathPattern: CustomStringConvertible {
    /// As it was written.
    public var description: String { isPrefix ? text + "*" : text }
}
