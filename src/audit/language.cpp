// First the commonest words, then ExtDetectLanguageSummary, since CLD2's simple call answers English where it does
// not know. Its time goes with the bytes, so that a text whose two ends are surely of one language is not read whole.
#include "language.hpp"

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>

#include "byte_set.hpp"
#include "forgelm/core/text.hpp"
#include "function_words.hpp"

namespace forgelm::audit {

namespace {

struct Answer {
  CLD2::Language language = CLD2::UNKNOWN_LANGUAGE;
  bool is_reliable = false;
};

Answer ask(std::string_view text) {
  CLD2::CLDHints hints = {nullptr, nullptr, CLD2::UNKNOWN_ENCODING, CLD2::UNKNOWN_LANGUAGE};
  CLD2::Language languages[3];
  int percents[3];
  double scores[3];
  int num_bytes = 0;
  Answer answer;
  answer.language =
      CLD2::ExtDetectLanguageSummary(text.data(), static_cast<int>(text.size()), true, &hints, 0, languages, percents,
                                     scores, nullptr, &num_bytes, &answer.is_reliable);
  return answer;
}

}  // namespace

std::string language_of(std::string_view text) {
  constexpr std::size_t kEndBytes = 112;
  constexpr std::size_t kFewestCharacters = 20;
  if (text.size() < 4 * kFewestCharacters && num_code_points(text) < kFewestCharacters) return "unknown";
  if (const std::string_view sure = language_by_function_words(text); !sure.empty()) return std::string(sure);
  Answer answer;
  if (text.size() > 3 * kEndBytes) {
    std::size_t head = kEndBytes, tail = text.size() - kEndBytes;
    while (!begins_character(text[head])) --head;
    while (!begins_character(text[tail])) --tail;
    answer = ask(text.substr(0, head));
    const bool may_agree = answer.is_reliable && answer.language != CLD2::UNKNOWN_LANGUAGE;
    const Answer end = may_agree ? ask(text.substr(tail)) : Answer();
    if (!end.is_reliable || end.language != answer.language) answer = ask(text);
  } else {
    answer = ask(text);
  }
  return answer.language == CLD2::UNKNOWN_LANGUAGE ? "unknown" : CLD2::LanguageCode(answer.language);
}

}  // namespace forgelm::audit
