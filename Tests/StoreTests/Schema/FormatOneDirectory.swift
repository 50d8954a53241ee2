import Foundation
import LMDB
import Store
import TestSupport
import Testing

/// The directory of format 1 that is kept in Tests/Vectors/records/format-1, unpacked.
enum FormatOneDirectory {
    static func unpack(into path: String) throws {
        let packed = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Vectors/records/format-1/data.mdb.gz")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", #"gzip -dc "$0" > "$1/data.mdb""#, packed.path, path]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }
}
