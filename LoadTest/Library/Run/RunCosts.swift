/// The costs of a run: CPU time of both ends in this process, and of the dispatcher if its process is known.
package struct RunCosts: Sendable {
    package private(set) var generatorSeconds = 0.0
    package private(set) var receiverSeconds = 0.0
    package private(set) var dispatcherSeconds: Double?
    package private(set) var dispatcherThreads: [String: Double]?
    package private(set) var dispatcherResident: Int?
    package private(set) var dispatcherPeak: Int?
    package private(set) var storeBytes: Int?
    /// How far the wall clock moved relative to the monotonic clock, nanoseconds.
    package private(set) var clockStep: Int64 = 0

    /// Samples the dispatcher during the run.
    package var dispatcher: ProcessWatch

    private let plan: RunPlan
    private let processBefore = WallClock.processCPU()
    private let dispatcherBefore: ProcessUsage?
    private let offsetBefore = WallClock.offset()

    package init(plan: RunPlan) {
        self.plan = plan
        dispatcher = ProcessWatch(pid: plan.dispatcherPID)
        dispatcherBefore = plan.dispatcherPID.flatMap(ProcessUsage.of)
    }

    /// Reads everything at the end of the run.
    ///
    /// - Parameter generatorCPU: CPU time of the generator's thread, nanoseconds.
    package mutating func finish(generatorCPU: Int64) {
        generatorSeconds = Double(generatorCPU) / 1e9
        receiverSeconds = max(0, Double(WallClock.processCPU() - processBefore) / 1e9 - generatorSeconds)
        clockStep = WallClock.offset() - offsetBefore
        if let before = dispatcherBefore, let now = plan.dispatcherPID.flatMap(ProcessUsage.of) {
            dispatcherSeconds = now.cpuSeconds - before.cpuSeconds
            dispatcherThreads = now.threadSeconds.merging(before.threadSeconds) { $0 - $1 }
            dispatcherResident = now.residentBytes
            dispatcherPeak = now.residentPeakBytes
        }
        storeBytes = plan.dataDirectory.flatMap(ProcessUsage.fileBytes)
    }
}
