/// Ready programs, usable by name: `mock-receiver --program flaky`, `down-for=2m`.
public enum Cookbook {
    /// One ready program.
    public struct Recipe: Sendable {
        public let name: String
        /// One line: what a sender experiences.
        public let line: String
        /// What may follow `name=`, and the default; nil: nothing may.
        public let measure: Measure?
        /// YAML with `{measure}` as a placeholder.
        let template: String

        public struct Measure: Sendable {
            /// A description: `duration`.
            public let form: String
            public let standard: String
        }

        /// YAML to use or to copy.
        public var text: String { filled(with: measure?.standard ?? "") }

        func filled(with value: String) -> String { template.replacing("{measure}", with: value) }

        init(_ name: String, _ line: String, measure: Measure? = nil, _ template: String) {
            self.name = name
            self.line = line
            self.measure = measure
            self.template = template
        }
    }

    /// Why a name gives no program.
    public struct UnknownRecipe: Error, CustomStringConvertible {
        public let description: String
    }

    /// Whether the text is a recipe's name rather than a file's.
    public static func isName(_ text: String) -> Bool {
        let name = text.prefix { $0 != "=" }
        return !name.isEmpty && name.allSatisfy { $0.isASCII && ($0.isLetter || $0 == "-") }
    }

    /// The YAML of `name` or `name=measure`.
    ///
    /// - Throws: there is no such recipe, or its measure is invalid.
    public static func text(_ written: String) throws(UnknownRecipe) -> String {
        let parts = written.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let name = parts.first, let recipe = recipes.first(where: { $0.name == name }) else {
            throw UnknownRecipe(description: NearWord.unknown(parts.first ?? "", among: recipes.map(\.name)))
        }
        guard parts.count == 2 else { return recipe.text }
        guard let measure = recipe.measure else {
            throw UnknownRecipe(description: "\(name) takes no parameter; expected \(name) alone")
        }
        let isMeasure = parts[1].utf8.allSatisfy {
            (0x30...0x39).contains($0) || $0 == 0x2E || (0x61...0x7A).contains($0)
        }
        let text = recipe.filled(with: parts[1])
        guard isMeasure, (try? ProgramFile.parse(text)) != nil else {
            throw UnknownRecipe(
                description:
                    "\(name)=\(parts[1].prefix(60)): expected \(measure.form), such as \(name)=\(measure.standard)")
        }
        return text
    }
}
