// From the graph to the tree of Nodes, by the rules of PyYAML's SafeConstructor: tags, merge keys, sets, ordered maps,
// keys that are equal in Python (1, 1.0 and true are one key). Aliases are expanded here, within the limits.
#pragma once

#include <vector>

#include "yaml_compose.hpp"

namespace forgelm::config::yaml {

/// A duplicate key: a warning, unlike a Fault.
struct DuplicateKey {
  Origin first;
  Origin second;
  std::string name;
};

/// The tree under graph.nodes[0]. Merge keys are applied in the graph. Throws Fault.
Node construct(Graph& graph, const Text& text, const YamlLimits& limits, std::vector<DuplicateKey>& duplicates);

}  // namespace forgelm::config::yaml
