/// A header that an endpoint's owner adds to every message. Its value may be a credential, so printing never shows it.
public struct CustomHeader: Sendable, Hashable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// Bytes of its line on the wire: name, colon, space, value, CR, LF.
    public var lineBytes: Int { name.utf8.count + value.utf8.count + 4 }

    /// What is wrong with the header, without its value; nil: it is valid.
    public var mistake: String? {
        if let mistake = HeaderRules.mistake(inName: name) ?? HeaderRules.mistake(inValue: value) { return mistake }
        return HeaderRules.isReserved(name) ? "is set by the dispatcher or by HTTP itself; choose another name" : nil
    }
}

extension CustomHeader: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "\(name): <redacted>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What the body of a message contains.
public enum BodyForm: String, Sendable, CaseIterable {
    /// Payload and content type as published.
    case raw
    /// A JSON object around the payload (``WebhookModel`` describes it).
    case envelope
}
