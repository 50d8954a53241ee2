/// Milliseconds between a request's last byte and the first of its reply.
public enum Delay: Sendable, Equatable, ExpressibleByIntegerLiteral {
    case fixed(Int)
    /// A number between these two, all equally likely.
    case uniform(ClosedRange<Int>)
    /// Half of the delays are shorter than the median; `sigma` is the standard deviation of their natural logarithm.
    /// Limited to `most`.
    case lognormal(median: Int, sigma: Double, most: Int)

    public init(integerLiteral milliseconds: Int) { self = .fixed(milliseconds) }

    public static let none = Delay.fixed(0)

    /// The longest possible delay.
    public var most: Int {
        switch self {
        case .fixed(let milliseconds): milliseconds
        case .uniform(let range): range.upperBound
        case .lognormal(_, _, let most): most
        }
    }
}
