import Glibc
import NIOCore
import NIOPosix

/// The file of a Unix socket: from start to stop. It is never taken from another process.
struct UnixSocketFile: Sendable {
    /// Why the server cannot listen on the path.
    struct Refusal: Error, Equatable {
        let reason: String
    }

    let path: String
    /// Identify our file: another process may have replaced it since.
    private let device: dev_t
    private let inode: ino_t

    /// Removes a socket file on which no process listens any more, as a crash leaves it.
    static func removeStale(_ path: String, group: any EventLoopGroup) async throws(Refusal) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw Refusal(reason: UnixSocketFile.reason(of: errno))
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw Refusal(reason: "another file has this name; remove it or choose another path")
        }
        do {
            let probe = try await ClientBootstrap(group: group).connect(unixDomainSocketPath: path).get()
            try? await probe.close()
        } catch let error as IOError where error.errnoCode == ECONNREFUSED {
            guard unlink(path) == 0 || errno == ENOENT else {
                throw Refusal(reason: "a stale socket cannot be removed: \(String(cString: strerror(errno)))")
            }
            return
        } catch {
            throw Refusal(reason: UnixSocketFile.reason(of: error))
        }
        throw Refusal(reason: "another process listens on it; stop it or choose another path")
    }

    /// An error of NIO in words, with what helps.
    static func reason(of error: any Error) -> String {
        if let error = error as? IOError { return reason(of: error.errnoCode) }
        if case .unixDomainSocketPathTooLong = error as? SocketAddressError {
            return "the path is longer than 107 bytes; choose a shorter one"
        }
        return "\(error)"
    }

    private static func reason(of code: CInt) -> String {
        switch code {
        case EADDRINUSE: "another process listens on it; stop it or choose another path"
        case EACCES: "this user may not create or use it; choose a directory that this user may write"
        case ENOENT, ENOTDIR: "its directory does not exist; create it or choose another path"
        case ENAMETOOLONG: "the path is too long; choose a shorter one"
        default: "\(String(cString: strerror(code))); choose another path"
        }
    }

    /// Takes a socket that was just bound: sets its mode and remembers its identity.
    init(bound path: String, mode: UInt16) throws(Refusal) {
        var status = stat()
        guard chmod(path, mode_t(mode)) == 0, lstat(path, &status) == 0 else {
            throw Refusal(reason: String(cString: strerror(errno)))
        }
        self.path = path
        device = status.st_dev
        inode = status.st_ino
    }

    /// Removes it, if it is still ours.
    func remove() {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_dev == device, status.st_ino == inode else { return }
        unlink(path)
    }
}
