/// A fixed number of counters stored in place: for an array, every request would check whether it is shared.
struct Tallies<let count: Int>: Sendable, Equatable {
    private var values = InlineArray<count, Int>(repeating: 0)

    subscript(index: Int) -> Int {
        get { values[index] }
        set { values[index] = newValue }
    }

    var array: [Int] { (0..<count).map { values[$0] } }

    static func == (left: Tallies, right: Tallies) -> Bool {
        (0..<count).allSatisfy { left.values[$0] == right.values[$0] }
    }
}
