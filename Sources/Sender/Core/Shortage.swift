import Glibc
import Threading
import WebhookModel

/// What this machine lacked for a connection or a look-up: descriptors, memory, ports. Never the endpoint's fault, so a
/// delivery that meets one uses no attempt.
package struct Shortage: Sendable, Equatable {
    /// errno(3); 0: no name server answers; -1: the file of authorities cannot be read.
    package let code: CInt

    /// Nil where the error says something else.
    ///
    /// - Parameter code: errno(3) of socket(2), connect(2), send(2), epoll_ctl(2) or an open of a resolver's file.
    package init?(_ code: CInt) {
        switch code {
        case EMFILE, ENFILE, ENOMEM, ENOBUFS, EADDRNOTAVAIL, ENOSPC: self.code = code
        default: return nil
        }
    }

    private init(known code: CInt) { self.code = code }

    package static let memory = Shortage(known: ENOMEM)
    package static let authorities = Shortage(known: -1)
    package static let nameServers = Shortage(known: 0)

    /// What it is and what helps, for the operator.
    package var explanation: String {
        switch code {
        case -1:
            "the file of certificate authorities cannot be read (sender.ca_file, or the system's), or no descriptor is left for it"
        case 0: "no name server answers; check /etc/resolv.conf and the network"
        case EMFILE:
            "the process has no descriptor left (EMFILE); raise its limit of open files (LimitNOFILE, ulimit -n)"
        case ENFILE: "the system has no descriptor left (ENFILE); raise fs.file-max"
        case ENOMEM: "the system has no memory left (ENOMEM)"
        case ENOBUFS: "the system has no memory for sockets left (ENOBUFS); raise net.ipv4.tcp_mem"
        case EADDRNOTAVAIL:
            "no local port is left for the destination (EADDRNOTAVAIL); widen net.ipv4.ip_local_port_range"
        case ENOSPC: "no more descriptors can be watched (ENOSPC); raise fs.epoll.max_user_watches"
        default: "the system lacks a resource (errno \(code))"
        }
    }
}

/// When a sender may try to open a connection again after the machine had none to give.
package struct ShortagePause {
    /// Nothing is opened before this time, monotonic nanoseconds.
    package private(set) var until = Int64.min
    private var next = ShortagePause.least

    private static let least = Limits.shortageMilliseconds * 1_000_000
    private static let most = Limits.shortageMillisecondsMost * 1_000_000

    package init() {}

    /// An attempt to open failed. Those that failed while the pause lasts prolong nothing.
    package mutating func failed(now: Int64) {
        guard now >= until else { return }
        until = now + next
        next = min(next * 2, ShortagePause.most)
    }

    package mutating func succeeded() { next = ShortagePause.least }
}

/// Lets one line a minute out of all senders' shortages.
package final class ShortageLines: Sendable {
    private let next = Locked(Int64.min)

    package init() {}

    /// - Parameter now: monotonic nanoseconds.
    package func mayWrite(now: Int64) -> Bool {
        next.withLock { next in
            guard now >= next else { return false }
            next = now + Limits.shortageLineMilliseconds * 1_000_000
            return true
        }
    }
}
