import NIOCore

/// Every publication that has not ended, in order of submission. That is also the order of the deadlines, because all
/// have the same patience.
struct DeadlineLine {
    private var publications = CircularBuffer<Publication>()
    /// The number that have not ended.
    private(set) var live = 0

    mutating func append(_ publication: Publication) {
        publications.append(publication)
        live += 1
    }

    /// Records that one has ended. Ended ones are removed when they come to the front, or when they are the majority.
    mutating func noteEnd() {
        live -= 1
        while let first = publications.first, first.isEnded { publications.removeFirst() }
        if publications.count > 64 + 2 * live {
            publications = CircularBuffer(publications.lazy.filter { !$0.isEnded })
        }
    }

    /// The one that has waited longest.
    var first: Publication? { publications.first { !$0.isEnded } }
}
