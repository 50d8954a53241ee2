import Settings
import Store
import WebhookModel

// What an event's record says, for answers.
extension Event {
    /// Without one it is JSON.
    var contentType: String { record.contentType.count > 0 ? text(record.contentType) : "application/json" }

    /// In the order of the record. Names may repeat on the wire; an object has the first of each.
    var attributes: [(name: String, value: String)] {
        var offset = Int(record.attributes.offset)
        func next() -> String {
            let count = Int(bytes[offset]) << 8 | Int(bytes[offset + 1])
            defer { offset += 2 + count }
            return String(decoding: bytes[offset + 2..<offset + 2 + count], as: UTF8.self)
        }
        var found: [(name: String, value: String)] = []
        for _ in 0..<record.attributeCount {
            let name = next()
            let value = next()
            if !found.contains(where: { $0.name == name }) { found.append((name, value)) }
        }
        return found
    }

    /// Whether the payload may stand in an answer as it is: its type says JSON, and it is.
    var isJSON: Bool {
        let essence = contentType.prefix { $0 != ";" && $0 != " " }.lowercased()
        guard essence == "application/json" || essence.hasSuffix("+json") else { return false }
        do throws(JSONScanner.Mistake) { try JSONScanner.check(bytes[record.payload.range]) } catch { return false }
        return true
    }
}
