/// Doubly linked lists of small numbers (slots), each slot in at most one list. Adding and removing are O(1) and
/// allocate nothing.
struct SlotLists {
    // By slot: its neighbours and its list, or `none`. By list: its ends.
    private var next: [Int32] = []
    private var previous: [Int32] = []
    private var listOf: [Int32] = []
    private var heads: [Int32]
    private var tails: [Int32]

    private static let none: Int32 = -1

    init(lists: Int) {
        heads = Array(repeating: SlotLists.none, count: lists)
        tails = heads
    }

    /// The slot that has been in the list for longest; nil: the list is empty.
    func first(of list: Int) -> Int? { heads[list] == SlotLists.none ? nil : Int(heads[list]) }

    func isEmpty(_ list: Int) -> Bool { heads[list] == SlotLists.none }

    /// The list that a slot is in.
    func list(of slot: Int) -> Int? {
        slot < listOf.count && listOf[slot] != SlotLists.none ? Int(listOf[slot]) : nil
    }

    /// Adds a slot to the end of a list. It must not be in a list.
    mutating func append(_ slot: Int, to list: Int) {
        makeRoom(slot)
        precondition(listOf[slot] == SlotLists.none, "a slot is in one list at most")
        let last = tails[list]
        previous[slot] = last
        next[slot] = SlotLists.none
        listOf[slot] = Int32(list)
        if last == SlotLists.none { heads[list] = Int32(slot) } else { next[Int(last)] = Int32(slot) }
        tails[list] = Int32(slot)
    }

    /// Removes a slot from its list.
    ///
    /// - Returns: the list; nil if it was in none.
    @discardableResult
    mutating func remove(_ slot: Int) -> Int? {
        guard let list = list(of: slot) else { return nil }
        let (before, after) = (previous[slot], next[slot])
        if before == SlotLists.none { heads[list] = after } else { next[Int(before)] = after }
        if after == SlotLists.none { tails[list] = before } else { previous[Int(after)] = before }
        listOf[slot] = SlotLists.none
        return list
    }

    private mutating func makeRoom(_ slot: Int) {
        while listOf.count <= slot {
            next.append(SlotLists.none)
            previous.append(SlotLists.none)
            listOf.append(SlotLists.none)
        }
    }
}
