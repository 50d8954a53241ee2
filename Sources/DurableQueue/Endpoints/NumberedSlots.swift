/// A record with a value for a slot that is not in use: it refers to nothing that should go.
package protocol Vacatable {
    static var vacant: Self { get }
}

/// Records by a number that is never given twice. Memory follows the records that are present, not the numbers that were given.
///
/// An open-addressing index with linear probing leads from a number to a slot; a freed slot is used again. A slot is stable while its
/// record is present. A look-up is asked for every delivery: a standard Dictionary with its keyed hash costs several times as much.
package struct NumberedSlots<Record: Vacatable> {
    // Number 0 marks a free place: numbers begin at 1.
    private var numbers: [UInt32]
    private var slotAt: [Int32]
    private var mask: Int
    // Not optional: reading a field of an optional's value copies the whole record.
    private var records: [Record] = []
    private var free: [Int32] = []
    package private(set) var count = 0

    package init() {
        numbers = Array(repeating: 0, count: 16)
        slotAt = Array(repeating: 0, count: 16)
        mask = 15
    }

    /// Slots that are in use or kept for later use: what memory is proportional to.
    package var capacity: Int { max(records.count, numbers.count) }

    /// The slot of a number; nil where there is no record.
    package func slot(_ number: UInt32) -> Int? {
        var place = home(number)
        while numbers[place] != 0 {
            if numbers[place] == number { return Int(slotAt[place]) }
            place = (place + 1) & mask
        }
        return nil
    }

    /// The record of a slot in use.
    package subscript(slot: Int) -> Record {
        @inline(__always) _read { yield records[slot] }
        @inline(__always) _modify { yield &records[slot] }
    }

    /// The record of a number; nil where there is none.
    package subscript(number number: UInt32) -> Record? { slot(number).map { records[$0] } }

    /// Adds a record under a number that is not present.
    ///
    /// - Returns: its slot.
    @discardableResult
    package mutating func insert(_ record: Record, number: UInt32) -> Int {
        precondition(number != 0 && slot(number) == nil, "number \(number) is present already")
        if (count + 1) * 2 > numbers.count { resize(numbers.count * 2) }
        let slot: Int
        if let reused = free.popLast() {
            slot = Int(reused)
            records[slot] = record
        } else {
            slot = records.count
            records.append(record)
        }
        enter(number, Int32(slot))
        count += 1
        return slot
    }

    /// Removes a record; nothing happens where there is none.
    package mutating func remove(_ number: UInt32) {
        guard let slot = slot(number) else { return }
        records[slot] = Record.vacant
        free.append(Int32(slot))
        count -= 1
        leave(number)
        // The memory of a peak is returned: the index shrinks, and so do the records while the last ones are free.
        if numbers.count > 64, count * 8 < numbers.count { resize(numbers.count / 2) }
        guard slot == records.count - 1 else { return }
        let vacant = Set(free)
        while !records.isEmpty, vacant.contains(Int32(records.count - 1)) { records.removeLast() }
        free.removeAll { $0 >= records.count }
    }

    /// Visits the number and the slot of each record, in no particular order.
    package func forEachSlot(_ body: (UInt32, Int) -> Void) {
        for place in numbers.indices where numbers[place] != 0 { body(numbers[place], Int(slotAt[place])) }
    }

    // MARK: The index

    private func home(_ number: UInt32) -> Int {
        let mixed = number &* 0x9E37_79B1
        return Int(mixed ^ (mixed >> 15)) & mask
    }

    private mutating func enter(_ number: UInt32, _ slot: Int32) {
        var place = home(number)
        while numbers[place] != 0 { place = (place + 1) & mask }
        numbers[place] = number
        slotAt[place] = slot
    }

    private mutating func leave(_ number: UInt32) {
        var place = home(number)
        while numbers[place] != number { place = (place + 1) & mask }
        // Entries that probed past this place move back, so that no search stops short.
        var next = (place + 1) & mask
        while numbers[next] != 0 {
            let distance = (next - home(numbers[next])) & mask
            if distance >= (next - place) & mask {
                numbers[place] = numbers[next]
                slotAt[place] = slotAt[next]
                place = next
            }
            next = (next + 1) & mask
        }
        numbers[place] = 0
    }

    private mutating func resize(_ capacity: Int) {
        let old = zip(numbers, slotAt).filter { $0.0 != 0 }
        numbers = Array(repeating: 0, count: capacity)
        slotAt = Array(repeating: 0, count: capacity)
        mask = capacity - 1
        for (number, slot) in old { enter(number, slot) }
    }
}
