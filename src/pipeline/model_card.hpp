// README.md of the final model: what it is, what it was made from and how it came out, in the form that the Hugging
// Face Hub shows. Secrets are masked as in every dump of a job.
#pragma once

#include <string>

#include "forgelm/config/emit.hpp"
#include "forgelm/config/load.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::pipeline {

struct ModelCard {
  const config::LoadedJob& loaded;
  const Json& record;      ///< forgelm_run.json
  bool is_adapter = true;  ///< false: a whole model
};

std::string model_card(const ModelCard& card);

using config::to_yaml;

}  // namespace forgelm::pipeline
