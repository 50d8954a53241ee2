public import DurableQueue
public import Settings
public import Store
import WebhookModel

/// Why a request was refused, in words for the client. The only error that the use cases throw.
public struct ManagementError: Error, Sendable {
    /// The kind, as a word that programs may rely on. The API gives each a status.
    public enum Code: String, Sendable, CaseIterable {
        /// Neither an API key nor a valid one was shown.
        case unauthenticated
        /// The key has no scope for this.
        case missingScope = "missing_scope"
        /// The key may not publish this.
        case forbidden
        /// Nothing of this name or id, or it belongs to a tenant that the key is not for.
        case notFound = "not_found"
        /// The document or the query cannot be parsed.
        case malformed
        /// The document can be parsed, and its values are not accepted.
        case invalid
        case invalidParameter = "invalid_parameter"
        case invalidCursor = "invalid_cursor"
        /// The name is taken, or the state does not allow it.
        case conflict
        /// The row comes from the provisioning file.
        case managedByFile = "managed_by_file"
        case idempotencyMismatch = "idempotency_mismatch"
        case revisionMismatch = "revision_mismatch"
        case revisionRequired = "revision_required"
        case limitReached = "limit_reached"
        case tenantDisabled = "tenant_disabled"
        case unknownTenant = "unknown_tenant"
        case unknownEventType = "unknown_event_type"
        case tooLarge = "too_large"
        case throttled
        case overloaded
        case storageFull = "storage_full"
        case stopping
        /// A part of the store is damaged, or cannot be read.
        case damaged
    }

    public var code: Code
    /// What is wrong and what to do.
    public var detail: String
    /// The field, as a JSON pointer from the root of the document, or the name of a parameter; nil: the request.
    public var field: String?
    /// All that is wrong with a document.
    public var mistakes: [SettingsMistake] = []
    /// When it may be tried again, in milliseconds; nil: not for being tried again.
    public var retryAfter: Int?

    public init(_ code: Code, _ detail: String, field: String? = nil, retryAfter: Int? = nil) {
        self.code = code
        self.detail = detail
        self.field = field
        self.retryAfter = retryAfter
    }
}

extension ManagementError {
    /// The answer for an id that does not exist and for one of a foreign tenant: the same bytes.
    ///
    /// - Parameter what: "webhook".
    public static func notFound(_ what: String) -> ManagementError {
        ManagementError(.notFound, "there is no such \(what), or the API key is not for its tenant")
    }

    /// Everything that a reader of settings found.
    public init(_ mistakes: SettingsMistakes) {
        let list = mistakes.list
        let isSyntax = list.first?.code == .malformed
        let rest = list.count > 1 ? "; \(list.count - 1) more in errors" : ""
        self.init(isSyntax ? .malformed : .invalid, (list.first?.text ?? "") + rest, field: list.first?.path)
        self.mistakes = list
    }

    public init(_ error: StoreReadError) {
        switch error {
        case .invalidCursor:
            self.init(.invalidCursor, "expected the next of an earlier page of the same list", field: "cursor")
        case .tooManyReaders:
            self.init(.overloaded, "too many requests read at one time; try again", retryAfter: 1_000)
        case .unavailable:
            self.init(.stopping, "the store cannot be read until the server starts again", retryAfter: 1_000)
        case .damaged, .sealed: self.init(.damaged, "a part of the store cannot be read; the server's log has more")
        }
    }

    /// A change that the writer refused.
    public init(_ error: TenancyError) {
        switch error {
        case .unknownTenant: self = .notFound("tenant")
        case .unknownEndpoint: self = .notFound("webhook")
        case .unknownAPIKey: self = .notFound("API key")
        case .tooManyEndpoints: self.init(.limitReached, error.description)
        case .revisionMismatch: self.init(.revisionMismatch, error.description)
        case .storageFull: self.init(.storageFull, error.description, retryAfter: 1_000)
        case .damaged: self.init(.damaged, error.description)
        case .stopped: self.init(.stopping, error.description, retryAfter: 1_000)
        }
    }
}
