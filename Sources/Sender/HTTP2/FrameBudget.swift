import WebhookModel

/// How many frames without content a peer may send: PING, SETTINGS, PRIORITY, CONTINUATION, resets, empty DATA, frames
/// of unknown streams. Each costs time and moves nothing (CVE-2019-9511 to 9518, CVE-2024-28182).
///
/// The budget grows with time and with each request, because an honest server answers a request with window updates and
/// now and then a PING. DATA and HEADERS of open streams are not counted here: an answer's limit in bytes bounds them.
package struct FrameBudget {
    private var left = Limits.idleFrames
    /// Monotonic nanoseconds up to which time has been counted.
    private var countedUntil: Int64?
    /// Received bytes that belong to no known frame; below 0: the rest of a frame that has begun.
    private var unknownBytes = 0

    package init() {}

    package var isSpent: Bool { left < 0 }

    /// Counts one frame.
    package mutating func spend() { left -= 1 }

    /// A frame of a known type begins, with this number of bytes in all.
    package mutating func know(_ bytes: Int) { unknownBytes -= bytes }

    /// Bytes were received. Those that `know` did not announce are frames of unknown types, about which nghttp2 tells
    /// nothing.
    package mutating func spend(unknown bytes: Int) {
        unknownBytes += bytes
        guard unknownBytes >= Limits.unknownFrameBytes else { return }
        left -= unknownBytes / Limits.unknownFrameBytes
        unknownBytes %= Limits.unknownFrameBytes
    }

    /// A request was sent.
    package mutating func addRequest() { add(Limits.idleFramesPerRequest) }

    /// Time has passed. `now`: monotonic nanoseconds; a time before the last one adds nothing.
    package mutating func advance(to now: Int64) {
        guard let from = countedUntil else {
            countedUntil = now
            return
        }
        let frame = 1_000_000_000 / Int64(Limits.idleFramesPerSecond)
        // In whole frames, and never more than a full budget's worth, so that a leap of the clock is harmless.
        let more = min(max(0, now - from) / frame, Int64(Limits.idleFrames))
        guard more > 0 else { return }
        countedUntil = more == Int64(Limits.idleFrames) ? now : from + more * frame
        add(Int(more))
    }

    private mutating func add(_ frames: Int) { left = min(left + frames, Limits.idleFrames) }
}
