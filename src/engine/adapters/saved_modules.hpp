// Modules that an adapter trains in full (peft's modules_to_save): which weights a list of names means.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/nn/decoder.hpp"

namespace forgelm::engine {

/// peft's rule: a module whose name ends with one of `names` is saved with all that is inside it
/// ("model.layers.0.mlp.up_proj" with "mlp").
bool is_saved_module(std::string_view module, const std::vector<std::string>& names);

/// Names of all modules that hold weights, directly or inside, and of all slots; sorted.
std::vector<std::string> module_names(DecoderModel& model);

/// The head's slot and the embedding's name when both are one weight; slot.part is null when they are not.
struct TiedHead {
  LinearSlot slot;
  std::string embedding;  ///< "model.embed_tokens"
};
TiedHead find_tied_head(DecoderModel& model);

}  // namespace forgelm::engine
