import Foundation

/// What another process has used so far, from /proc (proc(5)).
package struct ProcessUsage: Sendable {
    /// User and system time of all its threads.
    package var cpuSeconds: Double
    /// Resident set now, and its peak.
    package var residentBytes: Int
    package var residentPeakBytes: Int

    /// User and system time of its threads by name, without numbers: `sender-0` and `sender-1` are `sender`.
    package var threadSeconds: [String: Double]

    /// nil: there is no such process.
    package static func of(pid: Int32) -> ProcessUsage? {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
            let seconds = cpuSeconds(stat)
        else { return nil }
        return ProcessUsage(
            cpuSeconds: seconds, residentBytes: kibibytes("VmRSS:", in: status) * 1_024,
            residentPeakBytes: kibibytes("VmHWM:", in: status) * 1_024, threadSeconds: threadSeconds(of: pid))
    }

    private static func threadSeconds(of pid: Int32) -> [String: Double] {
        let tasks = "/proc/\(pid)/task"
        var sums: [String: Double] = [:]
        for task in (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? [] {
            guard let stat = try? String(contentsOfFile: "\(tasks)/\(task)/stat", encoding: .utf8),
                let used = cpuSeconds(stat), let nameStart = stat.firstIndex(of: "("),
                let nameEnd = stat.lastIndex(of: ")")
            else { continue }
            var name = stat[stat.index(after: nameStart)..<nameEnd]
            while let last = name.last, last.isNumber || last == "-" || last == "#" { name.removeLast() }
            sums[String(name), default: 0] += used
        }
        return sums
    }

    /// Fields 14 and 15 of a `stat` file. The second field, the name, may contain spaces, so the fields after it are
    /// counted from `state`.
    private static func cpuSeconds(_ stat: String) -> Double? {
        guard let nameEnd = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: nameEnd)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Memory and descriptors now (proc(5): `status`, and the entries of `fd`). nil: there is no such process, or it
    /// belongs to another user.
    package static func sample(of pid: Int32, at seconds: Double) -> ProcessWatch.Sample? {
        guard let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
            let descriptors = entries(of: "/proc/\(pid)/fd")
        else { return nil }
        return ProcessWatch.Sample(
            at: seconds, residentBytes: kibibytes("VmRSS:", in: status) * 1_024,
            anonymousBytes: kibibytes("RssAnon:", in: status) * 1_024, descriptors: descriptors)
    }

    private static func entries(of directory: String) -> Int? {
        guard let stream = opendir(directory) else { return nil }
        defer { closedir(stream) }
        // Without "." and "..".
        var count = -2
        while readdir(stream) != nil { count += 1 }
        return count
    }

    /// Bytes of a directory's files. LMDB's file grows with what is written, not with the map.
    package static func fileBytes(in directory: String) -> Int? {
        guard let names = try? FileManager.default.subpathsOfDirectory(atPath: directory) else { return nil }
        return names.reduce(0) { sum, name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: "\(directory)/\(name)")
            guard attributes?[.type] as? FileAttributeType == .typeRegular else { return sum }
            return sum + (attributes?[.size] as? Int ?? 0)
        }
    }

    private static func kibibytes(_ key: String, in status: String) -> Int {
        for line in status.split(separator: "\n") where line.hasPrefix(key) {
            let fields = line.split { $0 == " " || $0 == "\t" }
            return fields.count > 1 ? Int(fields[1]) ?? 0 : 0
        }
        return 0
    }
}
