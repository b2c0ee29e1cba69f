// What both ways of finding near-duplicates share: rows with the same signature
// taken together, and pairs of such groups turned into counts, listed pairs of
// rows, and clusters.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "forgelm/audit/near_duplicates.hpp"

namespace forgelm::audit {

class NearGroups {
 public:
  /// Of rows 0 .. num_rows - 1 those that `counts`, grouped by `less` (a strict
  /// weak order of rows by signature).
  NearGroups(std::size_t num_rows, const std::function<bool(std::uint32_t)>& counts,
             const std::function<bool(std::uint32_t, std::uint32_t)>& less);
  /// Of the rows whose signature is not 0, grouped by it.
  explicit NearGroups(const std::vector<std::uint64_t>& signatures);

  std::size_t num_groups() const { return begins_.size() - 1; }
  std::uint64_t size(std::size_t group) const { return begins_[group + 1] - begins_[group]; }
  std::uint32_t first_row(std::size_t group) const { return rows_[begins_[group]]; }
  const std::uint32_t* begin(std::size_t group) const { return rows_.data() + begins_[group]; }
  const std::uint32_t* end(std::size_t group) const { return rows_.data() + begins_[group + 1]; }
  /// The rows of the groups that are marked, among `num_rows`.
  std::vector<bool> rows_of(const std::vector<bool>& is_marked, std::size_t num_rows) const;

 private:
  std::vector<std::uint32_t> begins_, rows_;  // rows of a group are sorted
};

class NearCollector {
 public:
  /// `groups` must outlive this.
  NearCollector(const NearGroups& groups, std::size_t max_listed, std::size_t max_clusters);
  /// Two different groups are near; each pair of groups once.
  void add(std::uint32_t group_a, std::uint32_t group_b, int distance);
  NearDuplicates finish();
  /// Of each of `num_rows` rows, whether it hangs together with an earlier one.
  std::vector<bool> repeats(std::size_t num_rows);

 private:
  struct Near {
    std::uint32_t a, b;
    int distance;
  };
  std::uint32_t root(std::uint32_t group);
  void list_pairs(NearDuplicates& found) const;
  void list_clusters(NearDuplicates& found);

  const NearGroups& groups_;
  std::size_t max_listed_, max_clusters_;
  std::uint64_t num_pairs_ = 0;
  std::vector<Near> near_;
  std::vector<std::uint32_t> parents_;
};

}  // namespace forgelm::audit
