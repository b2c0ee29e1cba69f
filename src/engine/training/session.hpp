// The way into training from the facade.
#pragma once

#include <memory>

#include "forgelm/engine/training.hpp"

namespace forgelm::engine {

/// forgelm/engine/training.hpp has the contract of open_training(); `device` is ready for use.
std::unique_ptr<TrainingSession> make_training_session(TrainingRequest request, const Device& device);

}  // namespace forgelm::engine
