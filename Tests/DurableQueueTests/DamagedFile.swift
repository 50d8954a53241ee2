import Foundation
import Testing

/// Damages what a stopped queue stored.
enum DamagedFile {
    /// Flips a bit in the middle of a run of bytes, wherever it stands in the file.
    static func flip(run: [UInt8], in path: String) throws {
        let url = URL(filePath: path)
        var bytes = try Data(contentsOf: url)
        var search = bytes.startIndex..<bytes.endIndex
        var flipped = 0
        while let found = bytes.range(of: Data(run), in: search) {
            bytes[found.lowerBound + run.count / 2] ^= 1
            search = found.upperBound..<bytes.endIndex
            flipped += 1
        }
        try #require(flipped > 0)
        try bytes.write(to: url)
    }
}
