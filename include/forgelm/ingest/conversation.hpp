// Conversations in texts: lines that begin with a participant's mark ("**User**:", "Human:") begin a turn, which lasts
// to the next mark. What a mark looks like is given by role, as plain texts or regular expressions, or by a preset.
// Rule: a mark is tried as a plain text first, at the start of a line; it is a regular expression only where "re:"
// stands before it or all are said to be. So "**User**:" means what it says, which as an expression would be none.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/choices.hpp"

namespace forgelm::ingest {

FORGELM_CHOICES(Role, system, user, assistant)

/// default_: what is written most, bold or plain names; markdown_bold: "**User**:"; human_ai: "Human:" and "AI:";
/// chatml: <|im_start|>role ... <|im_end|>; xml: <message from="user">...</message>.
FORGELM_CHOICES_HYPHENATED(RolePreset, default_, markdown_bold, human_ai, chatml, xml)

struct Participant {
  Role role = Role::user;
  std::string mark;  ///< with "re:" before it: a regular expression
};

/// Which conversations become rows. Lengths are code points; 0: no bound.
struct ConversationQuality {
  std::int64_t min_turns = 2;
  std::int64_t max_turns = 0;
  std::int64_t min_turn_chars = 1;
  std::int64_t max_turn_chars = 0;
  bool requires_answer = true;  ///< ends with an assistant's turn; later turns are cut off, and without one it goes
};

struct ConversationOptions {
  std::vector<RolePreset> presets;        ///< neither presets nor participants: default_
  std::vector<Participant> participants;  ///< beside the presets
  bool uses_regex = false;                ///< marks are regular expressions too, when they are not found as they stand
  bool is_case_sensitive = false;
  std::string system_prompt;  ///< for conversations without one
  std::string separator;      ///< a line that is this ends a conversation; empty: a file is one
  ConversationQuality quality;
};

/// "user=**User**:" as on the command line. ConfigError when it is not so, or the role is none.
Participant parse_participant(std::string_view text);

/// Reads the mapping `ingest` of a YAML file into `options`: participants {role: [marks]}, use_regex, case_sensitive,
/// role_preset, system_prompt, separator, quality {min_turns, max_turns, min_turn_chars, max_turn_chars,
/// requires_answer}. ConfigError with the place of what is wrong.
void read_conversation_options(const std::filesystem::path& path, ConversationOptions& options);

}  // namespace forgelm::ingest
