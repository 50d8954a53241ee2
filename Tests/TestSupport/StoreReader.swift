import Foundation
import Glibc

/// Another process that reads a store: it holds snapshots of an LMDB directory, as `mdb_copy` does, until it is ended.
package final class StoreReader {
    private let process = Process()
    private let input = Pipe()

    private static let script = """
        import ctypes, sys
        lmdb = ctypes.CDLL("liblmdb.so.0")
        env = ctypes.c_void_p()
        lmdb.mdb_env_create(ctypes.byref(env))
        MDB_NOTLS, MDB_RDONLY = 0x200000, 0x20000
        code = lmdb.mdb_env_open(env, sys.argv[1].encode(), MDB_NOTLS, 0o600)
        taken = 0
        while code == 0 and taken < int(sys.argv[2]):
            snapshot = ctypes.c_void_p()
            code = lmdb.mdb_txn_begin(env, None, MDB_RDONLY, ctypes.byref(snapshot))
            taken += 1 if code == 0 else 0
        print(taken, flush=True)
        sys.stdin.read()
        """

    package var pid: Int32 { process.processIdentifier }
    /// How many snapshots it holds: fewer than asked for where there were no more slots.
    package private(set) var snapshots = 0

    /// Starts it; returns when it holds its snapshots.
    package init(_ directory: String, snapshots wanted: Int = 1) throws {
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-c", StoreReader.script, directory, "\(wanted)"]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let text = output.fileHandleForReading.availableData
        snapshots = Int(String(decoding: text, as: UTF8.self).filter(\.isNumber)) ?? 0
    }

    /// Ends it as `kill -9` does: its slots stay taken.
    package func kill() {
        Glibc.kill(pid, SIGKILL)
        process.waitUntilExit()
    }

    deinit { if process.isRunning { kill() } }
}
