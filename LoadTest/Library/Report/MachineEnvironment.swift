import Foundation

/// The machine that a figure was measured on. Two reports can be compared only if these are equal.
package struct MachineEnvironment: Codable, Sendable {
    package var cpuModel = ""
    package var cores = 0
    package var memoryBytes = 0
    package var kernel = ""
    package var operatingSystem = ""
    /// Of the dispatcher's data directory: `ext4 on /dev/vda1 (rw,relatime)`; empty: not known.
    package var filesystem = ""
    package var swift = MachineEnvironment.compiler
    /// One, five and fifteen minutes, at the start of the run.
    package var loadAverage: [Double] = []

    package init() {}

    /// Reads it from /proc.
    package static func current(dataDirectory: String?) -> MachineEnvironment {
        var environment = MachineEnvironment()
        environment.cpuModel = value(of: "model name", in: "/proc/cpuinfo") ?? ""
        environment.cores = ProcessInfo.processInfo.activeProcessorCount
        environment.memoryBytes = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        environment.kernel = line("/proc/sys/kernel/osrelease")
        environment.operatingSystem = ProcessInfo.processInfo.operatingSystemVersionString
        environment.loadAverage = line("/proc/loadavg").split(separator: " ").prefix(3).compactMap { Double($0) }
        if let dataDirectory { environment.filesystem = filesystem(of: dataDirectory) }
        return environment
    }

    private static var compiler: String {
        #if compiler(>=6.4)
            ">= 6.4"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }

    // The mount whose path is the longest prefix of the directory's (proc(5), /proc/self/mounts).
    private static func filesystem(of directory: String) -> String {
        let path = URL(fileURLWithPath: directory).resolvingSymlinksInPath().path
        var best = (length: -1, text: "")
        for mount in text("/proc/self/mounts").split(separator: "\n") {
            let fields = mount.split(separator: " ")
            guard fields.count >= 4 else { continue }
            let point = String(fields[1])
            let isPrefix = point == "/" || path == point || path.hasPrefix(point + "/")
            if isPrefix, point.count >= best.length {
                best = (point.count, "\(fields[2]) on \(fields[0]) (\(fields[3]))")
            }
        }
        return best.text
    }

    private static func value(of key: String, in path: String) -> String? {
        for line in text(path).split(separator: "\n") where line.hasPrefix(key) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            return line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        return nil
    }

    private static func line(_ path: String) -> String {
        text(path).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func text(_ path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }
}
