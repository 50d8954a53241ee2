import LMDB
import WebhookModel

/// Writes a configuration record: fields of u8 tag · u32 length · bytes, in any order. A reader skips tags it does not
/// know, so a later version may add fields.
struct FieldWriter {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ tag: UInt8, _ value: some Collection<UInt8>) {
        bytes.append(tag)
        appendBigEndian(UInt32(value.count))
        bytes.append(contentsOf: value)
    }

    mutating func add(_ tag: UInt8, _ text: String) { add(tag, text.utf8) }

    mutating func add(_ tag: UInt8, _ number: Int64) {
        bytes.append(tag)
        appendBigEndian(UInt32(8))
        appendBigEndian(number)
    }

    mutating func add(_ rate: Rate?, perSecond: UInt8, burst: UInt8) {
        guard let rate else { return }
        add(perSecond, Int64(rate.perSecond))
        add(burst, Int64(rate.burst))
    }

    private mutating func appendBigEndian(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }
}

/// Reads what `FieldWriter` wrote.
struct FieldReader {
    let fields: [(tag: UInt8, value: [UInt8])]

    /// Nil where the lengths do not fit the bytes.
    init?(_ bytes: UnsafeRawBufferPointer) {
        var fields: [(tag: UInt8, value: [UInt8])] = []
        var offset = 0
        while offset < bytes.count {
            guard bytes.count - offset >= 5 else { return nil }
            let length = Int(bytes.uint32(at: offset + 1))
            guard bytes.count - offset - 5 >= length else { return nil }
            fields.append((bytes[offset], Array(bytes[(offset + 5)..<(offset + 5 + length)])))
            offset += 5 + length
        }
        self.fields = fields
    }

    func all(_ tag: UInt8) -> [[UInt8]] { fields.filter { $0.tag == tag }.map(\.value) }
    func text(_ tag: UInt8) -> String? { all(tag).first.map { String(decoding: $0, as: UTF8.self) } }
    func texts(_ tag: UInt8) -> [String] { all(tag).map { String(decoding: $0, as: UTF8.self) } }

    func number(_ tag: UInt8) -> Int64? { numbers(tag).first }
    func numbers(_ tag: UInt8) -> [Int64] {
        all(tag).filter { $0.count == 8 }.map { bytes in
            bytes.withUnsafeBytes { Int64(bitPattern: $0.uint64(at: 0)) }
        }
    }

    /// Nil where there is none.
    func rate(perSecond: UInt8, burst: UInt8) -> Rate? {
        number(perSecond).map { Rate(perSecond: Int($0), burst: number(burst).map { Int($0) }) }
    }
}
