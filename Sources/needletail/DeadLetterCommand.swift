import ArgumentParser
import Glibc
import NeedletailServer

struct DeadLetterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters",
        abstract: "List deliveries that used all their attempts, and schedule them again.",
        discussion: """
            Works on the data directory of a stopped server, and refuses to work while one runs. A delivery becomes a dead letter after \
            the last attempt of its endpoint's policy, and is kept for 30 days (queue.dead_letter_retention).

              needletail dead-letters list --data ./data --tenant acme
              needletail dead-letters redeliver --data ./data --tenant acme --since 2h
            """,
        subcommands: [List.self, Redeliver.self])

    /// Which dead letters to use.
    struct Filter: ParsableArguments {
        @Option(help: ArgumentHelp("Data directory of the stopped server.", valueName: "dir"))
        var data: String
        @Option(help: ArgumentHelp("Of this tenant.", valueName: "name"))
        var tenant: String?
        @Option(help: ArgumentHelp("Of this endpoint; without --tenant, of any tenant.", valueName: "name"))
        var endpoint: String?
        @Option(help: ArgumentHelp("Event type, or a prefix such as order.*; repeatable.", valueName: "type"))
        var type: [String] = []
        @Option(
            help: ArgumentHelp(
                "How the last attempt ended: \(DeadLetterWords.outcomeNames). resolveFailed, connectFailed and tlsFailed select every cause of such a failure.",
                valueName: "outcome"))
        var outcome: String?
        @Option(
            help: ArgumentHelp("Dead since this time: 2027-01-31T12:00:00Z, or an age such as 2h.", valueName: "time"))
        var since: String?
        @Option(help: ArgumentHelp("Dead before this time.", valueName: "time"))
        var until: String?
        @Option(
            help: ArgumentHelp(
                "One delivery as the list shows it (12-3), or an event (evt_…); repeatable.", valueName: "id"))
        var id: [String] = []

        var words: DeadLetterWords {
            var words = DeadLetterWords()
            words.tenant = tenant
            words.endpoint = endpoint
            words.types = type
            words.outcome = outcome
            words.since = since
            words.until = until
            words.ids = id
            return words
        }
    }

    /// Says on standard error what there is instead, because an empty result may come from a filter that was meant otherwise.
    private static func complainOfNoMatch(_ desk: DeadLetterDesk) throws {
        let counts = try desk.countsByOutcome()
        var line =
            "needletail: " + (counts.map { "no dead letter matches; there are: \($0)" } ?? "there are no dead letters")
            + "\n"
        // What was printed before comes first.
        fflush(nil)
        line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Print dead letters, one a line: delivery, since when, outcome, attempts, tenant/endpoint, type, event.",
            discussion: """
                Examples:

                  needletail dead-letters list --data ./data
                  needletail dead-letters list --data ./data --outcome timedOut --since 1d
                """)

        @OptionGroup var filter: Filter
        @Option(help: ArgumentHelp("The most to print.", valueName: "n"))
        var limit = 100

        func run() throws {
            let desk = try DeadLetterDesk(data: filter.data)
            var count = 0
            let hasMore = try desk.list(filter.words, limit: limit, now: PointInTime.now) { line in
                count += 1
                print(line)
            }
            if count == 0, !hasMore { try DeadLetterCommand.complainOfNoMatch(desk) }
            if hasMore { print("… and more: raise --limit") }
        }
    }

    struct Redeliver: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Schedule dead letters again: due when the server starts.",
            discussion: """
                Each starts its endpoint's policy from the first attempt; the records of earlier attempts stay. Receivers see the same \
                webhook-id as before. A batch keeps its webhook-id when all of its events are chosen; chosen events of other \
                batches are sent in new ones, with new ids. Dead letters of a removed endpoint are not changed.

                Examples:

                  needletail dead-letters redeliver --data ./data --id 12-3
                  needletail dead-letters redeliver --data ./data --tenant acme \\
                    --endpoint orders --type 'order.*' --since 2h
                  needletail dead-letters redeliver --data ./data --all
                """)

        @OptionGroup var filter: Filter
        @Flag(help: "All dead letters.")
        var all = false

        func validate() throws {
            if filter.words.isEmpty != all {
                throw ValidationError(
                    all ? "--all and a filter exclude each other" : "expected a filter, or --all")
            }
        }

        func run() throws {
            let desk = try DeadLetterDesk(data: filter.data)
            let result = try desk.redeliver(filter.words, now: PointInTime.now)
            print("\(result.scheduled) scheduled")
            if result == (0, 0) { try DeadLetterCommand.complainOfNoMatch(desk) }
            if result.withoutEndpoint > 0 {
                print("\(result.withoutEndpoint) not scheduled: their endpoint was removed")
            }
        }
    }
}
