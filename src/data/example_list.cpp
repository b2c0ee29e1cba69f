#include <limits>

#include "forgelm/core/error.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/batches.hpp"

namespace forgelm::data {
namespace {

std::vector<ExampleRef> all_of(const TokenStore& store) {
  std::vector<ExampleRef> examples;
  examples.reserve(store.num_examples());
  for (std::uint64_t i = 0; i < store.num_examples(); ++i) examples.emplace_back(0u, i);
  return examples;
}

}  // namespace

ExampleList::ExampleList(std::vector<std::shared_ptr<const TokenStore>> stores, std::vector<ExampleRef> examples)
    : stores_(std::move(stores)), examples_(std::move(examples)) {
  check();
}

ExampleList::ExampleList(std::shared_ptr<const TokenStore> store) : examples_(all_of(*store)) {
  stores_.push_back(std::move(store));
  check();
}

void ExampleList::check() {
  if (examples_.size() >= std::numeric_limits<std::uint32_t>::max())
    throw RunError(RunErrorKind::internal, cat(examples_.size(), " examples are more than a list holds"));
  for (std::uint64_t i = 0; i < examples_.size(); ++i) {
    const ExampleRef ref = examples_[i];
    if (ref.source() >= stores_.size() || ref.example() >= stores_[ref.source()]->num_examples())
      throw RunError(RunErrorKind::internal, cat("there is no example ", ref.example(), " of source ", ref.source()));
    const std::uint32_t num_sequences = store_of(i).num_sequences(ref.example());
    if (i == 0) num_sequences_ = num_sequences;
    const auto bad = [&](const std::string& what) {
      return RunError(RunErrorKind::data,
                      cat("row ", store_of(i).row(ref.example()), " of source ", ref.source(), what));
    };
    if (num_sequences != num_sequences_)
      throw bad(cat(" has ", num_sequences, " sequences where others have ", num_sequences_));
    if (length(i) == 0) throw bad(" has no tokens");
  }
  Sha256 hash;
  for (const auto& store : stores_) hash.update(store->digest());
  digest_ = hash.update(examples_.data(), examples_.size() * sizeof(ExampleRef)).finish_hex();
}

void ExampleList::release_pages() const noexcept {
  for (const auto& store : stores_) store->release_pages();
}

}  // namespace forgelm::data
