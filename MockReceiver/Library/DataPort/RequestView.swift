import Glibc

/// A whole request, or one whose head is whole, in memory: borrowed for a call.
struct RequestView {
    /// From the request's first byte; fields and ranges count from there.
    let bytes: UnsafeRawBufferPointer
    let method: UnsafeRawBufferPointer
    let fields: UnsafeBufferPointer<RequestParser.Field>
    /// The target without its query.
    let path: UnsafeRawBufferPointer
    /// The text after the path's `?`; empty: there is none.
    let query: UnsafeRawBufferPointer
    let headLength: Int
    /// Unchunked.
    let body: UnsafeRawBufferPointer
    /// The event type and tenant in the message, if a rule of its path needs them.
    private(set) var eventType: UnsafeRawBufferPointer?
    private(set) var tenant: UnsafeRawBufferPointer?
    /// Set for a handshake only.
    var handshake: Handshake?

    /// The view with the values that the path's rules need: a body is searched once, not by every rule.
    func read(for path: ResolvedPath) -> RequestView {
        guard path.asksType || path.asksTenant else { return self }
        var read = self
        if path.asksType {
            read.eventType = MessageText.value(header: MessageText.typeHeader, member: MessageText.typeMember, self)
        }
        if path.asksTenant {
            read.tenant = MessageText.value(header: MessageText.tenantHeader, member: MessageText.tenantMember, self)
        }
        return read
    }

    /// The value of the first field with this name, without surrounding spaces; empty: there is none.
    ///
    /// - Parameter name: in lower case.
    func value(of name: [UInt8]) -> UnsafeRawBufferPointer {
        for field in fields where field.name.count == name.count {
            if HTTPGrammar.equal(bytes, field.name, name) {
                return UnsafeRawBufferPointer(rebasing: bytes[field.value])
            }
        }
        return UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// Whether both hold the same bytes.
    static func equal(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard left.count == right.count else { return false }
        guard let one = left.baseAddress, let other = right.baseAddress else { return true }
        return memcmp(one, other, left.count) == 0
    }
}
