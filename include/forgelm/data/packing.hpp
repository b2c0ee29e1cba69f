// Packing: whole examples put together so that each bin holds at most `max_length` tokens. Best fit decreasing: the
// longest example first, each into the fullest bin that still has room, else into a new one (H. Ding et al., "Fewer
// Truncations Improve Language Modeling", 2024). Invariant: every example that is not empty is in exactly one bin,
// whole. Oracle: TRL 1.16.0, strategy "bfd" (tests/golden/packing), equal bin by bin.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace forgelm::data {

/// Bins of items, laid end to end: one allocation, however many there are.
struct Bins {
  std::vector<std::uint64_t> begins = {0};  ///< where each bin begins in `items`, and the end of the last one
  std::vector<std::uint32_t> items;

  std::size_t size() const noexcept { return begins.size() - 1; }
  std::span<const std::uint32_t> operator[](std::size_t bin) const {
    return std::span(items).subspan(begins[bin], begins[bin + 1] - begins[bin]);
  }
  bool operator==(const Bins&) const = default;
};

/// Packs items of those lengths; the items of the bins are indices into `lengths`. The result follows from the
/// arguments alone: items of one length go in their order, bins of one free space fill in the order in which they came
/// to have it, bins stand in the order in which they were begun (so full of long items first), items in a bin longest
/// first. An item of length 0 is in no bin. RunError(data) for an item longer than `max_length` (data.length_policy
/// comes before), RunError(internal) for more than 2^32 - 1 items or a `max_length` of 0. Time O(n + max_length), about
/// 20 bytes an item and 12 a unit of max_length.
Bins pack_best_fit(std::span<const std::uint32_t> lengths, std::uint32_t max_length);

}  // namespace forgelm::data
