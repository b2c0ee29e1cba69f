// The loss on the evaluation set: the same objective without anything random, each token counting once. It does not
// depend on how the set is cut into batches beyond the rounding of float32.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/nn/decoder.hpp"
#include "engine/objectives/objective.hpp"
#include "engine/training/ranks.hpp"
#include "forgelm/data/batches.hpp"

namespace forgelm::engine {

struct EvaluationSet {
  std::shared_ptr<const data::ExampleList> examples;
  std::uint64_t num_examples = 0;  ///< from the start of the list; 0: there is no evaluation
};

/// The first `fraction` of the examples, at least one where there are any.
EvaluationSet evaluation_set(std::shared_ptr<const data::ExampleList> examples, double fraction);

struct Evaluation {
  double loss = 0;
  std::uint64_t num_learnt_tokens = 0;
  std::vector<std::pair<std::string, double>> metrics;
};

/// Nothing when `wants_stop`, which is asked between batches, ended it. RunError(data) when the set has nothing to
/// learn.
std::optional<Evaluation> evaluate(DecoderModel& model, Objective& objective, const EvaluationSet& set,
                                   std::int64_t batch_size, Ranks& ranks, const std::function<bool()>& wants_stop);

}  // namespace forgelm::engine
