/// The isolation and quota boundary: everything else belongs to one tenant.
public struct Tenant: Sendable, Equatable {
    public var number: TenantNumber
    /// 1…64 of `[A-Za-z0-9_.-]`, unique.
    public var name: String
    /// A disabled tenant's events are refused (TENANT_DISABLED); its deliveries wait.
    public var enabled: Bool
    public var settings: Settings

    public init(number: TenantNumber, name: String, enabled: Bool = true, settings: Settings = Settings()) {
        self.number = number
        self.name = name
        self.enabled = enabled
        self.settings = settings
    }

    /// Whether these bytes are a tenant's name by form.
    public static func isValidName(_ name: some Collection<UInt8>) -> Bool {
        guard (1...Limits.tenantNameBytes).contains(name.count) else { return false }
        return name.allSatisfy(NameForm.contains)
    }
}
