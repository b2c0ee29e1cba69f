// What a scalar means: the tag that YAML 1.1 gives to plain text, and the value of a text under a tag, both as PyYAML's
// SafeLoader decides them. Oracle: tests/golden/yaml.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "forgelm/config/yaml.hpp"

namespace forgelm::config::yaml {

inline const std::string kNullTag = "tag:yaml.org,2002:null";
inline const std::string kBoolTag = "tag:yaml.org,2002:bool";
inline const std::string kIntTag = "tag:yaml.org,2002:int";
inline const std::string kFloatTag = "tag:yaml.org,2002:float";
inline const std::string kStrTag = "tag:yaml.org,2002:str";
inline const std::string kTimestampTag = "tag:yaml.org,2002:timestamp";
inline const std::string kBinaryTag = "tag:yaml.org,2002:binary";
inline const std::string kSeqTag = "tag:yaml.org,2002:seq";
inline const std::string kMapTag = "tag:yaml.org,2002:map";
inline const std::string kSetTag = "tag:yaml.org,2002:set";
inline const std::string kOmapTag = "tag:yaml.org,2002:omap";
inline const std::string kPairsTag = "tag:yaml.org,2002:pairs";
inline const std::string kMergeTag = "tag:yaml.org,2002:merge";
inline const std::string kValueTag = "tag:yaml.org,2002:value";
inline const std::string kYamlTag =
    "tag:yaml.org,2002:yaml";  ///< of '!', '&' and '*' alone; nothing has a value under it

/// The tag of plain text.
const std::string& resolve_tag(std::string_view text);

/// Why a text has no value under its tag: what is allowed instead.
struct BadScalar {
  std::string message;
  std::string allowed;
  std::string hint = {};
};

/// Gives `node` (whose text is set) the value of that text under one of the scalar tags null, bool, int, float, str,
/// timestamp and binary: kind, value and text.
std::optional<BadScalar> set_scalar(Node& node, const std::string& tag);

/// A text that is equal for two timestamps exactly if Python finds them equal (1 o'clock UTC is 2 o'clock at +01:00).
std::string timestamp_identity(std::string_view text);

}  // namespace forgelm::config::yaml
