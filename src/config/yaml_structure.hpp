// The grammar of a document: which token may follow which. The result is a plain copy of the document for yaml-cpp, in
// which nothing is left to interpretation: flow style, one token a line, every scalar and tag a number that refers to a
// table here. Line n of the copy (from 0) comes from origins[n], which is how events find their place in the file.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "yaml_scan.hpp"

namespace forgelm::config::yaml {

struct Origin {
  std::size_t position = 0;
  std::size_t length = 1;
};

struct ScalarSource {
  std::string text;
  bool is_plain = false;
  Origin origin;
};

struct TagSource {
  std::string text;
  Origin origin;
};

struct PlainCopy {
  std::string text;  ///< empty: the document is empty
  std::vector<Origin> origins;
  std::vector<ScalarSource> scalars;  ///< "7" in the copy is scalars[7]
  std::vector<TagSource> tags;        ///< !<7> in the copy is tags[7]
};

/// Checks the order of the tokens, the single document, anchors, aliases and the limits on depth, nodes and aliases,
/// and writes the copy. Scalars' texts are moved out of the tokens. Throws Fault.
PlainCopy copy_structure(std::vector<Token>& tokens, const Text& text, const YamlLimits& limits);

}  // namespace forgelm::config::yaml
