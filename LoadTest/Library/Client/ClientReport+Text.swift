import IngestClient

extension ClientReport {
    /// A few lines of text.
    package func text(_ plan: ClientPlan) -> String {
        let quantiles = calls.quantiles
        let perEvent = stored > 0 ? cpuSeconds * 1e6 / Double(stored) : 0
        return """
            client          Swift, 1 connection, \(plan.calls) calls of \(plan.batch) events, \(plan.workload.payloadBytes) B payloads
            durable         \(Figures.grouped(stored)) in \(Figures.fixed(seconds, 2)) s = \(Figures.grouped(Int(rate)))/s; \
            \(notStored) not stored, \(failedCalls) calls failed
            call            p50 \(Figures.milliseconds(quantiles.p50)) p95 \(Figures.milliseconds(quantiles.p95)) \
            p99 \(Figures.milliseconds(quantiles.p99)) max \(Figures.milliseconds(quantiles.max)) ms
            frames          \(Figures.grouped(metrics.frames)), round trip \(Figures.milliseconds(Double(metrics.roundTripMicroseconds) / 1_000)) ms
            CPU             client \(Figures.fixed(cpuSeconds, 2)) s, \(Figures.fixed(perEvent, 2)) µs an event
            """
    }
}
