import Settings

/// One key of the configuration: its property, the values that it accepts, and its meaning.
///
/// Values are passed as texts (a list has several), so that file, environment and flags follow the same rules.
struct Setting: Sendable {
    /// With dots, as in the file: `ingest.port`.
    let key: String
    /// The command-line flag without its dashes, where there is one.
    let flag: String?
    /// What a value must be, as it follows "expected" in messages.
    let expected: String
    let meaning: String
    let isList: Bool
    /// The value as it is written in the file.
    let written: @Sendable (ServerConfiguration) -> [String]
    /// Sets the value; false where the texts are not what is expected.
    let accept: @Sendable ([String], inout ServerConfiguration) -> Bool

    /// `NEEDLETAIL_INGEST_PORT` for `ingest.port`.
    var environmentName: String {
        "NEEDLETAIL_" + key.uppercased().replacing(".", with: "_")
    }
}

typealias Place<Value> = any WritableKeyPath<ServerConfiguration, Value> & Sendable

// One factory per type of value.
extension Setting {
    static func integer(
        _ key: String, _ place: Place<Int>, _ range: ClosedRange<Int>, flag: String? = nil, _ meaning: String
    ) -> Setting {
        single(
            key, flag, "a whole number from \(range.lowerBound) to \(range.upperBound)", meaning, place,
            written: { "\($0)" }, read: { text in Int(text).flatMap { range.contains($0) ? $0 : nil } })
    }

    static func bytes(
        _ key: String, _ place: Place<Int>, _ range: ClosedRange<Int>, flag: String? = nil, _ meaning: String
    ) -> Setting {
        let bounds = "\(Quantity.text(bytes: range.lowerBound)) to \(Quantity.text(bytes: range.upperBound))"
        return single(
            key, flag, "a size from \(bounds)", meaning, place, written: { Quantity.text(bytes: $0) },
            read: { text in Quantity.bytes(text).flatMap { range.contains($0) ? $0 : nil } })
    }

    static func duration(
        _ key: String, _ place: Place<Int64>, _ range: ClosedRange<Int64>, flag: String? = nil, _ meaning: String
    ) -> Setting {
        let least = Quantity.text(milliseconds: range.lowerBound)
        let most = Quantity.text(milliseconds: range.upperBound)
        return single(
            key, flag, "a duration from \(least) to \(most)", meaning, place,
            written: { Quantity.text(milliseconds: $0) },
            read: { text in Quantity.milliseconds(text).flatMap { range.contains($0) ? $0 : nil } })
    }

    /// A list of one or more.
    static func durations(
        _ key: String, _ place: Place<[Int64]>, _ range: ClosedRange<Int64>, most: Int, _ meaning: String
    ) -> Setting {
        Setting(
            key: key, flag: nil,
            expected: "1 to \(most) durations up to \(Quantity.text(milliseconds: range.upperBound))",
            meaning: meaning, isList: true,
            written: { $0[keyPath: place].map { Quantity.text(milliseconds: $0) } },
            accept: { texts, configuration in
                let values = texts.compactMap(Quantity.milliseconds).filter(range.contains)
                guard values.count == texts.count, (1...most).contains(values.count) else { return false }
                configuration[keyPath: place] = values
                return true
            })
    }

    static func number(
        _ key: String, _ place: Place<Double>, _ range: ClosedRange<Double>, _ meaning: String
    ) -> Setting {
        single(
            key, nil, "a number from \(range.lowerBound) to \(range.upperBound)", meaning, place, written: { "\($0)" },
            read: { text in Double(text).flatMap { range.contains($0) ? $0 : nil } })
    }

    static func truth(_ key: String, _ place: Place<Bool>, flag: String? = nil, _ meaning: String) -> Setting {
        single(
            key, flag, "true or false", meaning, place, written: { $0 ? "true" : "false" }, read: { Bool($0) })
    }

    static func text(_ key: String, _ place: Place<String>, flag: String? = nil, _ meaning: String) -> Setting {
        single(
            key, flag, "a text that is not empty", meaning, place, written: { $0 },
            read: { $0.isEmpty || hasControls($0) ? nil : $0 })
    }

    /// A path that may be absent: the empty text.
    static func path(_ key: String, _ place: Place<String?>, flag: String? = nil, _ meaning: String) -> Setting {
        single(
            key, flag, "a path, or an empty text for none", meaning, place, written: { $0 ?? "" },
            read: { hasControls($0) ? nil : .some($0.isEmpty ? nil : $0) })
    }

    /// The mode of a file.
    static func octal(_ key: String, _ place: Place<UInt16>, _ meaning: String) -> Setting {
        single(
            key, nil, "an octal file mode from 0000 to 0777", meaning, place,
            written: { "0" + String($0, radix: 8) },
            read: { text in UInt16(text, radix: 8).flatMap { $0 <= 0o777 ? $0 : nil } })
    }

    static func choice<Value: Sendable>(
        _ key: String, _ place: Place<Value>, flag: String? = nil, _ meaning: String
    ) -> Setting where Value: CaseIterable & RawRepresentable<String> {
        let names = Value.allCases.map(\.rawValue)
        return single(
            key, flag, "one of \(names.joined(separator: ", "))", meaning, place, written: { $0.rawValue },
            read: { Value(rawValue: $0) })
    }

    static func list(
        _ key: String, _ place: Place<[String]>, flag: String? = nil, each expected: String, _ meaning: String,
        fits: @escaping @Sendable (String) -> Bool
    ) -> Setting {
        Setting(
            key: key, flag: flag, expected: expected, meaning: meaning, isList: true,
            written: { $0[keyPath: place] },
            accept: { texts, configuration in
                guard texts.allSatisfy(fits) else { return false }
                configuration[keyPath: place] = texts
                return true
            })
    }

    /// The system would end a path at a NUL, and we would not.
    private static func hasControls(_ text: String) -> Bool { text.utf8.contains { $0 < 0x20 || $0 == 0x7F } }

    private static func single<Value>(
        _ key: String, _ flag: String?, _ expected: String, _ meaning: String, _ place: Place<Value>,
        written: @escaping @Sendable (Value) -> String, read: @escaping @Sendable (String) -> Value?
    ) -> Setting {
        Setting(
            key: key, flag: flag, expected: expected, meaning: meaning, isList: false,
            written: { [written($0[keyPath: place])] },
            accept: { texts, configuration in
                guard texts.count == 1, let value = read(texts[0]) else { return false }
                configuration[keyPath: place] = value
                return true
            })
    }
}
