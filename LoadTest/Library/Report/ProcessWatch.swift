/// Memory and descriptors of another process during a run, one sample per second.
package struct ProcessWatch: Sendable {
    /// One sample.
    package struct Sample: Sendable, Equatable {
        /// Seconds since the start of the load.
        package var at: Double
        /// Resident set, including pages of mapped files, which the kernel can take back.
        package var residentBytes: Int
        /// Anonymous memory, which is not backed by a file. A leak would raise it.
        package var anonymousBytes: Int
        /// Open descriptors.
        package var descriptors: Int

        package init(at: Double, residentBytes: Int, anonymousBytes: Int, descriptors: Int) {
            self.at = at
            self.residentBytes = residentBytes
            self.anonymousBytes = anonymousBytes
            self.descriptors = descriptors
        }
    }

    private let pid: Int32?
    private var samples: [Sample] = []
    private static let interval = 1.0

    /// - Parameter pid: nil: nothing is watched.
    package init(pid: Int32?) { self.pid = pid }

    /// Takes a sample if the last one is a second old.
    package mutating func look(at seconds: Double) {
        guard let pid, seconds >= (samples.last?.at ?? -.infinity) + ProcessWatch.interval else { return }
        if let sample = ProcessUsage.sample(of: pid, at: seconds) { samples.append(sample) }
    }

    /// Memory and descriptors over the whole run, with their slopes and growth after `settled` seconds. nil: no sample.
    package func trends(settledAfter settled: Double) -> DispatcherTrends? {
        func trend(_ value: (Sample) -> Int) -> Trend? {
            Trend(samples.map { (at: $0.at, value: Double(value($0))) }, settledAfter: settled)
        }
        guard let resident = trend(\.residentBytes), let anonymous = trend(\.anonymousBytes),
            let descriptors = trend(\.descriptors)
        else { return nil }
        return DispatcherTrends(
            samples: samples.count, residentBytes: resident, anonymousBytes: anonymous, descriptors: descriptors)
    }
}

/// The dispatcher's memory and descriptors over a run.
package struct DispatcherTrends: Codable, Sendable {
    package var samples: Int
    package var residentBytes: Trend
    package var anonymousBytes: Trend
    package var descriptors: Trend
}

/// How a number changed during a run.
package struct Trend: Codable, Sendable, Equatable {
    package var first: Double
    package var last: Double
    package var highest: Double
    /// Slope of the least-squares line through the settled samples.
    package var perMinute: Double
    /// How much that line rises over the settled time, in percent of its first value.
    package var growthPercent: Double

    /// - Parameters:
    ///   - samples: in order of time (seconds).
    ///   - settled: seconds at the start that do not count for slope and growth, because connections and buffers are
    /// made then.
    /// - Returns: nil without samples. With fewer than two settled samples slope and growth are 0.
    package init?(_ samples: [(at: Double, value: Double)], settledAfter settled: Double) {
        guard let first = samples.first, let last = samples.last else { return nil }
        self.first = first.value
        self.last = last.value
        highest = samples.reduce(first.value) { max($0, $1.value) }
        (perMinute, growthPercent) = (0, 0)
        let settled = samples.filter { $0.at >= settled }
        guard let begin = settled.first, let end = settled.last, end.at > begin.at else { return }
        let count = Double(settled.count)
        let meanAt = settled.reduce(0) { $0 + $1.at } / count
        let meanValue = settled.reduce(0) { $0 + $1.value } / count
        let spread = settled.reduce(0) { $0 + ($1.at - meanAt) * ($1.at - meanAt) }
        let slope = settled.reduce(0) { $0 + ($1.at - meanAt) * ($1.value - meanValue) } / spread
        let start = meanValue + slope * (begin.at - meanAt)
        perMinute = slope * 60
        growthPercent = start > 0 ? slope * (end.at - begin.at) / start * 100 : 0
    }
}
