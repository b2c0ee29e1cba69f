// What an optimizer step takes: the micro-batches of one step, and smaller ones of the same sequences when memory asks
// for it. Invariant: a step never mixes epochs; the last step of an epoch may have fewer micro-batches, as transformers
// has it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/data/batches.hpp"
#include "forgelm/data/prepare.hpp"

namespace forgelm::engine {

class StepBatches {
 public:
  /// `cursor`: where a resumed run goes on (ConfigError when its data is not this one).
  StepBatches(std::shared_ptr<const data::ExampleList> examples, const data::BatchOptions& options,
              std::int64_t accumulation_steps, const std::optional<data::DataCursor>& cursor = std::nullopt);

  /// Those of the next step; none after the last epoch.
  std::vector<data::Batch> next();
  /// The place after the last step that next() gave.
  data::DataCursor cursor() const { return stream_.cursor(); }
  std::int64_t num_batches_per_epoch() const noexcept { return num_batches_per_epoch_; }
  std::int64_t num_steps_per_epoch() const noexcept;
  /// Epochs that lie behind once `batch` is done.
  double epoch_after(const data::Batch& batch) const noexcept;

 private:
  data::BatchStream stream_;
  std::int64_t accumulation_steps_;
  std::int64_t num_batches_per_epoch_;
};

/// The same sequences in the same order, at most `max_examples` (> 0) of them together.
std::vector<data::Batch> cut(data::Batch batch, std::size_t max_examples);

/// Tokens of all parts together.
std::uint64_t num_tokens(const data::Batch& batch);
/// Of them, those that carry loss.
std::uint64_t num_learnt(const data::Batch& batch);

/// Which rows a batch is of, for people: "rows 3, 17 of train.jsonl; row 2 of more.jsonl". Rows count from 0; beyond
/// `max_rows` they are counted only.
std::string describe_rows(const data::Batch& batch, const data::ExampleList& examples,
                          const std::vector<data::PreparedSource>& sources, std::size_t max_rows);

}  // namespace forgelm::engine
