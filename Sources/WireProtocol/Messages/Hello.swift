public import NIOCore

/// HELLO: identifies the client. The first frame on a connection, sent once (Protocol.md, 5.1).
public struct Hello: Message, Equatable {
    public static let frameType = FrameType.hello

    public var minorVersion: UInt16 = 0
    /// Features that the client can use. Version 1.0 has none.
    public var features: UInt32 = 0
    public var apiKey: String
    /// For logs: the name of the client program.
    public var clientName: String

    public init(apiKey: String, clientName: String) {
        self.apiKey = apiKey
        self.clientName = clientName
    }

    // A later minor version may append fields, so trailing bytes are allowed here.
    public init(decoding body: UnsafeRawBufferPointer) throws(BodyError) {
        var reader = BodyReader(body)
        minorVersion = try reader.number("minor version")
        features = try reader.number("feature bits")
        apiKey = try reader.text("API key")
        clientName = try reader.text("client name")
    }

    public func encode(to buffer: inout ByteBuffer) {
        buffer.writeInteger(minorVersion)
        buffer.writeInteger(features)
        buffer.writeText(apiKey)
        buffer.writeText(clientName)
    }
}
