import Yams

extension YAMLFile {
    /// The mapping with each `<<` replaced by the entries of the maps that it names, in it and below. What a map says
    /// itself counts, then the earlier of several maps (the merge key of YAML 1.1, which YAML 1.2 does not have and
    /// people use with anchors).
    static func merged(_ mapping: Node.Mapping, in name: String) throws(InputMistakes) -> Node.Mapping {
        var own: [(Node, Node)] = []
        var others: [Node.Mapping] = []
        for (key, value) in mapping {
            if isMerge(key) {
                others += try maps(value, at: key.mark, in: name)
            } else {
                own.append((key, try merged(value, in: name)))
            }
        }
        var seen = Set(own.compactMap(\.0.scalar?.string))
        for other in others {
            for (key, value) in other where seen.insert(key.scalar?.string ?? "").inserted { own.append((key, value)) }
        }
        return Node.Mapping(own, mapping.tag, mapping.style, mapping.mark)
    }

    private static func merged(_ node: Node, in name: String) throws(InputMistakes) -> Node {
        switch node {
        case .mapping(let mapping): return .mapping(try merged(mapping, in: name))
        case .sequence(let sequence):
            var nodes: [Node] = []
            for node in sequence { nodes.append(try merged(node, in: name)) }
            return .sequence(Node.Sequence(nodes, sequence.tag, sequence.style, sequence.mark))
        default: return node
        }
    }

    private static func isMerge(_ key: Node) -> Bool { key.scalar?.style == .plain && key.scalar?.string == "<<" }

    private static func maps(_ value: Node, at mark: Mark?, in name: String) throws(InputMistakes) -> [Node.Mapping] {
        switch value {
        case .mapping(let mapping): return [try merged(mapping, in: name)]
        case .sequence(let sequence):
            var maps: [Node.Mapping] = []
            for node in sequence {
                guard case .mapping(let mapping) = node else { break }
                maps.append(try merged(mapping, in: name))
            }
            if maps.count == sequence.count { return maps }
        default: break
        }
        throw InputMistakes([place(name, mark) + "<< needs a map, or a list of maps: <<: *anchor"])
    }
}
