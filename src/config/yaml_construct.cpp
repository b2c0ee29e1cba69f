// Recursive over the graph; its depth is bounded by max_depth, its size by max_nodes and max_expanded_bytes: an alias
// costs the file three bytes, but here a whole copy, so everything that a copy takes is counted before it is made. The
// trap: merging changes the mapping node for everyone who shares it, and a mapping's own key must stay distinguishable
// from a merged one, since only two own keys are duplicates.
#include "yaml_construct.hpp"

#include <cmath>
#include <cstdio>
#include <map>
#include <unordered_set>

#include "forgelm/core/text.hpp"
#include "yaml_resolve.hpp"

namespace forgelm::config::yaml {
namespace {

const char* kind_word(GraphNode::Kind kind) {
  switch (kind) {
    case GraphNode::Kind::scalar: return "a single value";
    case GraphNode::Kind::sequence: return "a list";
    case GraphNode::Kind::mapping: return "a mapping";
  }
  return "";
}

/// A text that is equal for two keys exactly if Python holds them for the same key of a dict.
std::string identity_of(const Node& key) {
  switch (key.kind) {
    case Node::Kind::null: return "null";
    case Node::Kind::boolean: return key.boolean ? "number 1" : "number 0";
    case Node::Kind::integer: return "number " + (key.fits ? std::to_string(key.integer) : key.text);
    case Node::Kind::real: {
      if (std::isnan(key.real)) return "nan";
      if (key.real == 0.0) return "number 0";
      char buffer[400];
      const bool is_whole = std::isfinite(key.real) && std::trunc(key.real) == key.real;
      std::snprintf(buffer, sizeof buffer, is_whole ? "number %.0f" : "real %a", key.real);
      return buffer;
    }
    case Node::Kind::text: return "text " + key.text;
    case Node::Kind::timestamp: return "time " + timestamp_identity(key.text);
    case Node::Kind::binary: return "bytes " + key.text;
    default: return "";
  }
}

class Constructor {
 public:
  Constructor(Graph& graph, const Text& text, const YamlLimits& limits, std::vector<DuplicateKey>& duplicates)
      : graph_(graph), text_(text), limits_(limits), duplicates_(duplicates) {}

  Node build(NodeId id, int depth) {
    const GraphNode& source = graph_.nodes[id];
    count(source.origin);
    Node node = place(source.origin);
    const std::string& tag = source.tag;
    if (tag == kSeqTag) build_sequence(id, node, depth);
    else if (tag == kMapTag) build_mapping(id, node, depth);
    else if (tag == kSetTag) build_set(id, node, depth);
    else if (tag == kOmapTag || tag == kPairsTag) build_pairs(id, node, depth);
    else if (is_scalar_tag(tag)) build_scalar(id, node);
    else refuse_tag(source);
    return node;
  }

 private:
  static bool is_scalar_tag(const std::string& tag) {
    return tag == kStrTag || tag == kNullTag || tag == kBoolTag || tag == kIntTag || tag == kFloatTag ||
           tag == kTimestampTag || tag == kBinaryTag;
  }

  Node place(Origin origin) const {
    const SourceSpot spot = spot_of(text_, "", origin.position, origin.length);
    Node node;
    node.line = spot.line;
    node.column = spot.column;
    node.length = spot.length;
    return node;
  }

  void count(Origin origin, std::size_t num_nodes = 1) {
    num_nodes_ += num_nodes;
    if (num_nodes_ > static_cast<std::size_t>(limits_.max_nodes))
      throw too_many_values(limits_, origin.position, origin.length, " once its aliases are written out");
  }

  void count_bytes(Origin origin, std::size_t num_bytes) {
    num_bytes_ += num_bytes;
    if (num_bytes_ > limits_.max_expanded_bytes)
      throw Fault{"yaml_limit", origin.position, origin.length,
                  "the document has too much text once its aliases are written out",
                  cat("at most ", limits_.max_expanded_bytes, " bytes")};
  }

  int deeper(const GraphNode& source, int depth) const {
    if (depth > limits_.max_depth) throw too_deep(limits_, source.origin.position);
    return depth + 1;
  }

  [[noreturn]] static void refuse_kind(const GraphNode& source, const char* expected) {
    throw Fault{"yaml_tag",
                source.tag_origin.position,
                source.tag_origin.length,
                "the tag says " + std::string(expected) + ", but " + kind_word(source.kind) + " follows",
                expected,
                "remove the tag"};
  }

  [[noreturn]] static void refuse_tag(const GraphNode& source) {
    const Origin& origin = source.tag_origin;
    if (source.tag == kMergeTag)
      throw Fault{"yaml_scalar", origin.position,
                  origin.length, "'<<' can only be a key",
                  "<<: *name",   "put it in quotes if it is meant as text"};
    if (source.tag == kValueTag)
      throw Fault{"yaml_scalar",
                  origin.position,
                  origin.length,
                  "'=' alone is not a value",
                  "",
                  "put it in quotes if it is meant as text"};
    throw Fault{"yaml_tag",
                origin.position,
                origin.length,
                "the tag " + excerpt(source.tag) + " is not supported",
                "!!str, !!int, !!float, !!bool, !!null, !!seq, !!map, !!set, !!omap, !!pairs, !!binary, !!timestamp",
                "remove the tag, or put the value in quotes if '!' belongs to it"};
  }

  // Scalars.

  /// The text of a scalar; under a scalar tag, a mapping stands for the value of its key '='.
  const GraphNode& scalar_of(NodeId id, const GraphNode& asked) {
    const GraphNode* node = &graph_.nodes[id];
    while (node->kind == GraphNode::Kind::mapping) {
      count(asked.origin, node->items.size());  // they are not built, but looked through each time
      const GraphNode* next = nullptr;
      for (std::size_t i = 0; i < node->items.size() && next == nullptr; i += 2)
        if (graph_.nodes[node->items[i]].tag == kValueTag) next = &graph_.nodes[node->items[i + 1]];
      if (next == nullptr) break;
      node = next;
    }
    if (node->kind != GraphNode::Kind::scalar) refuse_kind(asked, "a single value");
    return *node;
  }

  void build_scalar(NodeId id, Node& node) {
    const GraphNode& source = graph_.nodes[id];
    const GraphNode& scalar = scalar_of(id, source);
    count_bytes(source.origin, scalar.text.size());
    if (source.tag == kTimestampTag && source.kind != GraphNode::Kind::scalar) refuse_kind(source, "a single value");
    node.text = scalar.text;
    if (const auto bad = set_scalar(node, source.tag))
      throw Fault{"yaml_scalar", source.origin.position, source.origin.length, bad->message, bad->allowed, bad->hint};
  }

  // Collections.

  void build_sequence(NodeId id, Node& node, int depth) {
    const GraphNode& source = graph_.nodes[id];
    if (source.kind != GraphNode::Kind::sequence) refuse_kind(source, "a list");
    const int inner = deeper(source, depth);
    node.kind = Node::Kind::sequence;
    node.items.reserve(source.items.size());
    for (const NodeId item : source.items) node.items.push_back(build(item, inner));
  }

  void build_pairs(NodeId id, Node& node, int depth) {
    const GraphNode& source = graph_.nodes[id];
    if (source.kind != GraphNode::Kind::sequence) refuse_kind(source, "a list");
    const int inner = deeper(source, depth);
    node.kind = Node::Kind::sequence;
    for (const NodeId item : source.items) {
      const GraphNode& entry = graph_.nodes[item];
      if (entry.kind != GraphNode::Kind::mapping || entry.items.size() != 2)
        throw Fault{"yaml_tag",          entry.origin.position,
                    entry.origin.length, "each item of an ordered map must be a mapping of one key",
                    "- key: value",      ""};
      count(entry.origin);
      Node pair = place(entry.origin);
      pair.kind = Node::Kind::sequence;
      pair.items.push_back(build(entry.items[0], deeper(entry, inner)));
      pair.items.push_back(build(entry.items[1], deeper(entry, inner)));
      node.items.push_back(std::move(pair));
    }
  }

  void build_set(NodeId id, Node& node, int depth) {
    Node mapping = node;
    build_mapping(id, mapping, depth);
    node.kind = Node::Kind::set;
    for (auto& entry : mapping.entries) node.items.push_back(std::move(entry.first));
  }

  void build_mapping(NodeId id, Node& node, int depth) {
    if (graph_.nodes[id].kind != GraphNode::Kind::mapping) refuse_kind(graph_.nodes[id], "a mapping");
    flatten(id, 1);
    const GraphNode& source = graph_.nodes[id];
    const int inner = deeper(source, depth);
    node.kind = Node::Kind::mapping;
    struct Known {
      std::size_t entry = 0;
      bool is_own = false;
      Origin origin;
    };
    // Ordered, since it is the file that chooses the keys: in a hash table they could all be made to collide.
    std::map<std::string, Known> known;
    for (std::size_t i = 0; i < source.items.size(); i += 2) {
      const bool is_own = i / 2 >= source.num_merged;
      const Origin origin = graph_.nodes[source.items[i]].origin;
      Node key = build(source.items[i], inner);
      check_key(key, origin);
      Node value = build(source.items[i + 1], inner);
      const auto [at, is_new] = known.emplace(identity_of(key), Known{node.entries.size(), is_own, origin});
      if (is_new) {
        node.entries.emplace_back(std::move(key), std::move(value));
        continue;
      }
      if (is_own && at->second.is_own) note_duplicate(at->second.origin, origin, key.text);
      auto& entry = node.entries[at->second.entry];
      // Python keeps the first of two equal keys; the place is that of the value which counts.
      entry.first.line = key.line;
      entry.first.column = key.column;
      entry.first.length = key.length;
      entry.second = std::move(value);
      at->second.is_own = is_own;
      at->second.origin = origin;
    }
  }

  void check_key(const Node& key, Origin origin) const {
    if (key.kind == Node::Kind::sequence || key.kind == Node::Kind::mapping || key.kind == Node::Kind::set)
      throw Fault{"yaml_key",         origin.position,
                  origin.length,      "a " + std::string(kind_name(key.kind)) + " cannot be a key",
                  "text or a number", "put the key in quotes if it is meant as text"};
    if (num_code_points(key.text) > static_cast<std::size_t>(limits_.max_key_length))
      throw Fault{"yaml_limit",
                  origin.position,
                  origin.length,
                  "the key " + excerpt(key.text) + " is too long",
                  "at most " + std::to_string(limits_.max_key_length) + " characters",
                  ""};
  }

  void note_duplicate(Origin first, Origin second, const std::string& name) {
    if (warned_.insert(second.position).second) duplicates_.push_back(DuplicateKey{first, second, name});
  }

  // Merge keys.

  /// Replaces the merge keys of a mapping by the pairs that they stand for, which come before its own.
  void flatten(NodeId id, int depth) {
    if (graph_.nodes[id].is_flattened) return;
    deeper(graph_.nodes[id], depth);
    std::vector<NodeId> merged;
    std::vector<NodeId> own;
    const std::vector<NodeId> items = graph_.nodes[id].items;
    for (std::size_t i = 0; i < items.size(); i += 2) {
      GraphNode& key = graph_.nodes[items[i]];
      if (key.tag == kMergeTag) {
        merge(items[i + 1], merged, depth);
        continue;
      }
      if (key.tag == kValueTag) key.tag = kStrTag;
      own.push_back(items[i]);
      own.push_back(items[i + 1]);
    }
    GraphNode& node = graph_.nodes[id];
    node.num_merged = static_cast<std::uint32_t>(merged.size() / 2);
    merged.insert(merged.end(), own.begin(), own.end());
    node.items = std::move(merged);
    node.is_flattened = true;
  }

  void merge(NodeId value, std::vector<NodeId>& merged, int depth) {
    if (graph_.nodes[value].kind == GraphNode::Kind::mapping) return merge_one(value, merged, depth);
    if (graph_.nodes[value].kind != GraphNode::Kind::sequence) refuse_merge(graph_.nodes[value]);
    const std::vector<NodeId> items = graph_.nodes[value].items;
    // The first mapping of a list wins, so it is merged last.
    for (const NodeId item : items)
      if (graph_.nodes[item].kind != GraphNode::Kind::mapping) refuse_merge(graph_.nodes[item]);
    for (std::size_t i = items.size(); i-- > 0;) merge_one(items[i], merged, depth);
  }

  void merge_one(NodeId mapping, std::vector<NodeId>& merged, int depth) {
    flatten(mapping, depth + 1);
    const GraphNode& source = graph_.nodes[mapping];
    merged.insert(merged.end(), source.items.begin(), source.items.end());
    num_merged_ += source.items.size();
    if (num_merged_ > 2 * static_cast<std::size_t>(limits_.max_nodes))
      throw too_many_values(limits_, source.origin.position, source.origin.length, " once its merge keys are applied");
  }

  [[noreturn]] static void refuse_merge(const GraphNode& value) {
    throw Fault{"yaml_key",
                value.origin.position,
                value.origin.length,
                std::string("'<<' merges mappings, but ") + kind_word(value.kind) + " follows",
                "<<: *name, <<: [*name, *other]",
                ""};
  }

  Graph& graph_;
  const Text& text_;
  const YamlLimits& limits_;
  std::vector<DuplicateKey>& duplicates_;
  std::unordered_set<std::size_t> warned_;
  std::size_t num_nodes_ = 0;
  std::size_t num_bytes_ = 0;
  std::size_t num_merged_ = 0;
};

}  // namespace

Node construct(Graph& graph, const Text& text, const YamlLimits& limits, std::vector<DuplicateKey>& duplicates) {
  if (graph.nodes.empty()) return {};
  return Constructor(graph, text, limits, duplicates).build(0, 1);
}

}  // namespace forgelm::config::yaml
