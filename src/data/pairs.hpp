// Preference pairs: the prompt that two conversations or texts share, as TRL's extract_prompt finds it.
#pragma once

#include <string>
#include <string_view>

#include "row_cell.hpp"

namespace forgelm::data {

/// Fills prompt, chosen and rejected of a pair in message form from two whole conversations: the turns that they share
/// are the prompt. Where one is the start of the other, its last turn counts as an answer (an answer is never empty).
void split_conversations(const Json& chosen, const Json& rejected, Sample& pair);

/// The same for two texts: the common start is the prompt, less the space before the first difference.
void split_texts(const std::string& chosen, const std::string& rejected, Sample& pair);

/// True for a dialogue in the text form of Anthropic's hh-rlhf: "\n\nHuman: ...\n\nAssistant: ...".
bool is_dialogue(std::string_view text);
/// Its turns. Marks are "\n\nHuman:" and "\n\nAssistant:", with the one space that follows.
Json read_dialogue(std::string_view text);

}  // namespace forgelm::data
