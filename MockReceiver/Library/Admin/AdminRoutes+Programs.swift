import HTTPTypes
import Hummingbird

extension AdminRoutes {
    func addPrograms(to router: Router<AdminContext>) {
        router.get("program") { _, _ in Response.text(ProgramFile.text(of: control.program()), "application/yaml") }
        router.put("program") { request, _ in
            let program = try await read(request)
            control.replace(program)
            return ProgramPayload(program)
        }
        router.post("program/check") { request, _ in ProgramPayload(try await read(request)) }
        router.get("programs") { _, _ in Cookbook.recipes.map(RecipePayload.init) }
        router.get("programs/{name}") { request, context in
            let name = try context.parameters.require("name")
            do {
                return Response.text(try Cookbook.text(name), "application/yaml")
            } catch {
                throw Problem(.notFound, "\(error)", mend: "GET /programs lists them")
            }
        }
    }

    private func read(_ request: Request) async throws -> BehaviourProgram {
        let bytes = try await request.body.collect(upTo: ProgramFile.mostBytes)
        do {
            return try ProgramFile.parse(String(buffer: bytes))
        } catch {
            throw Problem(error, mend: "correct these and put it again; nothing was changed")
        }
    }
}

struct ProgramPayload: ResponseEncodable {
    let rules: Int
    let connections: Int
    /// Absent: the previously known secrets stay.
    let secretRules: Int?
    let expectations: Int

    init(_ program: BehaviourProgram) {
        rules = program.rules.count
        connections = program.connections.count
        secretRules = program.secrets?.count
        expectations = program.expectations.count
    }
}

struct RecipePayload: ResponseEncodable {
    let name: String
    let line: String
    /// What may follow `name=`.
    let measure: String?

    init(_ recipe: Cookbook.Recipe) {
        name = recipe.name
        line = recipe.line
        measure = recipe.measure?.form
    }
}
