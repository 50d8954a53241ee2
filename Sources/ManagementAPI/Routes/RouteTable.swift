/// All routes. A resource is a file with a table of its own; this is the list of them.
package enum RouteTable {
    package static let all: [Route] =
        ServerRoutes.table
        + TenantRoutes.table
        + KeyRoutes.table
        + WebhookRoutes.table
        + WebhookActionRoutes.table
        + ValidateRoutes.table
        + EventTypeRoutes.table
        + PublishRoutes.table
        + EventRoutes.table
        + ExplainRoutes.table
        + DeliveryRoutes.table
        + AttemptRoutes.table
        + AttemptStreamRoutes.table
        + DeadLetterRoutes.table
        + StatisticsRoutes.table
        + VerifyRoutes.table
        + DocumentRoutes.table

    static let tree = RouteTree(all)
}
