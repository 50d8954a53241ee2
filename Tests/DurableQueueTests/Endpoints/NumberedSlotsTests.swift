import DurableQueue
import TestSupport
import Testing

extension String: Vacatable {
    package static var vacant: String { "" }
}

extension UInt32: Vacatable {
    package static var vacant: UInt32 { 0 }
}

extension Int: Vacatable {
    package static var vacant: Int { 0 }
}

@Suite struct NumberedSlotsTests {
    @Test func findsPresentRecordsAndNoOthers() {
        var slots = NumberedSlots<String>()
        let one = slots.insert("one", number: 1)
        let two = slots.insert("two", number: 0xFFFF_FFFF)
        #expect(slots.slot(1) == one && slots.slot(0xFFFF_FFFF) == two && slots.slot(2) == nil)
        slots[one] = "changed"
        #expect(slots[number: 1] == "changed" && slots.count == 2)
        slots.remove(1)
        slots.remove(5)
        #expect(slots.slot(1) == nil && slots[number: 0xFFFF_FFFF] == "two" && slots.count == 1)
    }

    /// Random inserts and removals beside a Dictionary.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func holdsTheSameAsADictionary(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var slots = NumberedSlots<UInt32>()
        var model: [UInt32: UInt32] = [:]
        for step in 0..<20_000 {
            let number = UInt32.random(in: 1...600, using: &random)
            if model[number] == nil {
                slots.insert(UInt32(step), number: number)
                model[number] = UInt32(step)
            } else if Bool.random(using: &random) {
                slots.remove(number)
                model[number] = nil
            } else if let slot = slots.slot(number) {
                slots[slot] += 1
                model[number]! += 1
            }
        }
        #expect(slots.count == model.count)
        var seen: [UInt32: UInt32] = [:]
        slots.forEachSlot { number, slot in seen[number] = slots[slot] }
        #expect(seen == model)
        for number in 1...600 as ClosedRange<UInt32> { #expect(slots[number: number] == model[number]) }
    }

    @Test func memoryFollowsTheNumberOfRecords() {
        var slots = NumberedSlots<Int>()
        for number in 1...1_000_000 as ClosedRange<UInt32> {
            slots.insert(1, number: number)
            if number > 100 { slots.remove(number - 100) }
        }
        #expect(slots.count == 100 && slots.capacity <= 1_024, "\(slots.capacity)")
        for number in 1_000_001...1_100_000 as ClosedRange<UInt32> { slots.insert(1, number: number) }
        for number in 999_901...1_100_000 as ClosedRange<UInt32> { slots.remove(number) }
        #expect(slots.count == 0 && slots.capacity <= 128, "\(slots.capacity)")
    }
}
