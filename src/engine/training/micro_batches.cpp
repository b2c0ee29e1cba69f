#include "engine/training/micro_batches.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::engine {
namespace {

/// Sequences [begin, end) of a batch.
data::SequenceBatch part_of(const data::SequenceBatch& batch, std::size_t begin, std::size_t end) {
  const std::int32_t first = batch.starts[begin];
  const std::int32_t last = batch.starts[end];
  const auto slice = [first, last](const auto& values) {
    using Values = std::decay_t<decltype(values)>;
    return Values(values.begin() + first, values.begin() + last);
  };
  data::SequenceBatch out;
  out.ids = slice(batch.ids);
  out.positions = slice(batch.positions);
  out.is_learnt = slice(batch.is_learnt);
  for (std::size_t i = begin; i < end; ++i) {
    out.starts.push_back(batch.starts[i + 1] - first);
    out.max_length = std::max(out.max_length, batch.starts[i + 1] - batch.starts[i]);
  }
  out.num_learnt = static_cast<std::uint64_t>(std::count(out.is_learnt.begin(), out.is_learnt.end(), 1));
  return out;
}

std::string describe(const std::string& source, const std::vector<std::uint64_t>& rows) {
  return cat(rows.size() == 1 ? "row " : "rows ", join(rows, ", "), " of ", source);
}

}  // namespace

StepBatches::StepBatches(std::shared_ptr<const data::ExampleList> examples, const data::BatchOptions& options,
                         std::int64_t accumulation_steps, const std::optional<data::DataCursor>& cursor)
    : stream_(cursor ? data::BatchStream(std::move(examples), options, *cursor)
                     : data::BatchStream(std::move(examples), options)),
      accumulation_steps_(accumulation_steps),
      num_batches_per_epoch_(static_cast<std::int64_t>(stream_.num_batches(1))) {}

std::vector<data::Batch> StepBatches::next() {
  std::vector<data::Batch> batches;
  while (static_cast<std::int64_t>(batches.size()) < accumulation_steps_) {
    auto batch = stream_.next();
    if (!batch) break;
    batches.push_back(*std::move(batch));
    if (batches.back().is_last_of_epoch) break;
  }
  return batches;
}

std::int64_t StepBatches::num_steps_per_epoch() const noexcept {
  return (num_batches_per_epoch_ + accumulation_steps_ - 1) / accumulation_steps_;
}

double StepBatches::epoch_after(const data::Batch& batch) const noexcept {
  return static_cast<double>(batch.epoch) +
         static_cast<double>(batch.number + 1) / static_cast<double>(num_batches_per_epoch_);
}

std::vector<data::Batch> cut(data::Batch batch, std::size_t max_examples) {
  std::vector<data::Batch> pieces;
  if (batch.examples.size() <= max_examples) {
    pieces.push_back(std::move(batch));
    return pieces;
  }
  for (std::size_t begin = 0; begin < batch.examples.size(); begin += max_examples) {
    const std::size_t end = std::min(begin + max_examples, batch.examples.size());
    data::Batch piece;
    piece.epoch = batch.epoch;
    piece.number = batch.number;
    piece.is_last_of_epoch = batch.is_last_of_epoch;
    const auto from = static_cast<std::ptrdiff_t>(begin), to = static_cast<std::ptrdiff_t>(end);
    piece.examples.assign(batch.examples.begin() + from, batch.examples.begin() + to);
    for (const auto& part : batch.parts) piece.parts.push_back(part_of(part, begin, end));
    if (!batch.extras.empty()) piece.extras.assign(batch.extras.begin() + from, batch.extras.begin() + to);
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

std::uint64_t num_tokens(const data::Batch& batch) {
  std::uint64_t sum = 0;
  for (const auto& part : batch.parts) sum += part.ids.size();
  return sum;
}

std::uint64_t num_learnt(const data::Batch& batch) {
  std::uint64_t sum = 0;
  for (const auto& part : batch.parts) sum += part.num_learnt;
  return sum;
}

std::string describe_rows(const data::Batch& batch, const data::ExampleList& examples,
                          const std::vector<data::PreparedSource>& sources, std::size_t max_rows) {
  std::map<std::uint32_t, std::vector<std::uint64_t>> rows;
  const std::size_t num_shown = std::min(batch.examples.size(), max_rows);
  for (std::size_t i = 0; i < num_shown; ++i) {
    const data::ExampleRef& ref = examples[batch.examples[i]];
    rows[ref.source()].push_back(examples.store_of(batch.examples[i]).row(ref.example()));
  }
  std::vector<std::string> parts;
  for (const auto& [source, numbers] : rows)
    parts.push_back(describe(source < sources.size() ? sources[source].name : cat("source ", source), numbers));
  if (num_shown < batch.examples.size()) parts.push_back(cat(batch.examples.size() - num_shown, " more"));
  return join(parts, "; ");
}

}  // namespace forgelm::engine
