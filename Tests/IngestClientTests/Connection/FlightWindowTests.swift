import IngestClient
import Testing

@Suite("Flight window")
struct FlightWindowTests {
    private func flight(_ token: UInt64, events: Int = 1, bytes: Int = 100) -> FlightWindow.Flight {
        FlightWindow.Flight(token: token, events: events, bytes: bytes)
    }

    @Test("request ids ascend from 1, and room shrinks and comes back")
    func room() {
        var window = FlightWindow(eventLimit: 10, byteLimit: 1_000)
        #expect(window.depart(flight(7, events: 4, bytes: 300)) == 1)
        #expect(window.depart(flight(8, events: 6, bytes: 700)) == 2)
        #expect(window.roomEvents == 0)
        #expect(window.roomBytes == 0)
        #expect(window.land(1)?.token == 7)
        #expect(window.roomEvents == 4)
        #expect(window.roomBytes == 300)
    }

    @Test("answers may come in any order, each once")
    func order() {
        var window = FlightWindow(eventLimit: 10, byteLimit: 1_000)
        for token in UInt64(0)..<3 { _ = window.depart(flight(token)) }
        #expect(window.land(3)?.token == 2)
        #expect(window.land(3) == nil)
        #expect(window.unanswered.map(\.token) == [0, 1])
        #expect(window.land(1)?.token == 0)
        #expect(window.land(2)?.token == 1)
        #expect(window.events == 0)
        #expect(window.depart(flight(9)) == 4)
    }

    @Test("an answer to an unknown request is refused", arguments: [0, 2, 99, UInt64.max])
    func unknown(requestID: UInt64) {
        var window = FlightWindow(eventLimit: 10, byteLimit: 1_000)
        _ = window.depart(flight(1))
        #expect(window.land(requestID) == nil)
        #expect(window.events == 1)
    }
}
