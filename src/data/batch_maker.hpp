// BatchMaker: the batches of a stream one after another, on whichever thread asks. The order of an epoch is drawn when
// its first batch is made, from a generator that goes on from epoch to epoch; place() can be taken between any two
// batches and gone back to.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/data/batches.hpp"
#include "forgelm/data/packing.hpp"

namespace forgelm::data {

/// The moving part of a DataCursor.
struct BatchPlace {
  std::uint64_t epoch = 0;
  std::uint64_t position = 0;
  Pcg64::State generator;
  std::shared_ptr<const std::string> order_digest;  ///< null while the order is not drawn
};

class BatchMaker {
 public:
  BatchMaker(std::shared_ptr<const ExampleList> examples, const BatchOptions& options);

  std::optional<Batch> make();
  const BatchPlace& place() const noexcept { return place_; }
  /// ConfigError when the cursor's order or position is not what this would have made.
  void go_to(const DataCursor& cursor);

  std::uint64_t num_items() const noexcept { return num_items_; }
  std::uint64_t num_batches(std::uint64_t num_epochs) const;

 private:
  std::vector<std::uint32_t> drawn_order(Pcg64& random) const;
  void draw();
  std::uint64_t end_of_batch(const std::vector<std::uint32_t>& order, std::uint64_t begin) const;
  std::uint64_t end_of_round(const std::vector<std::uint32_t>& order, std::uint64_t begin) const;
  std::uint64_t num_tokens_of(std::uint32_t item) const;
  Batch fill(std::uint64_t begin, std::uint64_t end);

  std::shared_ptr<const ExampleList> examples_;
  BatchOptions options_;
  Bins bins_;  ///< with packing
  std::uint64_t num_items_ = 0;
  BatchPlace place_;
  Pcg64 random_;                      ///< after the order of this epoch was drawn
  std::vector<std::uint32_t> order_;  ///< items of this epoch
  std::uint64_t at_ = 0;              ///< in order_
  bool is_drawn_ = false;
  std::uint64_t bytes_since_release_ = 0;
};

}  // namespace forgelm::data
