import Glibc
import LMDB
import TestSupport
import Testing

@Suite struct FileHeadroomTests {
    private let directory = TemporaryDirectory()

    private var fileBytes: Int {
        var status = stat()
        return stat(directory.path + "/data.mdb", &status) == 0 ? Int(status.st_size) : 0
    }

    private func usedBytes(_ environment: Environment) -> Int {
        (environment.info.lastPage + 1) * environment.info.pageBytes
    }

    private func put(_ number: UInt64, bytes: Int, _ environment: Environment) throws(LMDBError) {
        let transaction = try environment.beginWrite()
        let database = try transaction.open("t")
        try transaction.reserve(database, Key(number), count: bytes).initializeMemory(
            as: UInt8.self, repeating: UInt8(number & 0x7F))
        try transaction.commit()
    }

    private func get(_ number: UInt64, _ environment: Environment) throws -> [UInt8]? {
        let transaction = try environment.beginWrite()
        return try transaction.get(try transaction.open("t"), Key(number)).map { Array($0) }
    }

    @Test func smallCommitsDoNotExtendTheFile() throws {
        do {
            let environment = try Environment(path: directory.path, mapBytes: 1 << 24, databases: 4)
            var headroom = FileHeadroom(environment)
            headroom.keep(environment)
            for number in 1...400 as ClosedRange<UInt64> {
                headroom.keep(environment)
                let before = fileBytes
                try put(number, bytes: 2_000, environment)
                #expect(fileBytes == before)
            }
            #expect(fileBytes >= usedBytes(environment))
            #expect(fileBytes < usedBytes(environment) + 1 << 20)
        }
        let environment = try Environment(path: directory.path, mapBytes: 1 << 24, databases: 4)
        for number in 1...400 as ClosedRange<UInt64> {
            let value = try get(number, environment)
            #expect(value == [UInt8](repeating: UInt8(number & 0x7F), count: 2_000))
        }
    }

    @Test func afterALargeCommitNothingIsWrittenAhead() throws {
        let environment = try Environment(path: directory.path, mapBytes: 1 << 24, databases: 4)
        var headroom = FileHeadroom(environment)
        headroom.keep(environment)
        try put(1, bytes: 1 << 20, environment)
        let after = fileBytes
        headroom.keep(environment)
        #expect(fileBytes == after)
    }

    @Test func amongLargeCommitsNothingIsWrittenAheadForSmallOnes() throws {
        let environment = try Environment(path: directory.path, mapBytes: 1 << 26, databases: 4)
        var headroom = FileHeadroom(environment)
        headroom.keep(environment)
        for number in 1...40 as ClosedRange<UInt64> {
            try put(number, bytes: number % 4 == 0 ? 200_000 : 2_000, environment)
            headroom.keep(environment)
        }
        #expect(fileBytes < usedBytes(environment) + 300_000)
        // With the large ones gone it begins again.
        for number in 41...60 as ClosedRange<UInt64> {
            try put(number, bytes: 2_000, environment)
            headroom.keep(environment)
        }
        #expect(fileBytes >= usedBytes(environment) + 64 * 1_024 - 4_096)
    }

    @Test func theMapsSizeIsNotExceeded() throws {
        let environment = try Environment(path: directory.path, mapBytes: 1 << 17, databases: 4)
        var headroom = FileHeadroom(environment)
        headroom.keep(environment)
        #expect(fileBytes <= 1 << 17)
    }
}
