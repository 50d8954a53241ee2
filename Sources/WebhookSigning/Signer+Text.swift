// For tools and tests: text in, text out.
extension Signer {
    /// The headers of a message, in the order of the scheme.
    ///
    /// - Parameter timestamp: Unix seconds of the attempt.
    public func headers(
        id: String = "", type: String = "", timestamp: Int64, body: some Sequence<UInt8>
    ) -> [(name: String, value: String)] {
        let id = Array(id.utf8)
        let type = Array(type.utf8)
        let body = Array(body)
        var output = [UInt8](repeating: 0, count: headBytes(id: id.count, type: type.count))
        var lines: [Range<Int>] = []
        id.withUnsafeBytes { id in
            type.withUnsafeBytes { type in
                body.withUnsafeBytes { body in
                    output.withUnsafeMutableBytes { output in
                        let message = MessageToSign(id: id, type: type, seconds: timestamp, body: body)
                        write(message, into: output) { lines.append($0) }
                    }
                }
            }
        }
        return zip(scheme.headers, lines).map { header, line in
            let value = output[line].dropFirst(header.name.utf8.count + 2)
            return (header.name, String(decoding: value, as: UTF8.self))
        }
    }

    /// The value of the header that carries the signature.
    public func signature(
        id: String = "", type: String = "", timestamp: Int64, body: some Sequence<UInt8>
    ) -> String {
        let place = scheme.headers.firstIndex { $0.value.variables.contains(.signature) } ?? 0
        return headers(id: id, type: type, timestamp: timestamp, body: body)[place].value
    }
}
