extension StaticString {
    /// Its bytes; they live as long as the program.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount) }
}

extension UnsafeRawBufferPointer {
    /// Whether the first bytes are `text`, with ASCII letters in either case.
    ///
    /// - Parameter text: in lower case.
    func startsIgnoringCase(with text: StaticString) -> Bool {
        let wanted = text.bytes
        guard count >= wanted.count else { return false }
        for index in 0..<wanted.count where self[index] != wanted[index] {
            guard (0x41...0x5A).contains(self[index]), self[index] | 0x20 == wanted[index] else { return false }
        }
        return true
    }

    /// Whether the bytes are `text`, with ASCII letters in either case.
    ///
    /// - Parameter text: in lower case.
    func equalsIgnoringCase(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount && startsIgnoringCase(with: text)
    }
}
