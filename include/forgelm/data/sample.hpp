// Sample: what one row of a data set means, whatever its columns are called. Row formats (alpaca, ShareGPT, messages,
// ...) turn rows into samples; nothing after them knows about columns. Spec: forgelm.md d.2, d.3.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "forgelm/core/json.hpp"

namespace forgelm::data {

enum class SampleKind {
  text,        ///< `text` as it stands; all of it is learnt
  chat,        ///< `messages` (and `tools`)
  completion,  ///< `prompt_text` + `completion_text`, joined as they stand; or, in message form, `messages` and then
               ///< `chosen`. The completion is learnt, the prompt is not
  preference,  ///< a prompt with a chosen and a rejected answer
  labelled,    ///< a prompt, an answer, and whether it is desirable (KTO)
  prompt,      ///< a prompt alone (GRPO, PPO), with the row's other fields for reward functions
};
const char* to_string(SampleKind kind) noexcept;

struct Sample {
  SampleKind kind = SampleKind::text;
  /// Text forms. `text`: the text; preference, labelled, prompt as plain strings: used verbatim (no template).
  std::string text;             ///< kind text
  std::string prompt_text;      ///< plain prompt
  std::string completion_text;  ///< plain completion, or the chosen answer
  std::string rejected_text;    ///< plain rejected answer
  /// Message forms: arrays of {role, content, ...}; null when the row is in text form.
  Json messages;             ///< kind chat: the whole conversation; other kinds: the prompt
  Json chosen;               ///< preference: the chosen continuation; labelled, completion: the answer
  Json rejected;             ///< preference: the rejected continuation
  Json tools;                ///< array of tool schemas or null
  bool is_desirable = true;  ///< labelled
  Json fields;               ///< prompt: what else the row holds (gold_answer, ...); otherwise null

  bool is_in_message_form() const noexcept { return !messages.is_null() || !chosen.is_null(); }
};

}  // namespace forgelm::data
