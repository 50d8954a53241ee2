import WebhookModel

/// A text with placeholders: `t={timestamp},{signature}`.
///
/// Parsed once. Filling it and reading a filled one back allocate nothing.
public struct MessageTemplate: Sendable, Hashable {
    /// What a placeholder stands for.
    public enum Variable: String, Sendable, CaseIterable {
        /// The message's id, the same on every attempt.
        case id
        /// Unix seconds of the attempt, in decimal.
        case timestamp
        /// The event's type.
        case type
        /// The whole body. In signed content only.
        case body
        /// The signatures of the live secrets. In header values only.
        case signature
    }

    enum Part: Sendable, Hashable {
        /// A run of `bytes`.
        case text(Range<Int>)
        case variable(Variable)
    }

    /// As it was written.
    public let text: String
    let bytes: [UInt8]
    let parts: [Part]

    /// - Throws: `badTemplate` for an unknown or unclosed placeholder, for anything except visible ASCII and spaces, or
    /// over 256 bytes.
    public init(_ text: String) throws(SignatureSchemeError) {
        self.text = text
        bytes = Array(text.utf8)
        guard bytes.count <= Limits.templateBytes, bytes.allSatisfy({ (0x20..<0x7F).contains($0) }) else {
            throw .badTemplate(text, "expected at most \(Limits.templateBytes) visible ASCII characters")
        }
        parts = try MessageTemplate.parts(text, bytes)
    }

    private static func parts(_ text: String, _ bytes: [UInt8]) throws(SignatureSchemeError) -> [Part] {
        let open = UInt8(ascii: "{")
        let close = UInt8(ascii: "}")
        var parts: [Part] = []
        var start = 0
        while start < bytes.count {
            if bytes[start] == open {
                guard let end = bytes[start...].firstIndex(of: close),
                    let variable = Variable(rawValue: String(decoding: bytes[(start + 1)..<end], as: UTF8.self))
                else {
                    let known = Variable.allCases.map { "{\($0.rawValue)}" }.joined(separator: ", ")
                    throw .badTemplate(text, "unknown or unclosed placeholder; known are \(known)")
                }
                parts.append(.variable(variable))
                start = end + 1
            } else {
                let end = bytes[start...].firstIndex(of: open) ?? bytes.count
                guard !bytes[start..<end].contains(close) else { throw .badTemplate(text, "a } without a {") }
                parts.append(.text(start..<end))
                start = end
            }
        }
        return parts
    }

    /// The placeholders, in order.
    var variables: [Variable] {
        parts.compactMap { part in if case .variable(let variable) = part { variable } else { nil } }
    }

    /// Whether two placeholders are adjacent: in the filled text they could not be separated.
    var hasNeighbours: Bool {
        zip(parts, parts.dropFirst()).contains { left, right in
            if case .variable = left, case .variable = right { true } else { false }
        }
    }

    /// Bytes of the fixed text.
    var fixedBytes: Int {
        parts.reduce(0) { sum, part in if case .text(let range) = part { sum + range.count } else { sum } }
    }
}

/// A message's parts in memory, borrowed for a call.
struct MessageBytes {
    var id = UnsafeRawBufferPointer(start: nil, count: 0)
    var timestamp = UnsafeRawBufferPointer(start: nil, count: 0)
    var type = UnsafeRawBufferPointer(start: nil, count: 0)
    var body = UnsafeRawBufferPointer(start: nil, count: 0)
    var signature = UnsafeRawBufferPointer(start: nil, count: 0)

    subscript(variable: MessageTemplate.Variable) -> UnsafeRawBufferPointer {
        get {
            switch variable {
            case .id: id
            case .timestamp: timestamp
            case .type: type
            case .body: body
            case .signature: signature
            }
        }
        set {
            switch variable {
            case .id: id = newValue
            case .timestamp: timestamp = newValue
            case .type: type = newValue
            case .body: body = newValue
            case .signature: signature = newValue
            }
        }
    }
}

extension MessageTemplate {
    /// Gives the filled template piece by piece.
    func pieces(of message: MessageBytes, _ take: (UnsafeRawBufferPointer) -> Void) {
        bytes.withUnsafeBytes { bytes in
            for part in parts {
                switch part {
                case .text(let range): take(UnsafeRawBufferPointer(rebasing: bytes[range]))
                case .variable(let variable): take(message[variable])
                }
            }
        }
    }

    /// Reads a filled template back. A placeholder's text reaches to the first occurrence of the text after it.
    ///
    /// - Returns: false: the value does not have this form.
    func read(_ value: UnsafeRawBufferPointer, into message: inout MessageBytes) -> Bool {
        var position = 0
        for (index, part) in parts.enumerated() {
            switch part {
            case .text(let range):
                guard value[position...].starts(with: bytes[range]) else { return false }
                position += range.count
            case .variable(let variable):
                guard let end = end(ofPlace: index, in: value, from: position), end > position else { return false }
                message[variable] = UnsafeRawBufferPointer(rebasing: value[position..<end])
                position = end
            }
        }
        return position == value.count
    }

    private func end(ofPlace index: Int, in value: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard index + 1 < parts.count, case .text(let range) = parts[index + 1] else { return value.count }
        return (start...value.count).first { value[$0...].starts(with: bytes[range]) }
    }
}
