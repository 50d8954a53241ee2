import ArgumentParser
import Foundation
import MockReceiver

/// Reads a behaviour program: from the cookbook by name, or from a file.
enum ProgramSource {
    /// - Throws: `ValidationError` with every mistake, each with the file's name, its line and its column.
    static func program(_ written: String) throws -> BehaviourProgram { try program(written, try text(written)) }

    /// - Parameter text: the program's text.
    static func program(_ written: String, _ text: String) throws -> BehaviourProgram {
        do {
            return try ProgramFile.parse(text)
        } catch {
            throw ValidationError(error.mistakes.map { "\(written):\($0)" }.joined(separator: "\n"))
        }
    }

    /// A file with that name has priority.
    static func text(_ written: String) throws -> String {
        if written != "-", Cookbook.isName(written), !FileManager.default.fileExists(atPath: written) {
            do {
                return try Cookbook.text(written)
            } catch {
                throw ValidationError("\(error); `mock-receiver programs` lists them; for a file use its path")
            }
        }
        return try TextFile(written).text()
    }
}

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check behaviour programs: every mistake with its line and column; exit status 2 if there is one.")

    @Argument(help: ArgumentHelp("Programs in YAML or JSON; -: standard input.", valueName: "file"))
    var files: [String]

    func run() throws {
        var mistakes: [String] = []
        for file in files {
            do {
                let program = try ProgramFile.parse(try TextFile(file).text())
                let counts = [
                    "\(program.rules.count) rules", "\(program.connections.count) for connections",
                    "\(program.secrets?.count ?? 0) for secrets", "\(program.expectations.count) expectations",
                ]
                Terminal.print("\(file): good: \(counts.joined(separator: ", "))")
            } catch let error as ProgramError {
                mistakes += error.mistakes.map { "\(file):\($0)" }
            } catch let error as ValidationError {
                mistakes.append(error.message)
            }
        }
        guard mistakes.isEmpty else {
            Terminal.complain(mistakes.joined(separator: "\n"))
            throw ExitStatus.usage
        }
    }
}

struct ProgramsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "programs", abstract: "The cookbook: ready programs to use by name or to copy.",
        subcommands: [ListPrograms.self, ShowProgram.self], defaultSubcommand: ListPrograms.self)

    struct ListPrograms: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Each with a line.")

        func run() throws {
            let names = Cookbook.recipes.map { $0.name + ($0.measure.map { "[=\($0.standard)]" } ?? "") }
            let width = names.map(\.count).max() ?? 0
            for (name, recipe) in zip(names, Cookbook.recipes) {
                Terminal.print(name + String(repeating: " ", count: width - name.count + 2) + recipe.line)
            }
        }
    }

    struct ShowProgram: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "The YAML of one, to copy.")

        @Argument(help: ArgumentHelp("A name, or name=measure.", valueName: "name"))
        var name: String

        func run() throws {
            do {
                Terminal.print(try Cookbook.text(name))
            } catch {
                throw ValidationError(error.description)
            }
        }
    }
}
