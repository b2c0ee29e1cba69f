// Batches: what the trainer consumes. Sequences are laid end to end without padding; attention must not cross a border
// (`starts`). Which examples come in which batch follows from the examples, the options and the epoch alone, so that a
// run that goes on from a cursor gets exactly the batches that it would have got. Order: with `shuffle`, epoch e takes
// the items in the order of the e-th permutation(n) that numpy.random.default_rng(seed) gives (the reference takes
// torch's generator, which numbers differently). Items are examples, or bins of packed ones. Micro-batches are cut from
// that order one after another; of W ranks, rank r takes the micro-batches r, W + r, 2W + r, ... At the end of an epoch
// nothing is dropped: the last micro-batch may be small, and ranks beyond it get an empty one, so that all ranks take
// as many steps.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/json.hpp"
#include "forgelm/core/pcg64.hpp"
#include "forgelm/data/example.hpp"
#include "forgelm/data/token_store.hpp"

namespace forgelm::data {

/// An example of one of several stores.
class ExampleRef {
 public:
  ExampleRef(std::uint32_t source, std::uint64_t example) noexcept
      : packed_((std::uint64_t{source} << 40) | (example & kMaxExample)) {}
  std::uint32_t source() const noexcept { return static_cast<std::uint32_t>(packed_ >> 40); }
  std::uint64_t example() const noexcept { return packed_ & kMaxExample; }
  static constexpr std::uint64_t kMaxExample = (std::uint64_t{1} << 40) - 1;

 private:
  std::uint64_t packed_;
};

/// The examples of a training or evaluation set, in order, out of the stores of its sources. An example may come more
/// than once. Thread-safe.
class ExampleList {
 public:
  /// RunError(internal) for a reference to what is not there, or more than 2^32 - 1 of them; RunError(data) when some
  /// examples have one sequence and others two.
  ExampleList(std::vector<std::shared_ptr<const TokenStore>> stores, std::vector<ExampleRef> examples);
  /// All examples of one store.
  explicit ExampleList(std::shared_ptr<const TokenStore> store);

  std::uint64_t size() const noexcept { return examples_.size(); }
  const ExampleRef& operator[](std::uint64_t index) const { return examples_[index]; }
  const TokenStore& store_of(std::uint64_t index) const { return *stores_[examples_[index].source()]; }
  std::uint32_t length(std::uint64_t index) const { return store_of(index).length(examples_[index].example()); }
  std::uint32_t num_tokens(std::uint64_t index) const { return store_of(index).num_tokens(examples_[index].example()); }
  std::uint32_t num_characters(std::uint64_t index) const {
    return store_of(index).num_characters(examples_[index].example());
  }
  /// Of each example; 1 for an empty list.
  std::uint32_t num_sequences() const noexcept { return num_sequences_; }
  SequenceView sequence(std::uint64_t index, std::uint32_t which = 0) const {
    return store_of(index).sequence(examples_[index].example(), which);
  }
  std::string_view extra(std::uint64_t index) const { return store_of(index).extra(examples_[index].example()); }
  /// SHA-256, hex, that stands for all tokens and their order.
  const std::string& digest() const noexcept { return digest_; }
  void release_pages() const noexcept;

 private:
  void check();

  std::vector<std::shared_ptr<const TokenStore>> stores_;
  std::vector<ExampleRef> examples_;
  std::uint32_t num_sequences_ = 1;
  std::string digest_;
};

/// Sequences laid end to end. Sequence i is the tokens [starts[i], starts[i+1]).
struct SequenceBatch {
  std::vector<std::int32_t> ids;
  std::vector<std::int32_t> positions;  ///< from 0 in each sequence
  /// 1 for a token that carries loss, which the token before predicts. Never a sequence's first, which nothing
  /// predicts.
  std::vector<std::uint8_t> is_learnt;
  std::vector<std::int32_t> starts = {0};  ///< one more than there are sequences (cu_seqlens)
  std::uint64_t num_learnt = 0;            ///< ones in is_learnt: what a loss is divided by
  std::int32_t max_length = 0;             ///< of a sequence

  std::size_t num_sequences() const noexcept { return starts.size() - 1; }
  void append(const SequenceView& sequence);
  bool operator==(const SequenceBatch&) const = default;
};

/// A micro-batch of one rank.
struct Batch {
  std::uint64_t epoch = 0;
  std::uint64_t number = 0;  ///< in the epoch, from 0; the same for all ranks
  bool is_last_of_epoch = false;
  std::vector<std::uint64_t> examples;  ///< indices into the ExampleList; empty for a rank beyond the end of an epoch
  std::vector<SequenceBatch> parts;     ///< one, or two for preferences (chosen, rejected); a sequence for each example
  std::vector<std::string> extras;      ///< JSON of each example; empty when none has any
  bool operator==(const Batch&) const = default;
};

struct BatchOptions {
  std::uint32_t batch_size = 1;  ///< items in a micro-batch, at most
  std::uint64_t max_tokens =
      0;  ///< tokens in a micro-batch, all parts together; 0: any. A longer item is alone in its own.
  /// Examples are packed to bins of so many tokens (forgelm/data/packing.hpp), each an item; 0: no packing. Preferences
  /// are packed by the longer of the two.
  std::uint32_t pack_to = 0;
  bool shuffle = true;
  /// Items of like length come together, as transformers' LengthGroupedSampler has it: the order is cut into
  /// megabatches of min(n / (4 group_size), 50), at least 1, times group_size items, each sorted longest first
  /// (stable), and the longest item of all is exchanged with the first. Not with packing.
  bool group_by_length = false;
  std::uint32_t group_size = 0;  ///< items of an optimizer step (batch_size x accumulation x ranks); 0: batch_size
  std::uint64_t seed = 42;
  std::uint64_t num_epochs = 0;  ///< 0: no end
  std::uint32_t rank = 0;
  std::uint32_t world_size = 1;
  std::uint32_t num_prefetched = 2;  ///< batches made ahead on a thread of their own; 0: none, and no thread
};

/// A place between two batches; the same for all ranks.
struct DataCursor {
  std::uint64_t epoch = 0;
  std::uint64_t position = 0;  ///< batches of this epoch that came before
  Pcg64::State generator;      ///< before the order of this epoch was drawn
  std::string order_digest;    ///< SHA-256 of the order of this epoch; empty when it is not drawn yet
  Json made_with;              ///< what the order follows from: the options and the examples' digest
};
Json to_json(const DataCursor& cursor);
/// A failure for what to_json() does not write.
Result<DataCursor> data_cursor_from_json(const Json& json);

/// The batches of a rank, epoch after epoch. One thread at a time.
class BatchStream {
 public:
  /// RunError(internal) for options that contradict each other, RunError(data) for an example longer than `pack_to`.
  BatchStream(std::shared_ptr<const ExampleList> examples, const BatchOptions& options);
  /// Goes on from `cursor`. ConfigError that names what differs when the batches would not be those that would have
  /// come: other examples, another world_size, batch_size, seed, ...
  BatchStream(std::shared_ptr<const ExampleList> examples, const BatchOptions& options, const DataCursor& cursor);
  BatchStream(BatchStream&&) noexcept;
  BatchStream& operator=(BatchStream&&) noexcept;
  ~BatchStream();

  /// The next batch; nothing after the last epoch. RunError(data) when a token store turns out to be damaged, after all
  /// batches before it; from then on always.
  std::optional<Batch> next();
  /// The place after the last batch that next() gave.
  DataCursor cursor() const;

  std::uint64_t num_items() const noexcept;  ///< of an epoch: examples, or bins
  /// Batches of the first `num_epochs` epochs together. Epochs differ only with max_tokens; then this draws their
  /// orders.
  std::uint64_t num_batches(std::uint64_t num_epochs) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The padded form, rows of equal width, for comparisons with others and for kernels without borders.
struct PaddedBatch {
  std::size_t num_rows = 0;
  std::size_t width = 0;
  std::vector<std::int32_t> ids;     ///< [num_rows, width]
  std::vector<std::int32_t> labels;  ///< the id where it carries loss, else -100; not shifted
  std::vector<std::uint8_t> mask;    ///< 1 for tokens, 0 for padding
};
PaddedBatch pad(const SequenceBatch& batch, std::int32_t pad_id, bool pads_left = false);

}  // namespace forgelm::data
