import ArgumentParser
import Foundation
import MockReceiver

/// The behaviour program of the embedded receiver: one of the mock receiver's ready programs, or a file.
enum ReceiverProgram {
    /// - Throws: `ValidationError` with every mistake, each with the file's name, its line and its column.
    static func read(_ written: String) throws -> BehaviourProgram {
        do {
            return try ProgramFile.parse(try text(written))
        } catch let error as ProgramError {
            throw ValidationError(error.mistakes.map { "--program \(written):\($0)" }.joined(separator: "\n"))
        }
    }

    /// A file with that name has priority.
    private static func text(_ written: String) throws -> String {
        if Cookbook.isName(written), !FileManager.default.fileExists(atPath: written) {
            do {
                return try Cookbook.text(written)
            } catch {
                throw ValidationError(
                    "--program: \(error); `mock-receiver programs` lists them; for a file use its path")
            }
        }
        guard let text = try? String(contentsOfFile: written, encoding: .utf8) else {
            throw ValidationError("--program \(written): cannot be read")
        }
        return text
    }
}
