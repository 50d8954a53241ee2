import ArgumentParser
import Foundation
import NIOCore

/// A file of UTF-8 text that the user names; `-`: standard input.
///
/// Problems with it are the user's to correct: it throws `ValidationError`s with its name.
struct TextFile {
    private let name: String
    private let handle: FileHandle
    /// The start of a character that the next part ends.
    private var rest: [UInt8] = []

    private static let pieceBytes = 256 * 1024

    init(_ name: String) throws {
        self.name = name
        guard name != "-" else {
            handle = FileHandle.standardInput
            return
        }
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: name, isDirectory: &isDirectory) else {
            throw ValidationError("\(name): there is no such file; check its name")
        }
        guard !isDirectory.boolValue else { throw ValidationError("\(name): is a directory; expected a file in it") }
        guard let opened = FileHandle(forReadingAtPath: name) else {
            throw ValidationError("\(name): cannot be opened; check its permissions")
        }
        handle = opened
    }

    /// The whole text.
    func text() throws -> String {
        let data: Data
        do {
            data = try handle.readToEnd() ?? Data()
        } catch {
            throw unreadable
        }
        guard let text = String(data: data, encoding: .utf8) else { throw notText }
        return text
    }

    /// The next part, for files of any length; nil: the end.
    mutating func piece() throws -> ByteBuffer? {
        while true {
            let data: Data
            do {
                data = try handle.read(upToCount: TextFile.pieceBytes) ?? Data()
            } catch {
                throw unreadable
            }
            guard !data.isEmpty else {
                guard rest.isEmpty else { throw notText }
                return nil
            }
            let bytes = rest + Array(data)
            let whole = bytes.prefix(bytes.count - TextFile.unfinished(bytes))
            guard String(validating: whole, as: UTF8.self) != nil else { throw notText }
            rest = Array(bytes[whole.endIndex...])
            // An empty part would end the request's body.
            if !whole.isEmpty { return ByteBuffer(bytes: whole) }
        }
    }

    /// The number of bytes at the end that are the start of an incomplete character.
    private static func unfinished(_ bytes: [UInt8]) -> Int {
        for (index, byte) in bytes.reversed().prefix(3).enumerated() where byte & 0xC0 != 0x80 {
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return length > index + 1 ? index + 1 : 0
        }
        return 0
    }

    private var unreadable: ValidationError {
        ValidationError("\(name): cannot be read; expected a readable file, or - for standard input")
    }

    private var notText: ValidationError {
        ValidationError("\(name): is not UTF-8 text; expected a text file in UTF-8")
    }
}
