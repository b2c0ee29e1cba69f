// The MinHash sketches of a split's rows: 512 bytes each, in memory up to a number of them, in a file without a name
// beyond, of which the kernel keeps in memory what is being looked at. Hashes of them stay in memory, so that rows with
// one sketch are found without reading.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "forgelm/audit/near_duplicates.hpp"
#include "forgelm/core/mapped_file.hpp"
#include "forgelm/core/scratch_file.hpp"
#include "minhash.hpp"

namespace forgelm::audit {

class SketchIndex {
 public:
  /// `max_in_memory`: sketches; beyond that all of them go to a ScratchFile.
  explicit SketchIndex(std::size_t max_in_memory = std::size_t{1} << 17) : max_in_memory_(max_in_memory) {}

  void append(std::span<const Sketch> sketches);
  /// After the last append(); before any of what follows.
  void finish();

  std::size_t size() const noexcept { return hashes_.size(); }
  const Sketch& operator[](std::size_t row) const noexcept { return sketches_[row]; }
  /// Equal for equal sketches, and nearly always only for them.
  std::uint64_t hash(std::size_t row) const noexcept { return hashes_[row]; }
  bool is_empty(std::size_t row) const noexcept;
  std::uint64_t num_empty() const noexcept { return num_empty_; }
  /// The row counts as one without words from now on.
  void forget(std::size_t row) noexcept;
  /// Lets go of memory that reading took.
  void release() const noexcept;

 private:
  std::size_t max_in_memory_;
  std::vector<Sketch> in_memory_;
  std::optional<ScratchFile> file_;
  std::optional<MappedFile> mapped_;
  std::span<const Sketch> sketches_;
  std::vector<std::uint64_t> hashes_;
  std::uint64_t num_empty_ = 0;
};

/// As find_near_duplicates; the distance of a pair is the number of
/// permutations in which it differs.
NearDuplicates find_near_duplicates(const SketchIndex& sketches, double threshold, std::size_t max_listed = 100'000,
                                    std::size_t max_clusters = 1'000);

/// As find_repeats.
std::vector<bool> find_repeats(const SketchIndex& sketches, double threshold);

/// As find_leaked, for both directions.
std::pair<std::vector<bool>, std::vector<bool>> find_leaked(const SketchIndex& a, const SketchIndex& b,
                                                            double threshold);
/// As count_leaked, for both directions.
std::pair<std::uint64_t, std::uint64_t> count_leaked(const SketchIndex& a, const SketchIndex& b, double threshold);

}  // namespace forgelm::audit
