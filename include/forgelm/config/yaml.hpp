// Reading YAML 1.1 as the reference does (PyYAML's safe_load), with a place for every node and limits on everything.
// yaml-cpp delivers the events; what it and PyYAML read differently is mended by a scan before it or refused, and what
// still differs is listed in tests/golden/yaml/known_differences.txt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forgelm/core/diagnostic.hpp"

namespace forgelm::config {

/// A resolved YAML node. Scalars are resolved by YAML 1.1's rules (`yes` is a boolean, `2e-4` is text, `010` is 8).
struct Node {
  enum class Kind { null, boolean, integer, real, text, timestamp, binary, sequence, mapping, set };

  // Defined where Node is complete: clang does not take a vector of pairs of Nodes before that.
  Node();
  Node(const Node& other);
  Node(Node&& other) noexcept;
  Node& operator=(const Node& other);
  Node& operator=(Node&& other) noexcept;
  ~Node();

  Kind kind = Kind::null;
  int line = 0;    ///< from 1
  int column = 0;  ///< from 1, in code points
  int length = 1;  ///< code points of the scalar as far as its first line goes; 1 for collections

  std::string text;  ///< text: the content; binary: the decoded bytes; other scalars: as written
  std::string iso;   ///< timestamp: as Python's isoformat() writes it, "2024-01-31T23:59:59+00:00"
  bool boolean = false;
  std::int64_t integer = 0;  ///< valid when fits
  bool fits = true;          ///< false: an integer beyond int64 (its decimal digits are in `text`)
  double real = 0.0;
  std::vector<Node> items;                     ///< sequence, set
  std::vector<std::pair<Node, Node>> entries;  ///< mapping, in file order, merge keys applied, keys unique

  /// The value of text key `key`, or nullptr.
  const Node* find(std::string_view key) const noexcept;
};

/// The word for messages: "text", "integer", "boolean", "mapping"...
std::string_view kind_name(Node::Kind kind) noexcept;

struct YamlLimits {
  std::size_t max_bytes = 1u << 20;           ///< of the file
  std::size_t max_expanded_bytes = 4u << 20;  ///< of all scalars together, aliases and merge keys written out
  int max_depth = 64;                         ///< collections in collections, aliases written out
  int max_nodes = 100'000;                    ///< aliases and merge keys written out
  int max_aliases = 100;
  int max_key_length = 1024;  ///< code points
};

struct YamlDocument {
  Node root;                            ///< kind null for an empty document
  std::vector<std::string> lines;       ///< the text as read, for carets
  std::vector<Diagnostic> diagnostics;  ///< an error (one at most) means that root is not to be used
};

/// Reads one document. Never throws on bad input: what is wrong is in `diagnostics`, each with its place.
/// Codes: yaml_encoding, yaml_character, yaml_syntax, yaml_limit, yaml_tag, yaml_alias, yaml_documents, yaml_scalar,
/// yaml_key, duplicate_key (a warning; of very many only the first are listed, and one more gives the number of the
/// rest). Time and memory are bounded by `limits` whatever the bytes are.
YamlDocument read_yaml(std::string_view bytes, const std::string& file_name, const YamlLimits& limits = {});

}  // namespace forgelm::config
