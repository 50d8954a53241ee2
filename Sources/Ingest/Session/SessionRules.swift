package import Access

/// What is the same for all sessions of a server. They share one object: a copy in each would cost 400 bytes.
package final class SessionRules: Sendable {
    package let configuration: IngestConfiguration
    package let authenticate: Authenticator
    let rates: KeyRates

    package init(
        configuration: IngestConfiguration, rates: KeyRates = KeyRates(), authenticate: @escaping Authenticator
    ) {
        self.configuration = configuration
        self.rates = rates
        self.authenticate = authenticate
    }
}
