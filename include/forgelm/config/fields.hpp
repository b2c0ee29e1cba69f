// How a configuration section declares its fields: one struct member with its default, one row of meaning beside it.
//
//   struct LoraSection {
//     std::int64_t r = 8;
//     template <class Rows> static constexpr void describe(Rows& rows) {
//       rows(field<&LoraSection::r>, "Rank of the update matrices.", at_least(1), served_by(Capability::training));
//     }
//   };
//
// The YAML key is the member's own name, read from the member pointer by the compiler. A static_assert in
// src/config/schema.cpp fails when a member has no row. Everything else (reading, validation, schema, template,
// reference, dump) is made from the flat table of schema.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "forgelm/config/capability.hpp"

namespace forgelm::config {

template <auto Member>
struct FieldTag {};
template <auto Member>
inline constexpr FieldTag<Member> field{};

struct Attribute {
  enum class Kind {
    at_least,     ///< number: inclusive lower bound
    above,        ///< number: exclusive lower bound
    at_most,      ///< number: inclusive upper bound
    below,        ///< number: exclusive upper bound
    finite,       ///< NaN and infinities are refused
    required,     ///< the key must be given
    non_empty,    ///< a list needs an entry
    pattern,      ///< text: a check with a name (see schema.cpp), e.g. "stage_name", "revision"
    alias,        ///< text: another accepted key
    deprecated,   ///< text: what to write instead; such keys go with version 1.0.0
    secret,       ///< masked in every dump and log
    wizard,       ///< asked by the wizard
    presets,      ///< text: names that may stand instead of a list, separated by blanks
    value_alias,  ///< text: "given=meant", another accepted value
    clamped,      ///< a number below its lower bound is raised to it, with a warning
    added,        ///< forgelm's own key: left out of the dump and its hash while absent
    path,         ///< names a file or directory
    example,      ///< text: a value for the template, where the default says nothing
    served_by,    ///< the capability that acts on the key
  };
  Kind kind;
  double number = 0;
  std::string_view text = {};
  Capability capability = Capability::job;
};

constexpr Attribute at_least(double bound) { return {Attribute::Kind::at_least, bound}; }
constexpr Attribute above(double bound) { return {Attribute::Kind::above, bound}; }
constexpr Attribute at_most(double bound) { return {Attribute::Kind::at_most, bound}; }
constexpr Attribute below(double bound) { return {Attribute::Kind::below, bound}; }
inline constexpr Attribute finite{Attribute::Kind::finite};
inline constexpr Attribute required{Attribute::Kind::required};
inline constexpr Attribute non_empty{Attribute::Kind::non_empty};
inline constexpr Attribute secret{Attribute::Kind::secret};
inline constexpr Attribute wizard{Attribute::Kind::wizard};
inline constexpr Attribute added{Attribute::Kind::added};
inline constexpr Attribute clamped{Attribute::Kind::clamped};
inline constexpr Attribute names_path{Attribute::Kind::path};
constexpr Attribute pattern(std::string_view name) { return {Attribute::Kind::pattern, 0, name}; }
constexpr Attribute alias(std::string_view key) { return {Attribute::Kind::alias, 0, key}; }
constexpr Attribute deprecated(std::string_view instead) { return {Attribute::Kind::deprecated, 0, instead}; }
constexpr Attribute example(std::string_view value) { return {Attribute::Kind::example, 0, value}; }
constexpr Attribute presets(std::string_view names) { return {Attribute::Kind::presets, 0, names}; }
constexpr Attribute value_alias(std::string_view given_is_meant) {
  return {Attribute::Kind::value_alias, 0, given_is_meant};
}
constexpr Attribute served_by(Capability capability) { return {Attribute::Kind::served_by, 0, {}, capability}; }

}  // namespace forgelm::config
