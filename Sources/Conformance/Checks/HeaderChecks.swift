import WireProtocol

/// Protocol.md, 3 and 4: frame headers and types.
enum HeaderChecks {
    static let all = [
        everyBit, flags, reserved, unknownTypes, tooLong, order, skipped, wrongSide,
    ]

    private static let everyBit = Check(
        "header-flipped-bits", ["3.3"], "every flipped bit of a PUBLISH's header gets CLOSE HEADER_CORRUPT"
    ) { stage in
        let bytes = stage.publish(2).bytes
        for bit in 0..<FrameHeader.byteCount * 8 {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << (bit % 8)
            let peer = try stage.welcomed()
            peer.send(flipped)
            try peer.expectClose(.headerCorrupt, "3.3")
        }
    }

    private static let flags = Check("header-flags", ["3.3"], "every set flag bit gets CLOSE PROTOCOL_ERROR") {
        for bit in 0..<8 {
            var ping = RawFrame.ping(1)
            ping.flags = 1 << bit
            try refuse(ping, .protocolError, $0)
        }
    }

    private static let reserved = Check("header-reserved", ["3.3"], "every set reserved bit gets CLOSE PROTOCOL_ERROR")
    {
        for bit in 0..<16 {
            var ping = RawFrame.ping(1)
            ping.reserved = 1 << bit
            try refuse(ping, .protocolError, $0)
        }
    }

    private static let unknownTypes = Check(
        "header-unknown-type", ["3.3"], "an unknown type below 0x80 gets CLOSE PROTOCOL_ERROR"
    ) {
        for type: UInt8 in [0x00, 0x03, 0x0F, 0x12, 0x1F, 0x22, 0x32, 0x40, 0x7F] {
            try refuse(RawFrame(type: type), .protocolError, $0)
        }
    }

    private static let tooLong = Check(
        "header-length", ["3.3", "3.4"], "a length over the announced limit gets CLOSE FRAME_TOO_LARGE before any body"
    ) { stage in
        for excess in [1, UInt32.max / 2, .max] {
            let peer = try stage.welcomed()
            let limit = UInt32(peer.limits.frameBytes)
            peer.send(
                RawFrame(
                    type: FrameType.publish.rawValue,
                    length: limit.addingReportingOverflow(excess).overflow ? .max : limit + excess))
            try peer.expectClose(.frameTooLarge, "3.4")
        }
    }

    private static let order = Check(
        "header-order", ["3.3"], "of several faults of a header the first one in the list is reported"
    ) {
        var frame = RawFrame(type: 0x7F, flags: 1, reserved: 1, length: .max, headerChecksumError: 1)
        try refuse(frame, .headerCorrupt, $0)
        frame.headerChecksumError = 0
        try refuse(frame, .protocolError, $0)
        frame.flags = 0
        frame.reserved = 0
        try refuse(frame, .protocolError, $0)
    }

    private static let skipped = Check(
        "header-skipped", ["3.6"], "unknown types from 0x80 on are skipped with their bodies"
    ) {
        let peer = try $0.welcomed()
        let ping = RawFrame.ping(9)
        let body = [UInt8](repeating: 0xEE, count: 1_000)
        peer.send(RawFrame(type: 0x80), RawFrame(type: 0xA5, body: body), RawFrame(type: 0xFF, body: [1]), ping)
        try peer.expectPong(9, of: ping, "3.6")
    }

    private static let wrongSide = Check(
        "header-wrong-side", ["4.1"], "WELCOME, ACK and GOAWAY from a client get CLOSE PROTOCOL_ERROR"
    ) {
        for type in [FrameType.welcome, .ack, .goAway] {
            let peer = try $0.welcomed()
            peer.send(RawFrame(type, body: [UInt8](repeating: 0, count: 21)))
            try peer.expectClose(.protocolError, "4.1")
        }
    }

    private static func refuse(_ frame: RawFrame, _ status: ProtocolStatus, _ stage: Stage) throws {
        let peer = try stage.welcomed()
        peer.send(frame)
        try peer.expectClose(status, "3.3")
    }
}
