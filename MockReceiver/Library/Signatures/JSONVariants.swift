/// The ways in which common libraries write the same JSON: what a sender may have signed before another part of it
/// wrote the body again.
enum JSONVariants {
    /// Whether `isIt` accepts the text when it is rewritten in one of these ways; false for a text that is not JSON.
    ///
    /// The variants are made one at a time, and none is much longer than the text: deep nesting would turn kilobytes
    /// into megabytes.
    ///
    /// - Parameter numbers: the form of its numbers; nil: as they are written.
    static func contain(
        _ text: [UInt8], numbers: JSONText.NumberForm? = nil, where isIt: ([UInt8]) -> Bool
    ) -> Bool {
        guard var value = JSONText.parse(text) else { return false }
        if let numbers {
            var changes = false
            value = value.renumbered(numbers, &changes)
            guard changes else { return false }
        }
        if numbers == nil, isIt(text.last == 0x0A ? Array(text.dropLast()) : text + [0x0A]) { return true }
        let limit = 4 * text.count + 1_024
        for sorted in [false, true] {
            for escapes in JSONText.Escapes.allCases {
                for spacing in JSONText.Spacing.all {
                    var written: [UInt8] = []
                    value.write(
                        JSONText.Style(spacing, escapes, isSorted: sorted, limit: limit), 0, &written)
                    if written != text, written.count <= limit, isIt(written) { return true }
                }
            }
        }
        return false
    }
}
