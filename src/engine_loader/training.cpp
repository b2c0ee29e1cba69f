// The torch-free half of the training facade: what both sides of the wall must share as one type.
#include "forgelm/engine/training.hpp"

#include "forgelm/engine/engine.hpp"

namespace forgelm::engine {

TrainingObserver::~TrainingObserver() = default;
TrainingSession::~TrainingSession() = default;

const char* to_string(StopReason reason) noexcept {
  switch (reason) {
    case StopReason::finished: return "finished";
    case StopReason::early_stopping: return "early_stopping";
    case StopReason::overfitting: return "overfitting";
    case StopReason::interrupted: return "interrupted";
  }
  return "unknown";
}

std::unique_ptr<TrainingSession> open_training(TrainingRequest request) {
  return engine().open_training(std::move(request));
}

}  // namespace forgelm::engine
