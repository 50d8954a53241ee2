package import IngestClient
import WebhookModel
import WireProtocol

/// The settings of a run of the Swift client.
package struct ClientPlan: Sendable {
    package var publisher: PublisherSettings
    package var workload: Workload
    /// Events per `publish` call, and per frame.
    package var batch = 100
    /// Concurrent calls.
    package var calls = 32
    package var seconds = 5.0

    package init(publisher: PublisherSettings, workload: Workload) {
        self.publisher = publisher
        self.workload = workload
    }
}

/// The result of the run.
package struct ClientReport: Sendable {
    package var stored = 0
    package var notStored = 0
    package var failedCalls = 0
    package var seconds = 0.0
    /// From the start of a call to its receipts.
    package var calls = StageLatencies()
    package var metrics = PublisherMetrics()
    package var cpuSeconds = 0.0

    package var rate: Double { seconds > 0 ? Double(stored) / seconds : 0 }
}

/// Publishes with the Swift client as a service does: tasks call `publish` and await the receipts, over one connection.
package struct ClientRun: Sendable {
    private let plan: ClientPlan
    private let identity: RunIdentity
    private let tenants: [String]
    private let payload: [UInt8]

    package init(plan: ClientPlan) {
        self.plan = plan
        identity = RunIdentity(startMilliseconds: WallClock.now() / 1_000_000, seed: plan.workload.seed)
        tenants = (0..<plan.workload.tenants).map(plan.workload.tenantName)
        payload = plan.workload.payload(of: 0)
    }

    /// - Throws: an `IngestError` if the server does not accept the client.
    package func run() async throws -> ClientReport {
        var settings = plan.publisher
        settings.frameEvents = plan.batch
        let publisher = try await EventPublisher.connect(settings)
        let begun = WallClock.now()
        let cpu = WallClock.processCPU()
        let end = begun + Int64(plan.seconds * 1e9)
        var report = await withTaskGroup(of: ClientReport.self) { group in
            for call in 0..<plan.calls { group.addTask { await publish(from: call, until: end, on: publisher) } }
            var sum = ClientReport()
            for await part in group {
                sum.stored += part.stored
                sum.notStored += part.notStored
                sum.failedCalls += part.failedCalls
                sum.calls.merge(part.calls)
            }
            return sum
        }
        report.seconds = Double(WallClock.now() - begun) / 1e9
        report.cpuSeconds = Double(WallClock.processCPU() - cpu) / 1e9
        report.metrics = publisher.metrics
        await publisher.close()
        return report
    }

    /// One task. It publishes every `calls`-th batch of the run's sequence.
    private func publish(from first: Int, until end: Int64, on publisher: EventPublisher) async -> ClientReport {
        var report = ClientReport()
        var batch = first
        while WallClock.now() < end {
            let begun = WallClock.now()
            do throws(PublishError) {
                let receipts = try await publisher.publish(events(of: batch))
                let stored = receipts.reduce(0) { $0 + ($1.isStored ? 1 : 0) }
                report.stored += stored
                report.notStored += receipts.count - stored
            } catch {
                report.failedCalls += 1
            }
            report.calls.record(WallClock.now() - begun)
            batch += plan.calls
        }
        return report
    }

    private func events(of batch: Int) -> [OutgoingEvent] {
        (batch * plan.batch..<(batch + 1) * plan.batch).map { sequence in
            OutgoingEvent(
                id: identity.id(of: sequence), tenant: tenants[sequence % tenants.count], type: plan.workload.eventType,
                payload: payload)
        }
    }
}
