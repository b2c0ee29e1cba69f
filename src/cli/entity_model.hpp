// The model behind --pii-ml: a token classifier of the tensor engine as the
// audit's EntityFinder.
#pragma once

#include <memory>

#include "forgelm/audit/entities.hpp"

namespace forgelm::cli {

class Arguments;

/// The finder that --pii-ml-model names, ready for work; nothing when names are
/// not asked for. Loads the engine. RunError(device) when --pii-ml is given
/// without a model; ConfigError for a folder that holds no named-entity model,
/// or one whose card does not name the language.
std::unique_ptr<audit::EntityFinder> open_entity_model(const Arguments& arguments);

}  // namespace forgelm::cli
