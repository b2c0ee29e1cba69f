// Which rows a job trains and evaluates on, in which order: mixing of data sets, the held-out part, shuffling, the cap.
// Reference: spec forgelm.md d.1, d.4 (mixed first, then held out, then shuffled); `anchor` and `budget` come from
// ForgeLLM's domain mixture and hybrid mixture. Only numbers of rows come in, so a plan and a run cannot disagree.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "forgelm/config/sections/data.hpp"
#include "forgelm/data/split.hpp"

namespace forgelm::data {

/// How many rows of each data set a mixture takes; `num_rows`: what each has, the primary one first. Without
/// `data.mix_ratio` all of them. With it, w being the weights (none negative) and n the numbers of rows:
///   weights  min(int(max(n) * (w_i / sum(w))), n_i); a single data set is taken whole
///   anchor   all of the first one; of the others min(int(n_0 * w_i / w_0), n_i)
///   budget   min(int(max_train_examples * (w_i / sum(w))), n_i)
/// ConfigError when the numbers of weights and data sets differ, an anchor's weight is 0 or a budget is missing.
std::vector<std::uint64_t> mixed_counts(const config::DataSection& data, std::span<const std::uint64_t> num_rows);

/// The rows of the mixture, one data set after the other. A data set of a mixture with weights is shuffled before its
/// first rows are taken, even when all are; an anchor, and every data set without weights, keeps its order.
RowOrder mixed_rows(const config::DataSection& data, std::span<const std::uint64_t> num_rows, std::uint64_t seed);

/// The rows to train on and those to evaluate on. `holds_out`: the job evaluates on a part of these rows (auto, and the
/// primary data set brings no split for it); otherwise `eval` is empty. Trains on the first data.max_train_examples of
/// the final order; ConfigError when fewer than data.min_examples are left.
SplitRows select_rows(const config::DataSection& data, std::span<const std::uint64_t> num_rows, bool holds_out,
                      std::uint64_t seed);

}  // namespace forgelm::data
