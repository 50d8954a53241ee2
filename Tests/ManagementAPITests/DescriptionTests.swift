import ManagementAPI
import TestSupport
import Testing

/// The route table and what is generated from it.
@Suite struct DescriptionTests {
    @Test func `every route is in the document once, with an operation of its own`() {
        let document = String(decoding: OpenAPIDocument.bytes, as: UTF8.self)
        let operations = document.matches(of: /"operationId":"(\w+)"/).map { String($0.1) }
        #expect(operations.count == RouteTable.all.count && Set(operations).count == operations.count)
        for route in RouteTable.all { #expect(document.contains("\"\(route.pattern)\":{")) }
    }

    @Test(arguments: RouteTable.all)
    func `a pattern names its parameters`(route: Route) {
        let inPattern = route.pattern.matches(of: /\{(\w+)\}/).map { String($0.1) }
        #expect(inPattern == route.parameters.filter { $0.place == .path }.map(\.name))
    }

    @Test(arguments: RouteTable.all)
    func `an example has the members of its shape`(route: Route) {
        for response in [route.response] + route.others { compare(response.example, response.shape) }
        compare(route.request?.example, route.request?.shape)
    }

    /// The members of an object: none unknown, none missing.
    private func compare(_ example: JSON?, _ shape: Shape?) {
        guard case .object(let members)? = example, case .object(let known)? = shape?.schema["properties"] else {
            return
        }
        let names = Set(known.map(\.name))
        for member in members { #expect(names.contains(member.name), "\(member.name) is not in the shape") }
        guard case .list(let needed)? = shape?.schema["required"] else { return }
        for name in needed {
            guard case .text(let name) = name else { continue }
            #expect(members.contains { $0.name == name }, "\(name) is missing")
        }
    }

    @Test func `an answer has exactly the members of its shape`() async throws {
        let api = try await RunningAPI()
        for (path, shape) in [
            ("/api/v1/tenants/acme", TenantShape.shape), ("/api/v1/webhooks?limit=1", WebhookShape.shape),
        ] {
            let body = try await api.call("GET", path).body
            guard case .object(let known)? = shape.schema["properties"] else { continue }
            for field in known { #expect(body.contains("\"\(field.name)\":"), "\(path): no \(field.name)") }
        }
        await api.stop()
    }

    @Test func `times are written to the millisecond`() {
        #expect(Timestamp.text(0) == "1970-01-01T00:00:00.000Z")
        #expect(Timestamp.text(951_782_399_999) == "2000-02-28T23:59:59.999Z")
        #expect(Timestamp.text(951_782_400_000) == "2000-02-29T00:00:00.000Z")
        #expect(Timestamp.text(4_102_444_800_001) == "2100-01-01T00:00:00.001Z")
        #expect(Timestamp.text(-1) == "1969-12-31T23:59:59.999Z")
    }

    @Test func `texts are escaped`() {
        let value: JSON = ["a\"b": .text("\\\n\u{1}é"), "raw": .raw(Array("1.50".utf8)), "n": .number(.infinity)]
        #expect(String(decoding: value.bytes, as: UTF8.self) == #"{"a\"b":"\\\n\u0001é","raw":1.50,"n":null}"#)
    }
}
