import Foundation
import MockReceiver
import Testing

/// Judged by Python's zlib, which knows nothing of how the stream was made.
@Suite(.timeLimit(.minutes(5))) struct GzipBombTests {
    @Test(arguments: [1, 3, 64]) func unpacksToZeros(mebibytes: Int) async throws {
        let fault = Behaviour(reply: .fault(.gzipBomb(mebibytes: mebibytes), Answer()))
        try await withReceiver(BehaviourProgram(everywhere: fault)) { receiver in
            let script = """
                import gzip, sys, urllib.request
                answer = urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:\(receiver.port)/", data=b"{}"))
                packed = answer.read()
                unpacked = gzip.decompress(packed)
                print(answer.headers["content-encoding"], len(unpacked), len(packed), unpacked.count(0))
                """
            let words = try await Python.run(script).split(separator: " ").map(String.init)
            let size = mebibytes << 20
            #expect(
                words.count == 4 && words[0] == "gzip" && Int(words[1]) == size && Int(words[3]) == size, "\(words)")
            #expect(try #require(Int(words[2])) < size / 900)
        }
    }
}

/// Runs a program of the system's Python.
enum Python {
    static func run(_ script: String) async throws -> String {
        let text = try await CommandRun(program: "/usr/bin/env", ["python3", "-c", script]).output
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
