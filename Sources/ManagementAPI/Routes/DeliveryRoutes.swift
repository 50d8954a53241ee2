/// Routes: deliveries.
enum DeliveryRoutes {
    static let table: [Route] = []
}
