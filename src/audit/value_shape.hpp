// What kinds of values a column holds, over all rows: for the fields of a
// Croissant card. Shapes of parts of a file add up in any order. Bounded:
// members beyond kMaxMembers of an object, and what is nested deeper than
// kMaxDepth, are only known to be there.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "forgelm/audit/audit.hpp"
#include "json_line.hpp"

namespace forgelm::audit {

class ValueShape {
 public:
  static constexpr int kMaxDepth = 4;
  static constexpr std::size_t kMaxMembers = 4096;
  enum Part : unsigned { null = 1, boolean = 2, integer = 4, real = 8, text = 16, array = 32, object = 64, cut = 128 };
  /// What texts spell, for formats whose values are all texts; empty ones spell
  /// nothing.
  enum Spelt : unsigned { spelt_integer = 1, spelt_real = 2, spelt_other = 4 };
  struct Member;

  void add(const simdjson::dom::element& value, int depth = 0);
  void add(const ValueShape& other);

  /// Parts seen; null left out.
  unsigned parts() const { return parts_ & ~static_cast<unsigned>(null); }
  unsigned spelt() const { return spelt_; }
  /// Of objects, in order of appearance.
  const std::vector<Member>& members() const { return members_; }
  /// Of arrays, all items together; nullptr where no array had any.
  const ValueShape* items() const { return items_.get(); }

 private:
  ValueShape* member(std::string_view name);

  unsigned parts_ = 0, spelt_ = 0;
  std::vector<Member> members_;
  std::shared_ptr<ValueShape> items_;
};

struct ValueShape::Member {
  std::string name;
  ValueShape shape;
};

/// The shape of a split's rows: an object with its columns. The file is read
/// again, by `num_workers` threads. Rows that cannot be read count for nothing.
/// RunError(io).
ValueShape row_shape(const SplitAudit& split, int num_workers);

}  // namespace forgelm::audit
