import Foundation
import NIOCore

/// Requests as an HTTP Archive (HAR 1.2), which browsers' tools and most HTTP tools open.
///
/// What the journal does not keep is marked unknown as HAR requires: sizes are -1. Of the times it keeps the delay
/// before the answer; the others are 0, because HAR has no -1 for them. Members with a leading underscore are ours, as
/// section "Custom fields" allows.
enum HTTPArchive {
    static let head = #"{"log":{"version":"1.2","creator":{"name":"mock-receiver","version":"1"},"entries":["# + "\n"
    static let tail = "\n]}}\n"

    static func entry(_ entry: JournalEntry, host: String) throws -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return ByteBuffer(bytes: try encoder.encode(Entry(entry, host: host)))
    }

    private struct Pair: Encodable {
        let name: String
        let value: String
    }

    private struct Content: Encodable {
        let size: Int
        let mimeType: String
        let text: String?
        let encoding: String?
    }

    private struct Sent: Encodable {
        let method: String
        let url: String
        let httpVersion: String
        let cookies: [Pair] = []
        let headers: [Pair]
        let queryString: [Pair]
        let postData: Content
        let headersSize: Int
        let bodySize: Int
    }

    private struct Answered: Encodable {
        let status: Int
        let statusText: String
        let httpVersion = "HTTP/1.1"
        let cookies: [Pair] = []
        let headers: [Pair] = []
        let content = Content(size: -1, mimeType: "x-unknown", text: nil, encoding: nil)
        let redirectURL = ""
        let headersSize = -1
        let bodySize = -1
    }

    /// Milliseconds, none of them negative.
    private struct Timings: Encodable {
        let send = 0
        let wait: Int
        let receive = 0
    }

    private struct Entry: Encodable {
        let startedDateTime: String
        let time: Int
        let request: Sent
        let response: Answered
        let cache: [String: String] = [:]
        let timings: Timings
        let _attempt: Int
        let _verdict: String
        let _number: Int

        init(_ entry: JournalEntry, host: String) {
            let words = entry.requestLine.split(separator: " ")
            let headers = entry.headerLines
            let target = words.count > 1 ? String(words[1]) : entry.path
            let name = headers.first { $0.name == "host" }?.value ?? host
            let text = String(validating: entry.body, as: UTF8.self)
            startedDateTime = Date(timeIntervalSince1970: Double(entry.at) / 1e9)
                .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
            request = Sent(
                method: words.first.map(String.init) ?? "POST",
                url: target.hasPrefix("/") ? "http://\(name)\(target)" : target,
                httpVersion: words.last.map(String.init) ?? "HTTP/1.1",
                headers: headers.map { Pair(name: $0.name, value: $0.value) }, queryString: HTTPArchive.query(target),
                postData: Content(
                    size: entry.bodyLength, mimeType: headers.first { $0.name == "content-type" }?.value ?? "",
                    text: text ?? Data(entry.body).base64EncodedString(), encoding: text == nil ? "base64" : nil),
                headersSize: entry.head.count, bodySize: entry.bodyLength)
            time = entry.delay
            timings = Timings(wait: entry.delay)
            response = Answered(status: entry.status, statusText: entry.status == 0 ? "connection reset" : "")
            _attempt = entry.attempt
            _verdict = entry.verdict.name
            _number = entry.number
        }
    }

    private static func query(_ target: String) -> [Pair] {
        guard let mark = target.firstIndex(of: "?") else { return [] }
        return target[target.index(after: mark)...].split(separator: "&").map { part in
            let halves = part.split(separator: "=", maxSplits: 1).map { $0.removingPercentEncoding ?? String($0) }
            return Pair(name: halves.first ?? "", value: halves.count > 1 ? halves[1] : "")
        }
    }
}
