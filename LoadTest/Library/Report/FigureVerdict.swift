/// One figure compared with its limit.
package struct FigureVerdict: Codable, Sendable {
    package var name: String
    package var unit: String
    package var value: Double
    /// The same figure of the same run without the disturbance; nil: the limit is absolute.
    @OrNull package var baseline: Double?
    /// Value over baseline.
    @OrNull package var ratio: Double?
    /// For the ratio if there is a baseline, else for the value.
    package var limit: Double
    package var bound: Bound
    package var held: Bool

    package enum Bound: String, Codable, Sendable {
        case atMost = "at most"
        case atLeast = "at least"
    }

    /// A value with an absolute limit.
    package init(_ name: String, _ value: Double, unit: String, _ bound: Bound, _ limit: Double) {
        self.init(name, value, unit: unit, baseline: nil, ratio: nil, bound, limit)
    }

    /// A value with a limit relative to its baseline. Without a baseline above 0 the limit counts as broken.
    package init(_ name: String, _ value: Double, unit: String, baseline: Double, mostRatio: Double) {
        let ratio = baseline > 0 ? value / baseline : .infinity
        self.init(name, value, unit: unit, baseline: baseline, ratio: min(ratio, 1e9), .atMost, mostRatio)
    }

    private init(
        _ name: String, _ value: Double, unit: String, baseline: Double?, ratio: Double?, _ bound: Bound,
        _ limit: Double
    ) {
        self.name = name
        self.unit = unit
        self.value = value
        _baseline = OrNull(wrappedValue: baseline)
        _ratio = OrNull(wrappedValue: ratio)
        self.bound = bound
        self.limit = limit
        let judged = ratio ?? value
        held = bound == .atMost ? judged <= limit : judged >= limit
    }

    /// The figure, its baseline, the ratio and the verdict.
    package var text: String {
        var parts = ["\(name): \(number(value)) \(unit)"]
        if let baseline, let ratio {
            parts.append("baseline \(number(baseline)) \(unit)")
            parts.append("ratio \(Figures.fixed(ratio, 2)), \(bound.rawValue) \(Figures.fixed(limit, 2))")
        } else {
            parts.append("\(bound.rawValue) \(number(limit)) \(unit)")
        }
        return parts.joined(separator: "   ") + "   " + (held ? "HELD" : "BROKEN")
    }

    private func number(_ value: Double) -> String {
        abs(value) >= 1_000 ? Figures.grouped(Int(value.rounded())) : Figures.milliseconds(value)
    }
}
