/// Finds the route of a request by its path and method. Immutable.
struct RouteTree: Sendable {
    enum Match: Sendable {
        case route(Route, path: [String: String])
        /// The path exists, with these methods.
        case otherMethods([Route.Method])
        case none
    }

    /// A place in the tree: what may follow, and what ends here.
    private struct Node: Sendable {
        var literals: [String: Int] = [:]
        var parameter: (name: String, node: Int)?
        var routes: [Route.Method: Route] = [:]
    }

    private var nodes = [Node()]

    /// A path and method that are given twice are a programming error.
    init(_ routes: [Route]) {
        for route in routes {
            var node = 0
            for segment in route.pattern.split(separator: "/") { node = child(of: node, String(segment)) }
            let present = nodes[node].routes.updateValue(route, forKey: route.method)
            precondition(present == nil, "\(route.method.rawValue) \(route.pattern) stands twice in the table")
        }
    }

    private mutating func child(of parent: Int, _ segment: String) -> Int {
        if segment.hasPrefix("{") {
            let name = String(segment.dropFirst().dropLast())
            if let parameter = nodes[parent].parameter {
                precondition(parameter.name == name, "{\(name)} is called {\(parameter.name)} elsewhere at this place")
                return parameter.node
            }
            nodes.append(Node())
            nodes[parent].parameter = (name, nodes.count - 1)
            return nodes.count - 1
        }
        if let known = nodes[parent].literals[segment] { return known }
        nodes.append(Node())
        nodes[parent].literals[segment] = nodes.count - 1
        return nodes.count - 1
    }

    /// A literal segment goes before a parameter: `webhooks/validate` before `webhooks/{webhook}`.
    func match(_ method: Route.Method?, _ segments: [String]) -> Match {
        var node = 0
        var path: [String: String] = [:]
        for segment in segments {
            if let next = nodes[node].literals[segment] {
                node = next
            } else if !segment.isEmpty, let parameter = nodes[node].parameter {
                path[parameter.name] = segment
                node = parameter.node
            } else {
                return .none
            }
        }
        let routes = nodes[node].routes
        if let method, let route = routes[method] { return .route(route, path: path) }
        return routes.isEmpty ? .none : .otherMethods(Route.Method.allCases.filter { routes[$0] != nil })
    }
}
