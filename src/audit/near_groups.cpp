#include "near_groups.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>

namespace forgelm::audit {

NearGroups::NearGroups(std::size_t num_rows, const std::function<bool(std::uint32_t)>& counts,
                       const std::function<bool(std::uint32_t, std::uint32_t)>& less) {
  for (std::uint32_t row = 0; row < num_rows; ++row)
    if (counts(row)) rows_.push_back(row);
  std::sort(rows_.begin(), rows_.end(),
            [&](std::uint32_t a, std::uint32_t b) { return less(a, b) || (!less(b, a) && a < b); });
  for (std::uint32_t i = 0; i < rows_.size(); ++i)
    if (i == 0 || less(rows_[i - 1], rows_[i])) begins_.push_back(i);
  begins_.push_back(static_cast<std::uint32_t>(rows_.size()));
}

NearGroups::NearGroups(const std::vector<std::uint64_t>& signatures) {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> sorted;
  sorted.reserve(signatures.size());
  for (std::uint32_t row = 0; row < signatures.size(); ++row)
    if (signatures[row] != 0) sorted.emplace_back(signatures[row], row);
  std::sort(sorted.begin(), sorted.end());
  rows_.reserve(sorted.size());
  for (std::uint32_t i = 0; i < sorted.size(); ++i) {
    if (i == 0 || sorted[i - 1].first < sorted[i].first) begins_.push_back(i);
    rows_.push_back(sorted[i].second);
  }
  begins_.push_back(static_cast<std::uint32_t>(rows_.size()));
}

std::vector<bool> NearGroups::rows_of(const std::vector<bool>& is_marked, std::size_t num_rows) const {
  std::vector<bool> rows(num_rows);
  for (std::size_t group = 0; group < num_groups(); ++group)
    if (is_marked[group])
      for (const std::uint32_t* row = begin(group); row != end(group); ++row) rows[*row] = true;
  return rows;
}

NearCollector::NearCollector(const NearGroups& groups, std::size_t max_listed, std::size_t max_clusters)
    : groups_(groups), max_listed_(max_listed), max_clusters_(max_clusters), parents_(groups.num_groups()) {
  std::iota(parents_.begin(), parents_.end(), 0U);
  for (std::size_t group = 0; group < groups.num_groups(); ++group)
    num_pairs_ += groups.size(group) * (groups.size(group) - 1) / 2;
}

std::uint32_t NearCollector::root(std::uint32_t group) {
  while (parents_[group] != group) group = parents_[group] = parents_[parents_[group]];
  return group;
}

void NearCollector::add(std::uint32_t group_a, std::uint32_t group_b, int distance) {
  num_pairs_ += groups_.size(group_a) * groups_.size(group_b);
  if (near_.size() <= max_listed_) near_.push_back({group_a, group_b, distance});
  parents_[root(group_b)] = root(group_a);
}

NearDuplicates NearCollector::finish() {
  NearDuplicates found;
  found.num_pairs = num_pairs_;
  found.num_distinct = groups_.num_groups();
  list_clusters(found);
  if (num_pairs_ <= max_listed_) list_pairs(found);
  return found;
}

std::vector<bool> NearCollector::repeats(std::size_t num_rows) {
  std::vector<std::uint32_t> first(groups_.num_groups(), UINT32_MAX);  // of each root, the first row of all
  for (std::uint32_t group = 0; group < groups_.num_groups(); ++group) {
    std::uint32_t& row = first[root(group)];
    row = std::min(row, groups_.first_row(group));
  }
  std::vector<bool> rows = groups_.rows_of(std::vector<bool>(groups_.num_groups(), true), num_rows);
  for (const std::uint32_t row : first)
    if (row != UINT32_MAX) rows[row] = false;
  return rows;
}

void NearCollector::list_pairs(NearDuplicates& found) const {
  const auto list = [&](std::uint32_t a, std::uint32_t b, int distance) {
    found.pairs.push_back({std::min(a, b), std::max(a, b), distance});
  };
  for (std::size_t group = 0; group < groups_.num_groups(); ++group)
    for (const std::uint32_t* i = groups_.begin(group); i != groups_.end(group); ++i)
      for (const std::uint32_t* j = i + 1; j != groups_.end(group); ++j) list(*i, *j, 0);
  for (const Near& pair : near_)
    for (const std::uint32_t* i = groups_.begin(pair.a); i != groups_.end(pair.a); ++i)
      for (const std::uint32_t* j = groups_.begin(pair.b); j != groups_.end(pair.b); ++j) list(*i, *j, pair.distance);
  std::sort(found.pairs.begin(), found.pairs.end(), [](const NearPair& a, const NearPair& b) {
    return std::pair(a.first, a.second) < std::pair(b.first, b.second);
  });
}

void NearCollector::list_clusters(NearDuplicates& found) {
  // A number or two a group: most groups are alone.
  std::vector<std::uint32_t> sizes(groups_.num_groups()), firsts(groups_.num_groups(), UINT32_MAX);
  for (std::uint32_t group = 0; group < groups_.num_groups(); ++group) {
    const std::uint32_t at = root(group);
    sizes[at] += static_cast<std::uint32_t>(groups_.size(group));
    firsts[at] = std::min(firsts[at], groups_.first_row(group));
  }
  for (std::size_t at = 0; at < sizes.size(); ++at)
    if (sizes[at] > 1) found.clusters.push_back({firsts[at], sizes[at]});
  std::sort(found.clusters.begin(), found.clusters.end(), [](const NearCluster& a, const NearCluster& b) {
    return a.size != b.size ? a.size > b.size : a.first < b.first;
  });
  if (found.clusters.size() > max_clusters_) found.clusters.resize(max_clusters_);
}

}  // namespace forgelm::audit
