/// The failures of an endpoint since its last success, as evidence that it failed all the time.
public struct FailingStretch: Sendable, Equatable {
    /// When the first of them was seen, Unix milliseconds.
    public var since: Int64
    /// How many were counted: each at least `Limits.failingSightingMilliseconds` after the one before.
    public var sightings: Int
    /// When the latest of those was seen, Unix milliseconds.
    public var latest: Int64

    public init(since: Int64, sightings: Int = 1, latest: Int64? = nil) {
        self.since = since
        self.sightings = sightings
        self.latest = latest ?? since
    }
}
