import WebhookModel

/// Every message's account, found by (id, endpoint).
///
/// Records are stored in chunks in order of first arrival and never move. An open-addressing index of 32-bit numbers
/// finds them. The index has its final size from the start, so no request pays for a rehash.
struct AccountTable {
    /// Records per chunk. After a snapshot, the next write copies one chunk.
    static let chunkCount = 1_024
    /// More would not fit into the index's 32-bit numbers.
    static let mostMessages = 1 << 28

    private(set) var chunks: [[MessageAccount]] = []
    private(set) var count = 0
    /// Record number + 1; 0: free.
    private var index: [UInt32]
    private let cap: Int

    /// What identifies an account.
    struct Key: Equatable {
        var id: EventID
        var endpoint: Int32

        var hash: Int {
            let mixed = BodyHash.finish(
                id.low ^ (id.high &* 0x9E37_79B9_7F4A_7C15) ^ UInt64(UInt32(bitPattern: endpoint)) << 17)
            return Int(truncatingIfNeeded: mixed)
        }
    }

    /// - Parameter cap: the most messages; beyond it `place` returns nil.
    init(cap: Int) {
        precondition((1...AccountTable.mostMessages).contains(cap), "message cap outside 1…2^28")
        self.cap = cap
        // At most two thirds full.
        var slots = 1_024
        while slots < cap + cap / 2 { slots *= 2 }
        index = [UInt32](repeating: 0, count: slots)
    }

    /// Bytes used by the records and their index.
    var bytes: Int {
        chunks.count * AccountTable.chunkCount * MemoryLayout<MessageAccount>.stride + index.count
            * MemoryLayout<UInt32>.stride
    }

    /// The record's number; nil: there is none.
    func find(_ key: Key) -> Int? {
        let slot = slot(of: key)
        return index[slot] == 0 ? nil : Int(index[slot]) - 1
    }

    /// The record's number; `new` makes the record if there is none. nil: the cap is reached.
    mutating func place(_ key: Key, new: () -> MessageAccount) -> Int? {
        let slot = slot(of: key)
        if index[slot] != 0 { return Int(index[slot]) - 1 }
        guard count < cap else { return nil }
        if count % AccountTable.chunkCount == 0 {
            chunks.append([])
            chunks[chunks.count - 1].reserveCapacity(AccountTable.chunkCount)
        }
        chunks[chunks.count - 1].append(new())
        count += 1
        index[slot] = UInt32(count)
        return count - 1
    }

    subscript(number: Int) -> MessageAccount {
        _read { yield chunks[number / AccountTable.chunkCount][number % AccountTable.chunkCount] }
        _modify { yield &chunks[number / AccountTable.chunkCount][number % AccountTable.chunkCount] }
    }

    /// The slot that holds the key, or the free slot for it.
    private func slot(of key: Key) -> Int {
        let mask = index.count - 1
        var slot = key.hash & mask
        while index[slot] != 0 {
            let number = Int(index[slot]) - 1
            let (chunk, place) = (number / AccountTable.chunkCount, number % AccountTable.chunkCount)
            if chunks[chunk][place].id == key.id, chunks[chunk][place].endpoint == key.endpoint { break }
            slot = (slot + 1) & mask
        }
        return slot
    }
}
