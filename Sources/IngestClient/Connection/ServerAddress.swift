/// Where a server listens.
public enum ServerAddress: Sendable, Hashable {
    /// Name or IP address, and port.
    case tcp(host: String, port: Int)
    /// Path of a Unix socket: 107 bytes at most (unix(7)).
    case unix(path: String)

    /// The default port (Protocol.md, 1).
    public static let standardPort = 7400

    /// Reads `HOST`, `HOST:PORT`, `[IPV6]:PORT` or `unix:PATH`. nil: anything else.
    public init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard !path.isEmpty, path.utf8.count <= 107 else { return nil }
            self = .unix(path: path)
            return
        }
        let (host, port): (Substring, Substring?)
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            (host, port) = (text[text.index(after: text.startIndex)..<end], rest.isEmpty ? nil : rest.dropFirst())
        } else if let colon = text.lastIndex(of: ":") {
            (host, port) = (text[..<colon], text[text.index(after: colon)...])
            // A bare IPv6 address: its last group is not a port.
            guard !host.contains(":") else { return nil }
        } else {
            (host, port) = (text[...], nil)
        }
        guard !host.isEmpty, let number = port.map({ Int($0) }) ?? ServerAddress.standardPort,
            (1...65_535).contains(number)
        else { return nil }
        self = .tcp(host: String(host), port: number)
    }
}

extension ServerAddress: CustomStringConvertible {
    /// In the form that `init(_:)` reads.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
