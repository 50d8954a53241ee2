import Management

/// A kind of problem: its word, status and title. The use cases have most of them; the others are HTTP's own.
enum ProblemKind: Hashable, Sendable {
    case refusal(ManagementError.Code)
    case methodNotAllowed
    case unsupportedMediaType
    case bodyTimeout
    case targetTooLong

    init(_ code: ManagementError.Code) { self = .refusal(code) }

    var code: String {
        switch self {
        case .refusal(let code): code.rawValue
        case .methodNotAllowed: "method_not_allowed"
        case .unsupportedMediaType: "unsupported_media_type"
        case .bodyTimeout: "body_timeout"
        case .targetTooLong: "target_too_long"
        }
    }

    /// RFC 9110, 15.5 and 15.6; RFC 6585 for 428 and 429.
    var status: Int {
        switch self {
        case .methodNotAllowed: 405
        case .unsupportedMediaType: 415
        case .bodyTimeout: 408
        case .targetTooLong: 414
        case .refusal(let code): code.status
        }
    }

    var title: String {
        switch self {
        case .methodNotAllowed: "The path does not allow this method"
        case .unsupportedMediaType: "The body has a media type that the route does not take"
        case .bodyTimeout: "The body did not come in time"
        case .targetTooLong: "The path and its query are too long"
        case .refusal(let code): code.title
        }
    }
}

extension ManagementError.Code {
    fileprivate var status: Int {
        switch self {
        case .malformed, .invalidParameter, .invalidCursor: 400
        case .unauthenticated: 401
        case .missingScope, .forbidden: 403
        case .notFound: 404
        case .conflict, .managedByFile, .idempotencyMismatch, .limitReached, .tenantDisabled: 409
        case .revisionMismatch: 412
        case .tooLarge: 413
        case .invalid, .unknownTenant, .unknownEventType: 422
        case .revisionRequired: 428
        case .throttled: 429
        case .damaged: 500
        case .overloaded, .storageFull, .stopping: 503
        }
    }

    fileprivate var title: String {
        switch self {
        case .unauthenticated: "An API key is needed"
        case .missingScope: "The API key has no scope for this"
        case .forbidden: "The API key may not publish this"
        case .notFound: "There is no such thing"
        case .malformed: "The document cannot be read"
        case .invalid: "The document is not accepted"
        case .invalidParameter: "A parameter is not accepted"
        case .invalidCursor: "The cursor does not belong to this list"
        case .conflict: "The state does not allow it"
        case .managedByFile: "The provisioning file manages this"
        case .idempotencyMismatch: "The idempotency key was used for another request"
        case .revisionMismatch: "It was changed meanwhile"
        case .revisionRequired: "If-Match is needed"
        case .limitReached: "A limit is reached"
        case .tenantDisabled: "The tenant is disabled"
        case .unknownTenant: "There is no such tenant"
        case .unknownEventType: "There is no such event type"
        case .tooLarge: "It is too large"
        case .throttled: "Too much at one time"
        case .overloaded: "The server has no room now"
        case .storageFull: "The store is full"
        case .stopping: "The server stops"
        case .damaged: "A part of the store cannot be read"
        }
    }
}
