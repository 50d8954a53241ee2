import Ingest
import NIOCore
import WebhookModel
import WireProtocol

// libFuzzer's way in: a whole session, with reads cut anywhere, receipts, time and every pause of its shell.

nonisolated(unsafe) private let harness = SessionHarness()

@_cdecl("LLVMFuzzerTestOneInput")
public func testSessions(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    harness.run(Script(UnsafeRawBufferPointer(start: bytes, count: count)))
    return 0
}

/// Plays an input's steps. Its first byte chooses the limits, and whether the session has said WELCOME before.
private final class SessionHarness {
    private let worlds = FuzzWorld.all
    /// Where a step's bytes are made ready.
    private let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: 8_192, alignment: 16)

    /// A step is a byte: its low four bits say what, its high four bits how.
    private enum Step: UInt8 {
        case bytes, mended, frame, publish
        case receipt, time, takeBack, block, drain, endInput, goodbye, tenants
    }

    func run(_ input: Script) {
        var script = input
        let choice = script.byte()
        let world = worlds[Int(choice >> 1) % worlds.count]
        var conversation = Conversation(world, isOpen: choice & 1 == 1)
        while !script.isAtEnd, !conversation.isOver {
            let byte = script.byte()
            if let step = Step(rawValue: byte & 15) { take(step, Int(byte >> 4), &script, &conversation) }
        }
        conversation.conclude()
    }

    private func take(_ step: Step, _ how: Int, _ script: inout Script, _ conversation: inout Conversation) {
        switch step {
        case .bytes: conversation.read(script.run(), piece: how)
        case .mended:
            let run = script.run()
            let mended = UnsafeMutableRawBufferPointer(rebasing: copy.prefix(min(run.count, copy.count)))
            mended.copyMemory(from: UnsafeRawBufferPointer(rebasing: run.prefix(mended.count)))
            FrameBytes.mend(mended)
            conversation.read(UnsafeRawBufferPointer(mended), piece: how)
        case .frame:
            let (type, id) = (script.byte(), UInt64(script.byte()))
            let run = script.run()
            guard run.count < copy.count / 2 else { return }
            let count = FrameBytes.write(type, requestID: id, body: run, to: copy)
            conversation.read(UnsafeRawBufferPointer(rebasing: copy[..<count]), piece: how)
        case .publish:
            let (copies, id) = (1 + Int(script.byte() & 7), UInt64(script.byte()))
            let run = script.run()
            guard run.count < copy.count / 16 else { return }
            let count = FrameBytes.writePublish(run, copies: copies, requestID: id, to: copy)
            conversation.read(UnsafeRawBufferPointer(rebasing: copy[..<count]), piece: how)
        case .receipt: conversation.receipt(script.byte(), isMixed: how & 1 == 1)
        case .time: conversation.pass(milliseconds: 1 << Int64(how))
        case .takeBack: conversation.queueIsFull(how & 1 == 1)
        case .block: conversation.block(how & 1 == 1)
        case .drain: conversation.drain(milliseconds: 1 << Int64(how))
        case .endInput: conversation.endInput()
        case .goodbye: conversation.outputIsSent()
        case .tenants: conversation.changeTenants(how)
        }
    }
}
