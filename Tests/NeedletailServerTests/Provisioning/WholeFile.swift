extension String {
    /// A provisioning file with both of its lists: the one that the test says nothing about is empty. Lines keep their
    /// numbers.
    var whole: String {
        guard !isEmpty else { return self }
        let lines = split(whereSeparator: \.isNewline)
        // A key, which is further in, has tenants too.
        let rest = ["tenants:", "api_keys:"].filter { name in !lines.contains { $0.hasPrefix(name) } }
        return self + rest.map { "\n\($0) []" }.joined()
    }
}
