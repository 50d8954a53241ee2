import ArgumentParser
import Foundation
import MockReceiver

struct StatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "stats", abstract: "Totals of all endpoints, as JSON.")
    @OptionGroup var admin: AdminOptions
    @Flag(help: "Each path's totals instead.")
    var endpoints = false

    func run() async throws {
        let shape: AdminCaller.Shape = endpoints ? .list : .object(["totals", "messages"])
        Terminal.print(try await admin.call("GET", endpoints ? "/endpoints" : "/stats", answers: shape).text)
    }
}

struct JournalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal", abstract: "The latest requests, newest first.")
    @OptionGroup var admin: AdminOptions
    @OptionGroup(title: "Filter") var filter: FilterOptions
    @Option(parsing: .unconditional, help: "The most requests.")
    var limit = 20

    func run() async throws {
        let answered = try await admin.call(
            "GET", target("/journal", filter.pairs + [("limit", "\(limit)")]), answers: .list)
        if admin.json { return Terminal.print(answered.text) }
        for entry in answered.items {
            Terminal.print(
                "\(entry["number"] ?? "")  \(Moment.text(entry["at_us"]))  \(entry["status"] ?? "")  \(entry["verdict"] ?? "")  "
                    + "\(entry["path"] ?? "")  \(entry["id"] ?? "")  attempt \(entry["attempt"] ?? "")  \(entry["body_length"] ?? "") bytes"
            )
        }
    }
}

struct FollowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "follow", abstract: "Requests as they arrive: server-sent events, until interrupted.")
    @OptionGroup var admin: AdminOptions
    @OptionGroup(title: "Filter") var filter: FilterOptions

    func run() async throws {
        try await admin.copy(target("/stream", filter.pairs), type: "text/event-stream", patience: nil)
    }
}

struct MetricsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics", abstract: "Every counter as Prometheus text.")
    @OptionGroup var admin: AdminOptions

    func run() async throws { try await admin.copy("/metrics", type: "text/plain") }
}

struct TimelineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "timeline", abstract: "One message's attempts: time, gap, answer.")
    @OptionGroup var admin: AdminOptions
    @Argument(help: "Its webhook-id.")
    var id: String

    func validate() throws {
        guard !id.isEmpty else { throw ValidationError("<id> is empty; expected a message's webhook-id") }
    }

    func run() async throws {
        let answered = try await admin.call(
            "GET", "/messages/\(segment(id))/timeline", answers: .object(["id", "accounts", "attempts"]))
        if admin.json { return Terminal.print(answered.text) }
        for account in answered.list("accounts") {
            let counts = ["attempts", "accepted", "duplicates"].map { "\(account[$0] ?? 0) \($0)" }.joined(
                separator: ", ")
            Terminal.print("\(account["path"] ?? ""): \(counts)")
        }
        for attempt in answered.list("attempts") {
            let gap = (attempt["gap_us"] as? Int).map { "  +\(Double($0 / 1_000) / 1_000) s" } ?? ""
            let rest = ["path", "status", "verdict", "fault"].compactMap { attempt[$0].map { "\($0)" } }.joined(
                separator: "  ")
            Terminal.print("  \(attempt["attempt"] ?? "")  \(Moment.text(attempt["at_us"]))\(gap)  \(rest)")
        }
        let unseen = answered.number("unseen")
        if unseen > 0 { Terminal.print("  \(unseen) attempts have left the journal") }
    }
}

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "The journal as a file, oldest first, to standard output.")
    @OptionGroup var admin: AdminOptions
    @OptionGroup(title: "Filter") var filter: FilterOptions
    @Option(help: "ndjson, or har (HTTP Archive 1.2).")
    var format = "ndjson"

    func run() async throws {
        try await admin.copy(
            target("/export", filter.pairs + [("format", format)]),
            type: format == "har" ? "application/json" : "application/x-ndjson")
    }
}

/// Times as people read them.
enum Moment {
    static func text(_ microseconds: Any?) -> String {
        guard let microseconds = microseconds as? Int else { return "" }
        return Date(timeIntervalSince1970: Double(microseconds) / 1e6)
            .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
