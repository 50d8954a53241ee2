import Management
import Store
import WebhookModel

/// An attempt in answers.
package enum AttemptShape {
    private static let phases = Shape.object(
        "AttemptPhases",
        ["resolved", "connected", "secured", "first_byte", "total"].map {
            Shape.Field($0, .integer(), "Microseconds from the beginning; 0: not reached.")
        })

    private static let answer = Shape.object(
        "AttemptAnswer",
        [
            Shape.Field(
                "headers", .array(.text), "The header lines of an answer other than 2xx, without sensitive ones."),
            Shape.Field("excerpt", .text, "The first bytes of the body of an answer other than 2xx."),
            Shape.Field("is_incomplete", .truth, "The body did not end: too large, cut off or late."),
        ])

    package static let shape = Shape.object(
        "Attempt",
        [
            Shape.Field("id", .text, "The id: att_ and 32 hex digits."),
            Shape.Field("delivery", .text, "The id of its delivery; of a batch, that of its first event."),
            Shape.Field("attempt", .integer(), "Its number, from 1; it goes on over redeliveries."),
            Shape.Field("trigger", .choice(["schedule", "manual", "replay", "test"]), "What made it."),
            Shape.Field("started_at", .time, "When it began."),
            Shape.Field("outcome", .choice(HistoryFilter.outcomes), "How it ended."),
            Shape.Field("advice", .text, "What the outcome means, and what helps."),
            Shape.Field("status", Shape.integer(100...999).orNull, "The status of the answer; null: none came."),
            Shape.Field("address", Shape.text.orNull, "The address that was used; null: none."),
            Shape.Field("reused_connection", .truth, "It went over a connection that was open already."),
            Shape.Field("phases", phases, "What took how long."),
            Shape.Field(
                "next_attempt_at", Shape.time.orNull, "When the next attempt was set for; null: none followed."),
            Shape.Field(
                "answer", answer.orNull, "What the receiver answered; null: the API key has no scope events:read."),
        ])

    static let example: JSON = [
        "id": "att_3b1f0c7e5d2a49868e11c0ffee123456", "delivery": "dlv_3b1f0c7e5d2a49868e11c0ffee123456", "attempt": 1,
        "trigger": "schedule", "started_at": "2026-01-31T12:00:00.000Z", "outcome": "refusedStatus",
        "advice": .text(Outcome.refusedStatus.advice), "status": 500, "address": "192.0.2.1",
        "reused_connection": false,
        "phases": ["resolved": 800, "connected": 2100, "secured": 5200, "first_byte": 9800, "total": 9900],
        "next_attempt_at": "2026-01-31T12:00:05.000Z",
        "answer": ["headers": ["content-type: text/plain"], "excerpt": "no such table", "is_incomplete": false],
    ]

    static func json(_ attempt: DeliveryAttempt) -> JSON {
        let row = attempt.stored.row
        let phases: JSON = [
            "resolved": .integer(Int(row.phases.resolved)), "connected": .integer(Int(row.phases.connected)),
            "secured": .integer(Int(row.phases.secured)), "first_byte": .integer(Int(row.phases.firstByte)),
            "total": .integer(Int(row.phases.total)),
        ]
        let lines = row.headers.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
        let answer: JSON = [
            "headers": .texts(lines), "excerpt": .text(String(decoding: row.excerpt, as: UTF8.self)),
            "is_incomplete": .bool(row.isAnswerIncomplete),
        ]
        return [
            "id": .text(attempt.id), "delivery": .text(attempt.delivery),
            "attempt": .integer(Int(attempt.stored.attempt)), "trigger": .text(String(describing: row.trigger)),
            "started_at": .text(Timestamp.text(row.startedAt)), "outcome": .text(row.outcome.name),
            "advice": .text(row.outcome.advice), "status": row.status > 0 ? .integer(Int(row.status)) : .null,
            "address": row.address.isEmpty ? .null : .text(row.address),
            "reused_connection": .bool(row.reusedConnection), "phases": phases,
            "next_attempt_at": Timestamp.json(row.nextAt), "answer": attempt.showsAnswer ? answer : .null,
        ]
    }
}
