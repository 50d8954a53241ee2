/// The limits of what a publisher may hold at once, and what it holds now.
package struct BufferSpace {
    package let eventLimit: Int
    package let byteLimit: Int
    package private(set) var events = 0
    package private(set) var bytes = 0

    package init(eventLimit: Int, byteLimit: Int) {
        self.eventLimit = eventLimit
        self.byteLimit = byteLimit
    }

    /// Whether a publication may be admitted. One that is larger than the whole limit is admitted alone.
    package func fits(_ publication: Publication) -> Bool {
        events == 0
            || events + publication.count <= eventLimit && bytes + publication.bytes <= byteLimit
    }

    package mutating func take(_ publication: Publication) {
        events += publication.count
        bytes += publication.bytes
    }

    package mutating func give(back publication: Publication) {
        events -= publication.count
        bytes -= publication.bytes
    }
}
