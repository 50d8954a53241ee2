import LoadTest
import Testing

@Suite("Outages")
struct OutageTests {
    @Test("outages are parsed")
    func words() {
        #expect(Outage("silent") == .silent)
        #expect(Outage("reset") == .reset)
        #expect(Outage("503") == .status(503))
        #expect(Outage("late:250") == .late(milliseconds: 250))
    }

    @Test("an invalid outage is refused", arguments: ["", "200", "600", "late:", "late:0", "late:x", "dead"])
    func refused(text: String) {
        #expect(Outage(text) == nil)
    }
}
