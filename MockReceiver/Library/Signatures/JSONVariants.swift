/// The ways in which common libraries write the same JSON: what a sender may have signed before another part of it wrote the body again.
enum JSONVariants {
    /// The text written anew in each way; empty where it is no JSON.
    static func of(_ text: [UInt8]) -> [[UInt8]] {
        var variants: [[UInt8]] = text.last == 0x0A ? [Array(text.dropLast())] : [text + [0x0A]]
        guard let value = JSONText.parse(text) else { return [] }
        for sorted in [false, true] {
            for escapes in JSONText.Escapes.allCases {
                for spacing in JSONText.Spacing.all {
                    var written: [UInt8] = []
                    value.write(JSONText.Style(spacing: spacing, escapes: escapes, isSorted: sorted), 0, &written)
                    if written != text { variants.append(written) }
                }
            }
        }
        return variants
    }
}
