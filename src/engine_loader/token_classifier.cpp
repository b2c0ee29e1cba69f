// The torch-free half of token classification.
#include "forgelm/engine/token_classifier.hpp"

#include "forgelm/engine/engine.hpp"

namespace forgelm::engine {

TokenClassifier::~TokenClassifier() = default;

std::unique_ptr<TokenClassifier> open_token_classifier(const TokenClassifierRequest& request) {
  return engine().open_token_classifier(request);
}

}  // namespace forgelm::engine
