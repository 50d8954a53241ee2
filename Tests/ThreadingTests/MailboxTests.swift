import Synchronization
import TestSupport
import Testing
import Threading

@Suite struct MailboxTests {
    @Test func acceptsUpToItsWeightAndAlwaysOneMessageWhenEmpty() {
        let mailbox = Mailbox<Int>(capacity: 10, bell: Bell())
        #expect(mailbox.offer(1, weight: 100))
        #expect(!mailbox.offer(2, weight: 1))
        var out: [Int] = []
        mailbox.drain(into: &out)
        #expect(out == [1])
        #expect(mailbox.offer(3, weight: 6) && mailbox.offer(4, weight: 4) && !mailbox.offer(5, weight: 1))
    }

    @Test func aRefusedSenderIsWokenOnceByTheNextDrain() {
        let mailbox = Mailbox<Int>(capacity: 1, bell: Bell())
        let wakes = Atomic<Int>(0)
        _ = mailbox.offer(1)
        #expect(!mailbox.offer(2) { wakes.add(1, ordering: .relaxed) })
        var out: [Int] = []
        mailbox.drain(into: &out)
        out.removeAll()
        mailbox.drain(into: &out)
        #expect(wakes.load(ordering: .relaxed) == 1)
    }

    @Test func aClosedMailboxRefusesOffersAndKeepsPosts() {
        let mailbox = Mailbox<Int>(capacity: 10, bell: Bell())
        mailbox.close()
        #expect(!mailbox.offer(1))
        mailbox.post(2)
        var out: [Int] = []
        mailbox.drain(into: &out)
        #expect(out == [2])
    }

    @Test func everyMessageOfFourThreadsArrivesOnceAndInTheOrderOfItsThread() {
        let bell = Bell()
        let mailbox = Mailbox<(Int, Int)>(capacity: 64, bell: bell)
        let each = 20_000
        let lostWakes = Atomic<Int>(0)
        let senders = (0..<4).map { sender in
            WorkerThread(name: "sender") {
                let room = Bell()
                for number in 0..<each {
                    while !mailbox.offer((sender, number), onRoom: { room.ring() }) {
                        guard room.ringsInTime() else {
                            lostWakes.add(1, ordering: .relaxed)
                            return
                        }
                    }
                }
            }
        }
        var next = [0, 0, 0, 0]
        var inbox: [(Int, Int)] = []
        while next != [each, each, each, each] {
            guard bell.ringsInTime() else {
                Issue.record("no message arrived in time; received \(next) of \(each) from each thread")
                break
            }
            mailbox.drain(into: &inbox)
            for (sender, number) in inbox {
                #expect(next[sender] == number)
                next[sender] = number + 1
            }
            inbox.removeAll(keepingCapacity: true)
        }
        for sender in senders { sender.join() }
        #expect(lostWakes.load(ordering: .relaxed) == 0)
    }
}

@Suite struct BellTests {
    @Test func aRingBeforeTheWaitIsKept() {
        let bell = Bell()
        bell.ring()
        #expect(bell.ringsInTime())
    }

    @Test func aRingWakesASleepingThread() {
        let bell = Bell()
        let back = Bell()
        let rounds = 1_000
        let thread = WorkerThread(name: "sleeper") {
            for _ in 0..<rounds {
                guard bell.ringsInTime() else { return }
                back.ring()
            }
        }
        let answered = (0..<rounds).prefix { _ in
            bell.ring()
            return back.ringsInTime()
        }
        #expect(answered.count == rounds)
        thread.join()
    }

    @Test func aWaitEndsAfterItsTime() {
        let bell = Bell()
        let before = Instant.now().monotonic
        bell.wait(nanoseconds: 2_000_000)
        #expect(Instant.now().monotonic - before >= 1_900_000)
    }
}

extension Bell {
    /// Waits for a ring, 20 s at most, so that a lost ring fails its test.
    ///
    /// - Returns: false: no ring came.
    fileprivate func ringsInTime() -> Bool {
        let limit: Int64 = 20_000_000_000
        let start = Instant.now().monotonic
        wait(nanoseconds: limit)
        return Instant.now().monotonic - start < limit
    }
}
