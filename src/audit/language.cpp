// ExtDetectLanguageSummary, since CLD2's simple call answers English where it
// does not know.
#include "language.hpp"

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>

#include "forgelm/core/text.hpp"

namespace forgelm::audit {

std::string language_of(std::string_view text) {
  if (num_code_points(text) < 20) return "unknown";
  CLD2::CLDHints hints = {nullptr, nullptr, CLD2::UNKNOWN_ENCODING, CLD2::UNKNOWN_LANGUAGE};
  CLD2::Language languages[3];
  int percents[3];
  double scores[3];
  int num_bytes = 0;
  bool is_reliable = false;
  const CLD2::Language language =
      CLD2::ExtDetectLanguageSummary(text.data(), static_cast<int>(text.size()), true, &hints, 0, languages, percents,
                                     scores, nullptr, &num_bytes, &is_reliable);
  return language == CLD2::UNKNOWN_LANGUAGE ? "unknown" : CLD2::LanguageCode(language);
}

}  // namespace forgelm::audit
