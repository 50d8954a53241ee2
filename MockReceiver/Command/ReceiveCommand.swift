import ArgumentParser
import Foundation
import MockReceiver

struct ReceiveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receive", abstract: "Receive webhooks until interrupted (the default).")

    @OptionGroup(title: "Listening") var listening: ListeningOptions
    @OptionGroup(title: "Behaviour") var behaviour: BehaviourOptions

    @Flag(help: "Print the ports and errors only.")
    var quiet = false

    func run() async throws {
        var configuration = ReceiverConfiguration()
        configuration.program = try behaviour.makeProgram()
        listening.apply(to: &configuration, for: configuration.program)
        let signals = StopSignals()
        let server: ReceiverServer
        do {
            server = try await ReceiverServer.start(configuration)
        } catch let error as ListenError {
            throw CommandFailure("\(error); choose another with \(error.isOfAddress ? "--host" : error.which.option)")
        } catch let error as JournalFileError {
            throw CommandFailure("--journal-file: \(error); choose a file in a directory that you may write to")
        }
        if let file = listening.tlsCA, let pem = server.authorityCertificate {
            do {
                try pem.write(toFile: file, atomically: true, encoding: .utf8)
            } catch {
                try await server.stop()
                throw CommandFailure(
                    "--tls-ca \(file): cannot be written; choose a file in a directory that you may write to")
            }
        }
        Terminal.print(Summary.ports(server, host: configuration.host))
        let live = quiet ? nil : LiveLine.start(server)
        await signals.wait()
        live?.stop()
        if !quiet { Terminal.print(Summary.text(server.stats())) }
        try await server.stop()
    }
}

extension ListenError.Port {
    /// The option that names it.
    fileprivate var option: String {
        switch self {
        case .data: "--port"
        case .tls: "--tls-port"
        case .admin: "--admin-port"
        }
    }
}
