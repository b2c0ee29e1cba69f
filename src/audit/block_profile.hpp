// What the profile (forgelm/audit/profile.hpp) learns of a block of rows, and how blocks come together. A walk over a
// row for its columns, and one call a string for what its characters show. Blocks are merged in the order of the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "column_tree.hpp"
#include "encoding_damage.hpp"
#include "forgelm/audit/audit.hpp"
#include "forgelm/audit/profile.hpp"
#include "gram_counter.hpp"
#include "json_line.hpp"
#include "label_balance.hpp"
#include "token_counter.hpp"

namespace forgelm::audit {

/// Numbers that stand for the same things, added one by one.
template <class Numbers>
void add_each(Numbers& sum, const Numbers& more) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += more[i];
}

/// What a split is looked at with, where it was asked for; for all its threads.
struct ProfileTools {
  std::optional<SplitMeasure> measure;
  const BenchmarkIndex* benchmarks = nullptr;
};
/// Benchmarks are looked for in what is trained on, not in the splits `validation` and `test`.
ProfileTools profile_tools(const AuditOptions& options, const SplitAudit& split);

struct BlockProfile {
  ColumnTree columns;
  EncodingProfile encoding;
  BlockLabels labels;
  BlockTokens tokens;
  BlockGrams grams;
};

/// For one thread.
class BlockProfiler {
 public:
  /// `tools` must outlive it.
  explicit BlockProfiler(const ProfileTools& tools)
      : tokens_(tools.measure ? &*tools.measure : nullptr), grams_(tools.benchmarks) {}

  /// The row that the strings of the next calls are of: as read, its line as it stands, its text; `number` is its line
  /// in the file, `row` counts from the block's first.
  void start_row(const JsonLine& read, std::string_view line, std::string_view text, std::uint64_t number,
                 std::uint64_t row);
  void add_string(std::string_view text, const std::string& field);
  void end_row();
  /// What was learnt since the last call.
  BlockProfile take();

 private:
  Damage replaced_because();
  void add_place(std::string_view text, const std::string& field, const DamageSpan& span, Damage kind);

  BlockProfile block_;
  LabelCounter labels_;
  TokenCounter tokens_;
  GramCounter grams_;
  std::uint64_t line_ = 0, row_ = 0, num_lone_surrogates_ = 0;
  bool is_decode_error_ = false;
  std::array<bool, kNumDamages> is_in_row_{};
  bool is_row_damaged_ = false;
  std::vector<DamageSpan> spans_;
};

/// Puts blocks together, in order.
class ProfileFold {
 public:
  explicit ProfileFold(const ProfileTools& tools) : tools_(tools), grams_(tools.benchmarks) {}
  /// `num_rows`: rows of the split before the block's.
  void add(BlockProfile&& block, std::uint64_t num_rows);
  SplitProfile finish();

 private:
  const ProfileTools& tools_;
  GramFold grams_;
  BlockTokens tokens_;
  ColumnTree columns_;
  EncodingProfile encoding_;
  LabelsProfile labels_;
  std::vector<std::uint64_t> prompt_hashes_;
};

}  // namespace forgelm::audit
