public import Scheduling

/// Where due deliveries go: one per sender. Called on the writer's thread; must not block.
public struct DispatchPort: Sendable {
    public let offer: @Sendable ([DueDelivery]) -> Void

    public init(offer: @escaping @Sendable ([DueDelivery]) -> Void) { self.offer = offer }
}
