import NIOCore

/// The PUBLISH frames of one connection that wait for their ACK, and how much of the window is free. Pure: no channel,
/// no clock.
///
/// Request ids ascend from 1, so a frame is found by its distance from the oldest. Answers may come in any order.
package struct FlightWindow {
    /// One frame that was sent and not answered.
    package struct Flight: Equatable {
        package var token: UInt64
        package var events: Int
        /// Bytes of the frame's body, which the window counts.
        package var bytes: Int

        package init(token: UInt64, events: Int, bytes: Int) {
            self.token = token
            self.events = events
            self.bytes = bytes
        }
    }

    package let eventLimit: Int
    package let byteLimit: Int
    package private(set) var events = 0
    package private(set) var bytes = 0
    // nil: answered before an older frame.
    private var flights = CircularBuffer<Flight?>()
    private var oldest: UInt64 = 1

    package init(eventLimit: Int, byteLimit: Int) {
        self.eventLimit = eventLimit
        self.byteLimit = byteLimit
    }

    /// Events that may still be sent.
    package var roomEvents: Int { max(0, eventLimit - events) }
    package var roomBytes: Int { max(0, byteLimit - bytes) }

    /// Records that a frame was sent. Returns its request id.
    package mutating func depart(_ flight: Flight) -> UInt64 {
        defer { flights.append(flight) }
        events += flight.events
        bytes += flight.bytes
        return oldest + UInt64(flights.count)
    }

    /// Records a frame's answer. nil: no such frame waits for one.
    package mutating func land(_ requestID: UInt64) -> Flight? {
        guard requestID >= oldest, requestID - oldest < UInt64(flights.count) else { return nil }
        let index = flights.index(flights.startIndex, offsetBy: Int(requestID - oldest))
        guard let flight = flights[index] else { return nil }
        flights[index] = nil
        events -= flight.events
        bytes -= flight.bytes
        while let first = flights.first, first == nil {
            flights.removeFirst()
            oldest += 1
        }
        return flight
    }

    /// The frames without an answer, in the order sent.
    package var unanswered: [(token: UInt64, events: Int)] {
        flights.compactMap { $0.map { (token: $0.token, events: $0.events) } }
    }
}
