/// Runs that the server asked to send again later, by the millisecond at which they are due.
struct RetryShelf {
    private static let millisecond: Int64 = 1_000_000

    // The latest first, so that the next one is taken from the end.
    private var lots: [(due: Int64, runs: [Run])] = []

    /// When the first of them is due.
    var nextDue: Int64? { lots.last?.due }

    /// - Parameter due: rounded up to a whole millisecond, so that a thousand throttled events share one entry.
    mutating func put(_ run: Run, due: Int64) {
        let due = (due + RetryShelf.millisecond - 1) / RetryShelf.millisecond * RetryShelf.millisecond
        var (low, high) = (0, lots.count)
        while low < high {
            let middle = (low + high) / 2
            if lots[middle].due > due { low = middle + 1 } else { high = middle }
        }
        if low < lots.count, lots[low].due == due {
            lots[low].runs.append(run)
        } else {
            lots.insert((due, [run]), at: low)
        }
    }

    mutating func takeDue(_ now: Int64) -> [Run] {
        var due: [Run] = []
        while let lot = lots.last, lot.due <= now {
            due += lot.runs
            lots.removeLast()
        }
        return due
    }

    mutating func removeAll() { lots.removeAll() }
}
