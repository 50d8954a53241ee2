import Glibc
import IngestClient
import WireProtocol

/// Prints receipts on standard output, errors and progress on standard error.
struct ReceiptPrinter {
    enum Form { case text, json, quiet }

    /// Counts of the lines so far.
    struct Count: Equatable {
        var stored = 0
        var duplicates = 0
        var refused = 0
        var unreadable = 0
        var inDoubt = 0

        var isAllStored: Bool { refused + unreadable + inDoubt == 0 }
    }

    /// What an event came from, for messages.
    struct Origin {
        /// Nil: from flags.
        var line: Int?
        var tenant: String
        var type: String
        var payloadBytes: Int

        init(_ event: OutgoingEvent, line: Int? = nil) {
            self.line = line
            tenant = event.tenant
            type = event.type
            payloadBytes = event.payload.count
        }
    }

    private(set) var count = Count()
    /// The longest payload that the server takes; 0: not known.
    var payloadBytesMost = 0
    private let form: Form
    private var bar: ProgressBar

    /// - Parameter bytesInAll: bytes of the input, for the progress bar; nil: not known.
    init(form: Form, bytesInAll: Int?) {
        self.form = form
        bar = ProgressBar(bytesInAll: bytesInAll)
    }

    /// Prints the receipts of some events, in order.
    mutating func show(_ receipts: [EventReceipt], of origins: [Origin]) {
        var output = ""
        var complaints = ""
        for (receipt, origin) in zip(receipts, origins) {
            let line = origin.line
            if receipt.isStored {
                count.stored += 1
                if receipt.status == .duplicate { count.duplicates += 1 }
            } else {
                count.refused += 1
                complaints +=
                    prefix(line) + "\(receipt.id): \(receipt.status.name): \(meaning(receipt.status, origin))"
                    + remedy(receipt.status) + "\n"
            }
            switch form {
            case .text where receipt.isStored:
                output += "\(receipt.id) \(receipt.status.name) commit=\(receipt.commit)\n"
            case .json: output += json(receipt, line)
            case .text, .quiet: break
            }
        }
        bar.clear()
        write(output, to: STDOUT_FILENO)
        write(complaints, to: STDERR_FILENO)
    }

    /// Prints a publication that ended without all its answers.
    mutating func show(_ error: PublishError, of origins: [Origin]) {
        for (receipt, origin) in zip(error.receipts, origins) {
            if let receipt {
                show([receipt], of: [origin])
            } else {
                count.inDoubt += 1
                complain(origin.line, "no answer: publish it again with the same id")
            }
        }
        bar.clear()
        write("needletail: \(error)\n", to: STDERR_FILENO)
    }

    /// Prints a line that is not an event.
    mutating func show(_ mistake: EventMistake, line: Int?) {
        count.unreadable += 1
        complain(line, mistake.description)
    }

    private mutating func complain(_ line: Int?, _ text: String) {
        bar.clear()
        write(prefix(line) + text + "\n", to: STDERR_FILENO)
    }

    mutating func progress(bytesRead: Int) { bar.show(bytesRead: bytesRead, count) }

    /// Prints the last line, if there were several events.
    mutating func finish(seconds: Double) {
        bar.clear()
        var parts = ["\(count.stored) stored"]
        if count.duplicates > 0 { parts.append("\(count.duplicates) of them known before") }
        if count.refused > 0 { parts.append("\(count.refused) refused") }
        if count.inDoubt > 0 { parts.append("\(count.inDoubt) without an answer") }
        if count.unreadable > 0 { parts.append("\(count.unreadable) not readable") }
        let tenths = Int((seconds * 10).rounded())
        write("\(parts.joined(separator: ", ")); \(tenths / 10).\(tenths % 10) s\n", to: STDERR_FILENO)
    }

    private func prefix(_ line: Int?) -> String { line.map { "line \($0): " } ?? "needletail: " }

    private func json(_ receipt: EventReceipt, _ line: Int?) -> String {
        let line = line.map { "\"line\":\($0)," } ?? ""
        return
            "{\(line)\"id\":\"\(receipt.id)\",\"status\":\"\(receipt.status.name)\",\"stored\":\(receipt.isStored),\"commit\":\(receipt.commit)}\n"
    }

    /// The meaning with what the client knows of the event.
    private func meaning(_ status: ProtocolStatus, _ origin: Origin) -> String {
        switch status {
        case .tooLarge where payloadBytesMost > 0 && origin.payloadBytes > payloadBytesMost:
            "the payload has \(origin.payloadBytes) bytes, and the server takes at most \(payloadBytesMost)"
        case .forbidden:
            "the API key does not allow the tenant \"\(origin.tenant)\" or the event type \"\(origin.type)\""
        case .unknownTenant: "there is no tenant \"\(origin.tenant)\""
        default: status.text
        }
    }

    private func remedy(_ status: ProtocolStatus) -> String {
        switch status {
        case .unknownTenant: "; correct the name, or provision the tenant"
        case .tenantDisabled: "; enable the tenant"
        case .forbidden: "; the server's log says which, and the key's scopes; use a key that allows both"
        case .throttled: "; the server's log says which; publish it again later with the same id"
        case .conflict: "; use another id or key, or leave it: the first content is kept"
        case .tooLarge: "; send less, for example a link to the content"
        case .badTime: "; expected a time within the next 30 days"
        case .unknownEventType: "; correct the type, or add it to the catalogue"
        case let status where status.statusClass == .sendAgain || status.statusClass == .sendElsewhere:
            "; publish it again later with the same id"
        default: ""
        }
    }
}

/// One line that is rewritten, on a terminal only, and only for runs that take more than a second.
struct ProgressBar {
    private static let width = 24
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let bytesInAll: Int?
    private let begun = PointInTime.now
    private var shown: Int64 = 0
    private var isVisible = false

    init(bytesInAll: Int?) { self.bytesInAll = bytesInAll }

    mutating func show(bytesRead: Int, _ count: ReceiptPrinter.Count) {
        let now = PointInTime.now
        guard isTerminal, now - begun > 1_000, now - shown >= 100 else { return }
        shown = now
        isVisible = true
        var text = "\r\u{1B}[K"
        if let bytesInAll, bytesInAll > 0 {
            let done = min(ProgressBar.width, bytesRead * ProgressBar.width / bytesInAll)
            text += "[" + String(repeating: "#", count: done) + String(repeating: " ", count: ProgressBar.width - done)
            text += "] \(min(100, bytesRead * 100 / bytesInAll)) %  "
        }
        let rate = Int64(count.stored) * 1_000 / max(1, now - begun)
        text += "\(count.stored) stored, \(rate)/s"
        if count.refused + count.unreadable > 0 { text += ", \(count.refused + count.unreadable) not" }
        write(text, to: STDERR_FILENO)
    }

    mutating func clear() {
        if isVisible { write("\r\u{1B}[K", to: STDERR_FILENO) }
        isVisible = false
    }
}

/// All of it, whatever the pipe takes at once. A reader that is gone is no reason to stop publishing.
private func write(_ text: String, to descriptor: CInt) {
    var text = text
    text.withUTF8 { bytes in
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, UnsafeBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
