// The graph of a document: yaml-cpp's events made into nodes with resolved tags. An aliased node is one node with
// several parents; the graph has no cycles, since an alias inside its own anchor is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "yaml_structure.hpp"

namespace forgelm::config::yaml {

using NodeId = std::uint32_t;

struct GraphNode {
  enum class Kind { scalar, sequence, mapping };

  Kind kind = Kind::scalar;
  bool is_flattened = false;     ///< mapping: merge keys have been applied
  std::uint32_t num_merged = 0;  ///< mapping: so many of the first pairs come from merge keys
  Origin origin;
  std::string tag;            ///< in full; never empty
  Origin tag_origin;          ///< where the tag is written; the node's own place when it is not
  std::string text;           ///< scalar
  std::vector<NodeId> items;  ///< sequence: items; mapping: key, value, key, value...
};

struct Graph {
  std::vector<GraphNode> nodes;  ///< nodes[0] is the root; empty: an empty document
};

/// Reads the copy through yaml-cpp. Throws Fault.
Graph compose(PlainCopy copy);

}  // namespace forgelm::config::yaml
