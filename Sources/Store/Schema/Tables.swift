import LMDB

/// The tables of the store. DataLayout.md gives every key and value, byte by byte.
public struct Tables: Sendable {
    let meta: Database
    let tenants: Database
    let keys: Database
    let endpoints: Database
    let events: Database
    let chunks: Database
    let ids: Database
    let deliveries: Database
    let due: Database
    let parked: Database
    let attempts: Database
    let dead: Database
    let heads: Database
    let behind: Database
    let holds: Database
    let gathering: Database
    let batches: Database
    let eventsByTenant: Database
    let recentByEndpoint: Database
    let unindexed: Database
    let totals: Database
    let destinations: Database

    init(_ transaction: borrowing WriteTransaction) throws(LMDBError) {
        meta = try transaction.open("meta")
        tenants = try transaction.open("tenants")
        keys = try transaction.open("keys")
        endpoints = try transaction.open("endpoints")
        events = try transaction.open("events")
        chunks = try transaction.open("chunks")
        ids = try transaction.open("ids")
        deliveries = try transaction.open("deliveries")
        due = try transaction.open("due")
        parked = try transaction.open("parked")
        attempts = try transaction.open("attempts")
        dead = try transaction.open("dead")
        heads = try transaction.open("heads")
        behind = try transaction.open("behind")
        holds = try transaction.open("holds")
        gathering = try transaction.open("gathering")
        batches = try transaction.open("batches")
        eventsByTenant = try transaction.open("eventsByTenant")
        recentByEndpoint = try transaction.open("recentByEndpoint")
        unindexed = try transaction.open("unindexed")
        totals = try transaction.open("totals")
        destinations = try transaction.open("destinations")
    }
}

/// The entries of `meta`, by their number.
enum MetaKey: UInt64 {
    case format = 1
    case nextPosition = 2
    case nextTenant = 3
    case nextEndpoint = 4
    case nextAPIKey = 5
    case batched = 6
    case migration = 7
    case lastCommit = 8
    // 9 is the mark of the indexed events (DataLayout.md).
    case identity = 10

    var key: Key { Key(rawValue) }
}

/// "NEEDLETL" and the format's version.
enum Format {
    static let magic: UInt64 = 0x4E45_4544_4C45_544C
    static let version: UInt32 = 2
}
