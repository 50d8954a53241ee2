/// The results of the events of each group of tenants.
package struct GroupBooks: Sendable {
    /// The results of one group.
    package struct Book: Sendable {
        package let group: TenantGroup
        /// Stored by the server, and accepted by the receiver.
        package fileprivate(set) var deliverable = 0
        package fileprivate(set) var delivered = 0
        /// Intended → accepted, of the events after the warm-up.
        package fileprivate(set) var endToEnd = StageLatencies()
        // Sum of the latencies in nanoseconds and their number, tenant by tenant.
        fileprivate var waits: [(sum: Double, count: Int)]

        /// How equally long the group's tenants wait: Jain's index (Jain, Chiu, Hawe 1984) of their mean latencies. 1:
        /// equally long; 1/n: one of n waits, the others do not. nil: fewer than two tenants had an event delivered.
        package var fairness: Double? {
            let means = waits.filter { $0.count > 0 }.map { $0.sum / Double($0.count) }
            return means.count < 2 ? nil : Jain.index(of: means)
        }
    }

    package private(set) var books: [Book]
    private let workload: Workload
    // Index of a tenant's book, -1: it is in none.
    private let bookOfTenant: [Int32]

    package init(_ workload: Workload) {
        self.workload = workload
        books = workload.groups.map { Book(group: $0, waits: Array(repeating: (0, 0), count: $0.tenants.count)) }
        var numbers = [Int32](repeating: -1, count: workload.groups.isEmpty ? 0 : workload.tenants)
        for (number, group) in workload.groups.enumerated() {
            for tenant in group.tenants { numbers[tenant] = Int32(number) }
        }
        bookOfTenant = numbers
    }

    /// Adds the latency of an accepted event, in nanoseconds.
    mutating func record(_ latency: Int64, of sequence: Int) {
        guard let (number, tenant) = place(of: sequence) else { return }
        books[number].endToEnd.record(latency)
        let position = tenant - books[number].group.tenants.lowerBound
        books[number].waits[position].sum += Double(max(0, latency))
        books[number].waits[position].count += 1
    }

    /// Counts a stored event at the end. False: its receiver does not answer, on purpose.
    mutating func count(_ sequence: Int, isAccepted: Bool) -> Bool {
        guard let (number, _) = place(of: sequence) else { return true }
        books[number].deliverable += 1
        if isAccepted { books[number].delivered += 1 }
        return books[number].group.isAnswered
    }

    private func place(of sequence: Int) -> (book: Int, tenant: Int)? {
        guard !bookOfTenant.isEmpty else { return nil }
        let tenant = workload.tenantIndex(of: sequence)
        return bookOfTenant[tenant] < 0 ? nil : (Int(bookOfTenant[tenant]), tenant)
    }
}

/// Jain's fairness index.
package enum Jain {
    /// (Σx)² / (n · Σx²): 1 if all are equal, 1/n if one has everything; 1 also if all are 0.
    package static func index(of values: [Double]) -> Double {
        let sum = values.reduce(0, +)
        let squares = values.reduce(0) { $0 + $1 * $1 }
        return squares == 0 ? 1 : sum * sum / (Double(values.count) * squares)
    }
}
