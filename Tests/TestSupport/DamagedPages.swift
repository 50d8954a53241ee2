import Glibc

/// Damages pages of a data file in place, as a bad disk does. A process that has the file mapped sees it.
package enum DamagedPages {
    private static let bytes = 4_096

    /// Overwrites with zeros every page that holds the run.
    ///
    /// - Returns: the number of pages.
    package static func zero(run: [UInt8], in path: String) throws -> Int {
        let file = open(path, O_RDWR | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var page = [UInt8](repeating: 0, count: bytes)
        let zeros = [UInt8](repeating: 0, count: bytes)
        var offset = 0
        var damaged = 0
        while pread(file, &page, bytes, off_t(offset)) == bytes {
            if start(of: run, in: page) != nil, pwrite(file, zeros, bytes, off_t(offset)) == bytes { damaged += 1 }
            offset += bytes
        }
        return damaged
    }

    /// Flips one bit in the middle of the run, wherever it stands on one page.
    ///
    /// - Returns: the number of places.
    package static func flip(run: [UInt8], in path: String) throws -> Int {
        let file = open(path, O_RDWR | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var page = [UInt8](repeating: 0, count: bytes)
        var offset = 0
        var flipped = 0
        while pread(file, &page, bytes, off_t(offset)) == bytes {
            if let start = start(of: run, in: page) {
                let place = start + run.count / 2
                var byte = page[place] ^ 1
                if pwrite(file, &byte, 1, off_t(offset + place)) == 1 { flipped += 1 }
            }
            offset += bytes
        }
        return flipped
    }

    private static func start(of run: [UInt8], in page: [UInt8]) -> Int? {
        var rest = page[...]
        while let start = rest.firstIndex(of: run[0]), start + run.count <= page.count {
            if page[start..<start + run.count].elementsEqual(run) { return start }
            rest = page[(start + 1)...]
        }
        return nil
    }
}
