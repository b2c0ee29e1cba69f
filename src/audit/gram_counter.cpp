#include "gram_counter.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace forgelm::audit {

GramCounter::GramCounter(const BenchmarkIndex* index) : index_(index) {
  if (index_ == nullptr) return;
  seen_in_.assign(index_->num_grams(), 0);
  block_.num_rows_touched.assign(index_->benchmarks().size(), 0);
}

void GramCounter::add_string(std::string_view text, std::uint64_t line, std::uint64_t row) {
  if (index_ == nullptr) return;
  words_.read(text);
  for (const int size : index_->gram_sizes())
    words_.for_each_gram(size, [&](std::uint64_t hash) {
      const std::uint32_t gram = index_->table().find(hash);
      if (gram == GramTable::npos) return;
      touched_ |= index_->benchmarks_of(gram);
      if (std::exchange(seen_in_[gram], block_number_) != block_number_) block_.places.push_back({gram, line, row});
    });
}

void GramCounter::end_row() {
  for (; touched_ != 0; touched_ &= touched_ - 1)
    ++block_.num_rows_touched[static_cast<std::size_t>(std::countr_zero(touched_))];
}

BlockGrams GramCounter::take() {
  BlockGrams done = std::move(block_);
  ++block_number_;
  block_ = {};
  if (index_ != nullptr) block_.num_rows_touched.assign(index_->benchmarks().size(), 0);
  return done;
}

GramFold::GramFold(const BenchmarkIndex* index) {
  if (index == nullptr) return;
  is_found_.assign(index->num_grams(), false);
  profile_.num_rows_touched.assign(index->benchmarks().size(), 0);
}

void GramFold::add(const BlockGrams& block, std::uint64_t num_rows) {
  for (std::size_t i = 0; i < profile_.num_rows_touched.size(); ++i)
    profile_.num_rows_touched[i] += block.num_rows_touched[i];
  for (GramPlace place : block.places) {
    if (is_found_[place.gram]) continue;
    is_found_[place.gram] = true;
    place.row += num_rows;
    profile_.places.push_back(place);
  }
}

ContaminationProfile GramFold::finish() {
  std::sort(profile_.places.begin(), profile_.places.end(),
            [](const GramPlace& a, const GramPlace& b) { return a.gram < b.gram; });
  return std::move(profile_);
}

}  // namespace forgelm::audit
