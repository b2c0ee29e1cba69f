// `training.sample_prompts`: what the model answers to a few prompts while it learns.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/nn/decoder.hpp"
#include "forgelm/config/job.hpp"
#include "forgelm/data/model_text.hpp"

namespace forgelm::engine {

struct Sample {
  std::string prompt;
  std::string text;
};

/// Each prompt as a user's turn in the model's chat template, continued greedily to the end of the turn or by 64
/// tokens. Nothing when `wants_stop`, which is asked before each token, ended it.
std::optional<std::vector<Sample>> answer_prompts(DecoderModel& model, const data::ModelText& text,
                                                  const config::JobConfig& job,
                                                  const std::function<bool()>& wants_stop);

}  // namespace forgelm::engine
