// The way into token classification from the facade.
#pragma once

#include <memory>

#include "forgelm/engine/token_classifier.hpp"

namespace forgelm::engine {

/// forgelm/engine/token_classifier.hpp has the contract of
/// open_token_classifier(); `device` is ready for use.
std::unique_ptr<TokenClassifier> make_token_classifier(const TokenClassifierRequest& request, const Device& device);

}  // namespace forgelm::engine
