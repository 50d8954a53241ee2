import Management
import Store
import WebhookModel

/// A dead letter in answers.
package enum DeadLetterShape {
    package static let shape = Shape.object(
        "DeadLetter",
        [
            Shape.Field("dead_at", .time, "Since when it is one."),
            Shape.Field("delivery", DeliveryShape.shape, "The delivery that used all its attempts."),
        ])

    static let example: JSON = ["dead_at": "2026-01-31T12:00:00.000Z", "delivery": DeliveryShape.example]

    static func json(_ view: DeadLetterView) -> JSON {
        ["dead_at": .text(Timestamp.text(view.letter.at)), "delivery": DeliveryShape.json(view.delivery)]
    }
}
