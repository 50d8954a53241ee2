import Sender
import TestSupport
import Testing
import WebhookModel

/// Timers against a plain list of them, over many turns of the wheel.
@Suite("Timer wheel")
struct TimerWheelTests {
    @Test("one revolution takes longer than any attempt, and a tick is short beside the shortest time limit")
    func span() {
        #expect(Limits.attemptMillisecondsMost * 1_000_000 < TimerWheel.tick * Int64(TimerWheel.buckets))
        #expect(10 * TimerWheel.tick < Limits.attemptMillisecondsLeast * 1_000_000)
    }

    @Test("a timer fires within a tick of its time, never early, and none is lost")
    func firesInTime() {
        var random = SeededRandom(seed: 7)
        var wheel = TimerWheel(now: 1_000)
        var armed: [Int: Int64] = [:]
        var now: Int64 = 1_000
        var fired = 0
        for round in 0..<6_000 {
            let slot = Int.random(in: 0..<300, using: &random)
            if armed[slot] == nil {
                let time = now + Int64.random(in: -5_000_000...61_000_000_000, using: &random)
                wheel.arm(slot, at: time)
                armed[slot] = time
            } else if round % 3 == 0 {
                wheel.disarm(slot)
                armed[slot] = nil
            }
            #expect((wheel.next == nil) == armed.isEmpty)
            if let next = wheel.next, let earliest = armed.values.min() {
                #expect(next > earliest - TimerWheel.tick && next <= max(earliest, now) + 2 * TimerWheel.tick)
            }
            // Mostly small steps, at times a long sleep.
            now += Int64.random(in: 0...(round % 500 == 0 ? 400_000_000_000 : 120_000_000), using: &random)
            while let slot = wheel.fire(now: now) {
                let time = armed.removeValue(forKey: slot)
                #expect(time != nil && time! <= now)
                fired += 1
            }
            #expect(armed.values.allSatisfy { $0 > now - TimerWheel.tick })
        }
        #expect(fired > 1_000)
    }

    @Test("an empty wheel has no next time, and disarming what is not armed does nothing")
    func empty() {
        var wheel = TimerWheel(now: 0)
        wheel.disarm(3)
        let fired = wheel.fire(now: 1_000_000_000_000)
        #expect(fired == nil)
        #expect(wheel.next == nil)
    }

    @Test("a timer beyond the wheel's span fires at its end, and can be armed again until its time has come")
    func beyondTheSpan() {
        var wheel = TimerWheel(now: 0)
        // Ten seconds more than one revolution: a process that was suspended for two minutes armed such a timer.
        let time: Int64 = 140_000_000_000
        wheel.arm(0, at: time)
        var firings: [Int64] = []
        var now: Int64 = 0
        while firings.last.map({ $0 < time }) ?? true, now <= 2 * time {
            now += TimerWheel.tick
            guard let slot = wheel.fire(now: now) else { continue }
            firings.append(now)
            if now < time { wheel.arm(slot, at: time) }
        }
        #expect(firings.count == 2)
        #expect(firings.last.map { $0 >= time && $0 < time + 2 * TimerWheel.tick } ?? false)
        #expect(wheel.next == nil)
    }

    @Test(
        "a step of the clock of any length costs no more than one revolution", arguments: [131, 86_400, 1_000_000_000])
    func step(seconds: Int64) {
        var wheel = TimerWheel(now: 0)
        for slot in 0..<100 { wheel.arm(slot, at: Int64(slot) * 600_000_000) }
        let now = seconds * 1_000_000_000
        // Armed before the wheel turned to the new time.
        let later = now + 60_000_000_000
        wheel.arm(100, at: later)
        /// What is due, after timers that fired early were armed again.
        func due(at time: Int64) -> Set<Int> {
            var due = Set<Int>()
            while let slot = wheel.fire(now: time) {
                if slot == 100, time < later { wheel.arm(slot, at: later) } else { due.insert(slot) }
            }
            return due
        }
        #expect(due(at: now) == Set(0..<100))
        #expect(wheel.next.map { $0 > now } ?? false)
        #expect(due(at: later - 1).isEmpty)
        #expect(due(at: later + TimerWheel.tick) == [100])
        #expect(wheel.next == nil)
    }
}
