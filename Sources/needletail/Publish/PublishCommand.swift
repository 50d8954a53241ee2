import ArgumentParser
import Glibc
import IngestClient
import NIOCore
import Settings
import WireProtocol

/// `needletail publish`.
struct PublishCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Publish one event, or many from a file or standard input, and print the receipts.",
        discussion: """
            A receipt comes when the event and all its deliveries are on disk. Lost connections are made again, and events without \
            an answer are sent again with the same id, so nothing is lost and nothing is stored twice.

            One event:

              export NEEDLETAIL_KEY=nt_...
              needletail publish --tenant acme --type order.placed --payload '{"total":42}'
              needletail publish --tenant acme --type order.due \\
                --payload-file due.json --deliver-at +15m

            Many, one JSON object per line (NDJSON); flags are the defaults for all lines:

              {"tenant":"acme","type":"order.placed","payload":{"total":42}}

              needletail publish --file events.ndjson
              producer | needletail publish --tenant acme --json > receipts.ndjson

            Members of a line: tenant, type, payload (any JSON value, sent byte for byte), payload_text (a string, sent as \
            its bytes), id, idempotency_key, occurred_at, deliver_at, ordering_key, correlation_id, content_type, attributes.

            An event with an id or an idempotency key may be published repeatedly: it is stored once. Then \
            occurred_at and deliver_at may differ, and those of the first time hold; anything else that differs is a CONFLICT. An event with neither gets a \
            new id each time.

            Interrupted, the command ends at once. What has no receipt may or may not be stored; publish it again with the same id.

            Exit codes: 0 all stored; 1 some not, each named on standard error with its line; 2 arguments not understood.
            """)

    @OptionGroup(title: "Server") var server: ServerOptions

    @Option(help: ArgumentHelp("Tenant of the event.", valueName: "name")) var tenant: String?
    @Option(help: ArgumentHelp("Event type, for example order.placed.", valueName: "type")) var type: String?
    @Option(
        help: ArgumentHelp("The payload of one event, JSON unless --content-type says otherwise.", valueName: "text"))
    var payload: String?
    @Option(help: ArgumentHelp("The same from a file; - is standard input.", valueName: "file")) var payloadFile:
        String?
    @Option(help: ArgumentHelp("Event id: evt_ and 32 hex digits, or a UUID.", valueName: "id")) var id: String?
    @Option(help: ArgumentHelp("A key of your own, from which the id is computed.", valueName: "key"))
    var idempotencyKey: String?
    // Takes what begins with a dash too, so that the message is about the value.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Deliver not before: 2026-01-31T12:00:00Z, +90s, or Unix milliseconds.", valueName: "time"))
    var deliverAt: String?
    @Option(help: ArgumentHelp("Events with the same key keep their order.", valueName: "key")) var orderingKey: String?
    @Option(help: ArgumentHelp("For your own tracing.", valueName: "id")) var correlationId: String?
    @Option(help: ArgumentHelp("Content type of the payload (application/json).", valueName: "type")) var contentType:
        String?
    @Option(help: ArgumentHelp("Repeatable.", valueName: "name=value")) var attribute: [String] = []
    @Option(help: ArgumentHelp("NDJSON file instead of standard input.", valueName: "file")) var file: String?
    @Flag(help: "Print no receipts; use the exit code.") var quiet = false
    @Flag(help: "Print receipts as JSON, one per line, including refusals.") var json = false

    func run() async throws {
        // Receipts may go to a pipe that is no longer read; publishing continues.
        signal(SIGPIPE, SIG_IGN)
        let isSingle = payload != nil || payloadFile != nil
        try checkUsage(isSingle: isSingle)
        let fields = try flagFields()
        let settings = try server.settings()
        let count = isSingle ? try await publishOne(fields, settings) : try await publishLines(fields, settings)
        if !count.isAllStored { throw ExitCode(1) }
    }

    private func checkUsage(isSingle: Bool) throws {
        if isSingle, file != nil { throw ValidationError("--file and --payload or --payload-file exclude each other") }
        if payload != nil, payloadFile != nil {
            throw ValidationError("--payload and --payload-file exclude each other")
        }
        if !isSingle, id != nil || idempotencyKey != nil {
            throw ValidationError(
                "--id and --idempotency-key identify one event: add --payload, or write them into the lines")
        }
        if id != nil, idempotencyKey != nil { throw ValidationError("--id and --idempotency-key exclude each other") }
        if quiet, json { throw ValidationError("--quiet and --json exclude each other") }
        if !isSingle, file == nil, isatty(STDIN_FILENO) == 1 {
            throw ValidationError("nothing to publish: set --payload for one event, --file, or pipe lines in")
        }
    }

    private func flagFields() throws -> EventFields {
        var fields = EventFields(
            id: id, idempotencyKey: idempotencyKey, tenant: tenant, type: type, deliverAt: deliverAt)
        fields.orderingKey = orderingKey ?? ""
        fields.correlationID = correlationId ?? ""
        fields.contentType = contentType ?? ""
        for text in attribute {
            guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
                throw ValidationError("--attribute: invalid value \"\(text)\"; expected name=value")
            }
            fields.attributes.append(
                OutgoingEvent.Attribute(
                    name: String(text[..<equals]), value: String(text[text.index(after: equals)...])))
        }
        return fields
    }

    private var form: ReceiptPrinter.Form { quiet ? .quiet : json ? .json : .text }

    private func publishOne(_ fields: EventFields, _ settings: PublisherSettings) async throws -> ReceiptPrinter.Count {
        var fields = fields
        if let payloadFile {
            fields.payload = try await LineSource.whole(payloadFile)
        } else {
            fields.payload = payload.map { Array($0.utf8) }
        }
        let event: OutgoingEvent
        do {
            if let payload = fields.payload, isJSON { try JSONScanner.check(payload[...]) }
            event = try fields.event(now: PointInTime.now)
        } catch let mistake as JSONScanner.Mistake {
            throw ValidationError("the payload is not JSON: \(mistake); for other content set --content-type")
        } catch let mistake as EventMistake {
            throw ValidationError(mistake.description)
        }
        var printer = ReceiptPrinter(form: form, bytesInAll: nil)
        let origin = ReceiptPrinter.Origin(event)
        let publisher = try await EventPublisher.connect(settings)
        printer.payloadBytesMost = publisher.metrics.payloadBytesMost
        do throws(PublishError) {
            printer.show([try await publisher.publish(event)], of: [origin])
        } catch {
            printer.show(error, of: [origin])
        }
        await publisher.close()
        return printer.count
    }

    private var isJSON: Bool {
        guard let contentType else { return true }
        return contentType.hasPrefix("application/json") || contentType.contains("+json")
    }

    private func publishLines(_ fields: EventFields, _ settings: PublisherSettings) async throws -> ReceiptPrinter.Count
    {
        let source = try LineSource(path: file)
        var run = LineRun(
            fields: fields, publisher: try await EventPublisher.connect(settings), source: source,
            printer: ReceiptPrinter(form: form, bytesInAll: source.bytesInAll))
        return try await run.finish()
    }
}
