import Management
import ManagementAPI
import WebhookModel

extension APIConfiguration {
    init(_ configuration: ServerConfiguration) {
        self.init()
        host = configuration.api.host
        port = configuration.api.port
        connections = configuration.api.connections
        version = ServerVersion.text
    }
}

extension DeskSettings {
    init(_ configuration: ServerConfiguration, _ machines: Machines, seal: SecretSeal?) {
        self.init()
        payloadBytes = configuration.ingest.payloadBytes
        allowHTTP = configuration.sender.allowHTTP
        provisioningFile = configuration.provisioningFile
        self.seal = seal
        metrics = { ServerMetrics.families(machines) }
    }
}

/// The description of the management API, as `/openapi.json` serves it: for `needletail openapi`.
public enum ManagementDescription {
    /// OpenAPI 3.1, JSON.
    public static var text: String { String(decoding: OpenAPIDocument.bytes, as: UTF8.self) }
}
