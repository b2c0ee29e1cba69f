// Whether a text is written in the letters of its language: damaged PDF fonts and wrong encodings give text that reads
// well as UTF-8 and is full of foreign glyphs. Languages and their letters are the reference's; for another language
// nothing is checked.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace forgelm::ingest {

struct ScriptReport {
  double ratio = 0;  ///< of characters foreign to the language among those that are not white space
  std::size_t num_foreign = 0;
  bool is_triggered = false;                                   ///< the ratio is above the threshold
  std::vector<std::pair<std::string, std::size_t>> offenders;  ///< the most frequent foreign ones, 8 at most
  std::string cause;                                           ///< what they look like; may be empty
};

/// The codes of the languages that are known, sorted.
const std::vector<std::string>& script_languages();

/// `profile_is_turkish`: what the glyph profile puts in counts as right.
ScriptReport check_script(std::string_view text, std::string_view language, double threshold, bool profile_is_turkish);

}  // namespace forgelm::ingest
