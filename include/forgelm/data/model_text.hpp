// The text side of a job's model: its tokenizer and its chat template.
#pragma once

#include <memory>

#include "forgelm/config/job.hpp"
#include "forgelm/text/chat_template.hpp"
#include "forgelm/text/tokenizer.hpp"

namespace forgelm::data {

struct ModelText {
  std::shared_ptr<const text::Tokenizer> tokenizer;
  std::shared_ptr<const text::ChatTemplate> chat_template;
};

/// Reads the tokenizer in the folder `model.name_or_path` (of an adapter folder without one: in that of its base
/// model), and chooses the template by `model.chat_template`. ConfigError when there is no such folder, or no tokenizer
/// in it.
ModelText load_model_text(const config::ModelSection& model);

}  // namespace forgelm::data
