import WireProtocol

/// Protocol.md, 3.5 and 3.7: bodies that are damaged or broken.
enum BodyChecks {
    static let all = [corruptPublish, corruptPing, everyBit] + broken

    private static let corruptPublish = Check(
        "body-corrupt-publish", ["3.5"],
        "a PUBLISH with a wrong body checksum gets CORRUPT, is not stored, and the connection stays open"
    ) {
        let peer = try $0.welcomed()
        var publish = $0.publish(7, events: 3)
        publish.bodyChecksumError = 0x8000_0000
        peer.send(publish)
        try peer.expectCorrupt(7, "3.5")
        publish.bodyChecksumError = 0
        publish.requestID = 8
        peer.send(publish)
        // If it had been stored, it would be a DUPLICATE now.
        let fresh = Wanted.either(.accepted, .acceptedNoMatch)
        try peer.expectAck(8, [fresh, fresh, fresh], "3.5")
    }

    private static let corruptPing = Check(
        "body-corrupt-ping", ["3.5"], "a PING with a wrong body checksum gets CORRUPT, and the connection stays open"
    ) {
        let peer = try $0.welcomed()
        var ping = RawFrame.ping(7)
        ping.bodyChecksumError = 1
        peer.send(ping)
        try peer.expectCorrupt(7, "3.5")
        try peer.expectAlive("3.5")
    }

    /// Below the limit of 100 control frames per second (8.9).
    private static let flipsPerConnection = 90

    private static let everyBit = Check(
        "body-flipped-bits", ["3.5", "7.2"],
        "every flipped bit of a PUBLISH's body gets CORRUPT, never a final answer"
    ) { stage in
        let bytes = stage.publish(7).bytes
        let bits = Array(FrameHeader.byteCount * 8..<bytes.count * 8)
        for start in stride(from: 0, to: bits.count, by: flipsPerConnection) {
            let peer = try stage.welcomed()
            for bit in bits[start..<min(start + flipsPerConnection, bits.count)] {
                var flipped = bytes
                flipped[bit / 8] ^= 1 << (bit % 8)
                peer.send(flipped)
                try peer.expectCorrupt(7, "7.2")
            }
        }
    }

    private static let broken = [
        refused("ping-short", "a PING that is one byte too short") { _ in
            RawFrame(.ping, body: [UInt8](repeating: 0, count: 15))
        },
        refused("ping-long", "a PING that is one byte too long") { _ in
            RawFrame(.ping, body: [UInt8](repeating: 0, count: 17))
        },
        refused("pong-short", "a PONG that is one byte too short") { _ in
            RawFrame(.pong, body: [UInt8](repeating: 0, count: 31))
        },
        refused("close-empty", "a CLOSE without a body") { _ in RawFrame(.close) },
        refused("close-left-over", "a CLOSE with a trailing byte") { _ in .close(.protocolError, appended: [0]) },
        refused("close-not-utf8", "a CLOSE whose text is not UTF-8") { _ in .close(.protocolError, text: [0xC3, 0x28])
        },
    ]

    private static func refused(_ id: String, _ what: String, _ frame: @escaping @Sendable (Stage) -> RawFrame) -> Check
    {
        Check("body-\(id)", ["3.7"], "\(what) gets CLOSE PROTOCOL_ERROR") {
            let peer = try $0.welcomed()
            peer.send(frame($0))
            try peer.expectClose(.protocolError, "3.7")
        }
    }
}
