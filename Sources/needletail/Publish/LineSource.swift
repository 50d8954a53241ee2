import Glibc
import NIOPosix
import WebhookModel

/// The lines of a file or a pipe, read in blocks on a thread that may block.
struct LineSource {
    struct Line {
        /// Counted from 1.
        let number: Int
        let bytes: ArraySlice<UInt8>
        /// The line is over the limit; `bytes` are its beginning.
        var isCutOff = false
    }

    private let descriptor: CInt
    private var tail: [UInt8] = []
    private var number = 0
    private var isSkipping = false
    private var isAtStart = false
    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    private var isOver = false
    /// Bytes read so far, and of the whole file if that is known.
    private(set) var bytesRead = 0
    let bytesInAll: Int?

    /// - Parameter path: nil: standard input.
    init(path: String?) throws(EventMistake) {
        guard let path else {
            descriptor = STDIN_FILENO
            bytesInAll = nil
            return
        }
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw EventMistake("\(path): cannot be read: \(String(cString: strerror(errno)))")
        }
        var status = stat()
        bytesInAll = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
    }

    /// Whether a read would block until the writer writes.
    var mustWait: Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) == 0
    }

    /// The lines that end in the next block, without empty ones. nil: the end.
    mutating func next() async throws -> [Line]? {
        guard !isOver else { return nil }
        let piece = try await LineSource.read(descriptor)
        let isStart = bytesRead == 0
        bytesRead += piece.count
        var lines: [Line] = []
        if piece.isEmpty {
            isOver = true
            if !tail.isEmpty { tail.append(0x0A) }
        }
        tail += piece
        if isStart { isAtStart = true }
        // RFC 8259, 8.1: a byte order mark may be ignored. It may come in two reads.
        if isAtStart, tail.count >= LineSource.mark.count || isOver {
            if tail.starts(with: LineSource.mark) { tail.removeFirst(LineSource.mark.count) }
            isAtStart = false
        }
        if isAtStart, LineSource.mark.starts(with: tail) { return lines }
        isAtStart = false
        var start = 0
        while let end = tail[start...].firstIndex(of: 0x0A) {
            take(tail[start..<end], into: &lines)
            start = end + 1
        }
        tail.removeFirst(start)
        if tail.count > Limits.publishLineBytes, !isSkipping {
            number += 1
            lines.append(Line(number: number, bytes: [], isCutOff: true))
            isSkipping = true
        }
        if isSkipping { tail.removeAll(keepingCapacity: true) }
        return lines
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>, into lines: inout [Line]) {
        // The end of a line that was already reported.
        guard !isSkipping else {
            isSkipping = false
            return
        }
        number += 1
        let text = bytes.last == 0x0D ? bytes.dropLast() : bytes
        if !text.isEmpty { lines.append(Line(number: number, bytes: text)) }
    }

    private static func read(_ descriptor: CInt) async throws -> [UInt8] {
        try await NIOThreadPool.singleton.runIfActive {
            var piece = [UInt8](repeating: 0, count: Limits.publishReadBytes)
            while true {
                let count = Glibc.read(descriptor, &piece, piece.count)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw EventMistake("reading failed: \(String(cString: strerror(errno)))") }
                piece.removeLast(piece.count - count)
                return piece
            }
        }
    }

    /// A whole file, or standard input for `-`.
    static func whole(_ path: String) async throws -> [UInt8] {
        let source = try LineSource(path: path == "-" ? nil : path)
        var bytes: [UInt8] = []
        while true {
            let piece = try await read(source.descriptor)
            if piece.isEmpty { return bytes }
            bytes += piece
            guard bytes.count <= Limits.publishLineBytes else {
                throw EventMistake("\(path): over \(Limits.publishLineBytes) bytes")
            }
        }
    }
}
