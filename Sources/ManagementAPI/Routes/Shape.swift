/// The shape of a JSON value, as a schema of OpenAPI 3.1 (JSON Schema 2020-12).
package struct Shape: Sendable {
    /// Objects with a name become components of the document, and are referred to.
    var name: String?
    package let schema: JSON
    /// Objects that stand in it, for the components.
    var parts: [Shape] = []

    /// As it stands where it is used.
    var use: JSON { name.map { ["$ref": .text("#/components/schemas/\($0)")] } ?? schema }

    /// A member of an object. Required, unless it says otherwise.
    struct Field: Sendable {
        let name: String
        let meaning: String
        let shape: Shape
        var isRequired = true

        init(_ name: String, _ shape: Shape, _ meaning: String, isRequired: Bool = true) {
            self.name = name
            self.meaning = meaning
            self.shape = shape
            self.isRequired = isRequired
        }
    }

    static let text = Shape(schema: ["type": "string"])
    static let time = Shape(schema: ["type": "string", "format": "date-time"])
    static let truth = Shape(schema: ["type": "boolean"])
    static let number = Shape(schema: ["type": "number"])
    /// Any JSON value.
    static let any = Shape(schema: [:])

    static func integer(_ range: ClosedRange<Int>? = nil, default value: Int? = nil) -> Shape {
        var schema: JSON = ["type": "integer"]
        if let range {
            schema.add("minimum", .integer(range.lowerBound))
            schema.add("maximum", .integer(range.upperBound))
        }
        if let value { schema.add("default", .integer(value)) }
        return Shape(schema: schema)
    }

    static func choice(_ words: [String]) -> Shape { Shape(schema: ["type": "string", "enum": .texts(words)]) }

    static func array(_ member: Shape) -> Shape {
        Shape(schema: ["type": "array", "items": member.use], parts: [member])
    }

    /// An object whose names are the owner's choice.
    static func map(_ value: Shape) -> Shape {
        Shape(schema: ["type": "object", "additionalProperties": value.use], parts: [value])
    }

    /// An object that has these members and no other.
    static func object(_ name: String?, _ fields: [Field]) -> Shape {
        let members = fields.map { field in
            var schema = field.shape.use
            // A reference with siblings is allowed in 3.1.
            schema.add("description", .text(field.meaning))
            return JSON.Member(field.name, schema)
        }
        let schema: JSON = [
            "type": "object", "properties": .object(members),
            "required": .texts(fields.filter(\.isRequired).map(\.name)), "additionalProperties": false,
        ]
        return Shape(name: name, schema: schema, parts: fields.map(\.shape))
    }

    /// The envelope of every list.
    static func list(of row: Shape) -> Shape {
        object(
            row.name.map { $0 + "List" },
            [
                Field("data", .array(row), "The rows, the newest first."),
                Field("next", text.orNull, "The cursor of the next page; null: this was the end."),
            ])
    }

    /// The same, or null.
    var orNull: Shape { Shape(schema: ["anyOf": [use, ["type": "null"]]], parts: [self]) }

    /// Each object with a name in it, itself too.
    var named: [Shape] { (name == nil ? [] : [self]) + parts.flatMap(\.named) }
}

extension Shape {
    /// RFC 9457, with the members of ours.
    static let problem = object(
        "Problem",
        [
            Field("type", text, "A URI that stands for the code."),
            Field("title", text, "What the code means."),
            Field("status", integer(), "The status of the answer."),
            Field("code", text, "A stable word for programs."),
            Field("detail", text, "What is wrong with this request, and what to do."),
            Field("field", text, "The field as a JSON pointer, or the name of the parameter.", isRequired: false),
            Field(
                "errors",
                array(
                    object(
                        "ProblemField",
                        [
                            Field("field", text, "JSON pointer."), Field("code", text, "A stable word."),
                            Field("detail", text, "What is wrong and what is expected."),
                        ])), "Everything that is wrong with the document.", isRequired: false),
        ])
}
