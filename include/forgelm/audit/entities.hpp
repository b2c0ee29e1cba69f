// Names of people, organizations and places in texts. Who finds them is the
// caller's affair: the audit asks an EntityFinder, which a model stands behind,
// a block of rows at a time. The kinds and tiers are the reference's (spec d.5;
// its adapter for Presidio), in all_kinds() behind those with a pattern.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "forgelm/core/choices.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::audit {

FORGELM_CHOICES(EntityKind, person, organization, location)

/// Bytes [begin, end) of a text are a name, with a certainty of 0 to 1.
struct Entity {
  EntityKind kind = EntityKind::person;
  double score = 0;
  std::size_t begin = 0, end = 0;
};

/// Safe from several threads at once: a finder that works on one block at a
/// time makes the others wait. What it finds in a text must not depend on which
/// thread asks. Errors end the audit.
class EntityFinder {
 public:
  virtual ~EntityFinder();
  /// The names in each text, by place, without overlaps.
  virtual std::vector<std::vector<Entity>> find(std::span<const std::string_view> texts) = 0;
  /// What it is, for the report.
  virtual Json describe() const = 0;
};

/// The kind that a model's label stands for: "PER" and "PERSON", "ORG", "LOC"
/// and "GPE", and what else models call them, in any case, with or without "B-"
/// and "I-" before it. Nothing for other labels (dates, products,
/// nationalities).
std::optional<EntityKind> entity_kind_of(std::string_view label);

}  // namespace forgelm::audit
