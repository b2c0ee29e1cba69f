#include "batch_maker.hpp"

#include <algorithm>
#include <numeric>

#include "forgelm/core/error.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::data {
namespace {

/// Mapped pages that were copied from are given back after so much, so that a long run's resident memory stays small.
/// A page that is touched brings its neighbours along: 2 MiB where the page cache holds large folios (Linux 6.18,
/// ext4).
constexpr std::uint64_t kReleaseBytes = std::uint64_t{512} << 20;
constexpr std::uint64_t kNeighbourBytes = std::uint64_t{2} << 20;

void check_options(const BatchOptions& options) {
  std::string problem;
  if (options.batch_size == 0) problem = "batch_size is 0";
  else if (options.world_size == 0) problem = "world_size is 0";
  else if (options.rank >= options.world_size)
    problem = cat("rank is ", options.rank, " of world_size ", options.world_size);
  else if (options.pack_to > 0 && options.group_by_length) problem = "packing and group_by_length exclude each other";
  if (!problem.empty()) throw RunError(RunErrorKind::internal, cat("the batches cannot be made: ", problem));
}

std::vector<std::uint32_t> lengths_of(const ExampleList& examples) {
  std::vector<std::uint32_t> lengths(examples.size());
  for (std::uint64_t i = 0; i < lengths.size(); ++i) lengths[i] = examples.length(i);
  return lengths;
}

/// As transformers' get_length_grouped_indices, from an order that is drawn already.
void group_by_length(std::vector<std::uint32_t>& order, const std::vector<std::uint32_t>& lengths,
                     std::uint64_t group_size) {
  if (order.empty()) return;
  const std::uint64_t num_groups = std::clamp<std::uint64_t>(order.size() / (group_size * 4), 1, 50);
  const std::uint64_t mega_size = num_groups * group_size;
  std::uint64_t longest = 0;
  for (std::uint64_t begin = 0; begin < order.size(); begin += mega_size) {
    const auto first = order.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto size = static_cast<std::ptrdiff_t>(std::min(mega_size, order.size() - begin));
    std::stable_sort(first, first + size, [&](auto a, auto b) { return lengths[a] > lengths[b]; });
    if (lengths[order[begin]] > lengths[order[longest]]) longest = begin;
  }
  std::swap(order[0], order[longest]);
}

}  // namespace

BatchMaker::BatchMaker(std::shared_ptr<const ExampleList> examples, const BatchOptions& options)
    : examples_(std::move(examples)), options_(options), random_(options.seed) {
  check_options(options_);
  if (options_.pack_to > 0) bins_ = pack_best_fit(lengths_of(*examples_), options_.pack_to);
  num_items_ = options_.pack_to > 0 ? bins_.size() : examples_->size();
  place_.generator = random_.state();
  examples_->release_pages();
}

std::vector<std::uint32_t> BatchMaker::drawn_order(Pcg64& random) const {
  std::vector<std::uint32_t> order(num_items_);
  std::iota(order.begin(), order.end(), 0u);
  if (options_.shuffle) random.shuffle(order);
  if (options_.group_by_length)
    group_by_length(order, lengths_of(*examples_), options_.group_size > 0 ? options_.group_size : options_.batch_size);
  return order;
}

void BatchMaker::draw() {
  random_ = Pcg64(place_.generator);
  order_ = drawn_order(random_);
  place_.order_digest = std::make_shared<const std::string>(
      Sha256().update(order_.data(), order_.size() * sizeof(std::uint32_t)).finish_hex());
  at_ = 0;
  is_drawn_ = true;
}

std::uint64_t BatchMaker::num_tokens_of(std::uint32_t item) const {
  if (options_.pack_to == 0) return examples_->num_tokens(item);
  std::uint64_t sum = 0;
  for (const std::uint32_t example : bins_[item]) sum += examples_->num_tokens(example);
  return sum;
}

/// Where the micro-batch that begins at `begin` ends.
std::uint64_t BatchMaker::end_of_batch(const std::vector<std::uint32_t>& order, std::uint64_t begin) const {
  const std::uint64_t limit = std::min<std::uint64_t>(begin + options_.batch_size, order.size());
  if (options_.max_tokens == 0) return limit;
  std::uint64_t num_tokens = 0;
  for (std::uint64_t at = begin; at < limit; ++at) {
    num_tokens += num_tokens_of(order[at]);
    if (num_tokens > options_.max_tokens && at > begin) return at;
  }
  return limit;
}

/// Where the micro-batches of all ranks end that begin at `begin`.
std::uint64_t BatchMaker::end_of_round(const std::vector<std::uint32_t>& order, std::uint64_t begin) const {
  for (std::uint32_t rank = 0; rank < options_.world_size && begin < order.size(); ++rank)
    begin = end_of_batch(order, begin);
  return begin;
}

std::uint64_t BatchMaker::num_batches(std::uint64_t num_epochs) const {
  if (num_items_ == 0 || num_epochs == 0) return 0;
  if (options_.max_tokens == 0) {
    const std::uint64_t round = std::uint64_t{options_.batch_size} * options_.world_size;
    return (num_items_ + round - 1) / round * num_epochs;
  }
  std::uint64_t sum = 0;
  Pcg64 random(options_.seed);
  for (std::uint64_t epoch = 0; epoch < num_epochs; ++epoch) {
    const std::vector<std::uint32_t> order = drawn_order(random);
    for (std::uint64_t at = 0; at < order.size(); at = end_of_round(order, at)) ++sum;
    if (!options_.shuffle) return sum * num_epochs;
  }
  return sum;
}

void BatchMaker::go_to(const DataCursor& cursor) {
  place_ = {cursor.epoch, 0, cursor.generator, nullptr};
  draw();
  if (!cursor.order_digest.empty() && cursor.order_digest != *place_.order_digest)
    throw ConfigError("the order of the examples is not the one that the checkpoint was made with",
                      "the checkpoint is damaged, or was made by another version of forgelm");
  if (cursor.order_digest.empty() && cursor.position == 0) {
    is_drawn_ = false;
    place_.order_digest = nullptr;
    return;
  }
  for (; place_.position < cursor.position && at_ < order_.size(); ++place_.position) at_ = end_of_round(order_, at_);
  if (place_.position < cursor.position)
    throw ConfigError(cat("the checkpoint says that ", cursor.position, " batches of epoch ", cursor.epoch,
                          " came before, and there are ", place_.position));
}

std::optional<Batch> BatchMaker::make() {
  const auto is_over = [this] { return options_.num_epochs > 0 && place_.epoch >= options_.num_epochs; };
  if (num_items_ == 0 || is_over()) return std::nullopt;
  if (is_drawn_ && at_ >= order_.size()) {
    if (options_.num_epochs > 0 && place_.epoch + 1 >= options_.num_epochs) return std::nullopt;
    place_ = {place_.epoch + 1, 0, random_.state(), nullptr};
    is_drawn_ = false;
  }
  if (!is_drawn_) draw();
  std::uint64_t begin = at_;
  for (std::uint32_t rank = 0; rank < options_.rank && begin < order_.size(); ++rank)
    begin = end_of_batch(order_, begin);
  Batch batch = fill(begin, begin < order_.size() ? end_of_batch(order_, begin) : begin);
  batch.epoch = place_.epoch;
  batch.number = place_.position;
  at_ = end_of_round(order_, at_);
  ++place_.position;
  batch.is_last_of_epoch = at_ >= order_.size();
  return batch;
}

Batch BatchMaker::fill(std::uint64_t begin, std::uint64_t end) {
  Batch batch;
  for (std::uint64_t at = begin; at < end; ++at) {
    const std::uint32_t item = order_[at];
    if (options_.pack_to > 0) batch.examples.insert(batch.examples.end(), bins_[item].begin(), bins_[item].end());
    else batch.examples.push_back(item);
  }
  batch.parts.resize(examples_->num_sequences());
  bool has_extras = false;
  for (const std::uint64_t example : batch.examples) {
    for (std::uint32_t part = 0; part < batch.parts.size(); ++part)
      batch.parts[part].append(examples_->sequence(example, part));
    batch.extras.emplace_back(examples_->extra(example));
    has_extras = has_extras || !batch.extras.back().empty();
  }
  if (!has_extras) batch.extras.clear();
  for (const SequenceBatch& part : batch.parts)
    bytes_since_release_ += part.ids.size() * sizeof(std::int32_t) + part.num_sequences() * kNeighbourBytes;
  if (bytes_since_release_ >= kReleaseBytes) {
    examples_->release_pages();
    bytes_since_release_ = 0;
  }
  return batch;
}

}  // namespace forgelm::data
