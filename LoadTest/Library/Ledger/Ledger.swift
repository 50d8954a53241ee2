/// The answer to each event, by sequence number: the producer's side of the loss proof.
///
/// 24 bytes per event, in pages, so that growing copies nothing. One owner at a time: the generator's event loop, then
/// the reconciliation.
package struct Ledger: Sendable {
    /// One event.
    package struct Entry: Sendable {
        /// Nanoseconds from the start of the load until the event was due to be sent.
        package var intended: Int64
        /// Tenths of a microsecond from then until it was handed to the socket, and until its answer.
        package var sent: UInt32 = 0
        package var answered: UInt32 = 0
        /// The wire's status code, or `unanswered`.
        package var status: UInt16 = Ledger.unanswered
    }

    /// Sent, and no answer seen: it may or may not be stored.
    package static let unanswered: UInt16 = 0xFFFF
    private static let pageBits = 16
    private static let pageCount = 1 << pageBits

    private var pages: [[Entry]] = []
    /// Events in the ledger.
    package private(set) var count = 0

    package init() {}

    /// Adds the next event.
    package mutating func append(intended: Int64) {
        if count & (Ledger.pageCount - 1) == 0 {
            pages.append([])
            pages[pages.count - 1].reserveCapacity(Ledger.pageCount)
        }
        pages[pages.count - 1].append(Entry(intended: intended))
        count += 1
    }

    package subscript(sequence: Int) -> Entry {
        _read { yield pages[sequence >> Ledger.pageBits][sequence & (Ledger.pageCount - 1)] }
        _modify { yield &pages[sequence >> Ledger.pageBits][sequence & (Ledger.pageCount - 1)] }
    }

    /// A number of nanoseconds in the stored unit; saturates at 429 s.
    package static func compact(_ nanoseconds: Int64) -> UInt32 {
        UInt32(clamping: nanoseconds / 100)
    }

    /// Whether a status says that the event is durable: class 0x00.
    package static func isStored(_ status: UInt16) -> Bool { status < 0x0100 }

    /// Whether a stored event will be delivered; 0002 means that no endpoint wants it.
    package static func isDeliverable(_ status: UInt16) -> Bool { status < 0x0002 }
}
