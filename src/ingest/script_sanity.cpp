#include "script_sanity.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "forgelm/core/text.hpp"
#include "forgelm/text/characters.hpp"
#include "glyph_profile.hpp"

namespace forgelm::ingest {
namespace {

constexpr std::size_t kMaxOffenders = 8;

struct Language {
  std::string_view code;
  std::u32string_view letters;  ///< beside ASCII and general punctuation
};

constexpr std::array<Language, 7> kLanguages = {{
    {"de", U"\u00C4\u00E4\u00D6\u00F6\u00DC\u00FC\u00DF"},
    {"en", U"\u00E9\u00C9\u00E8\u00EB\u00EF\u00F4\u00E7\u00E0\u00E2\u00E4\u00F6\u00FC\u00F1"},
    {"es", U"\u00E1\u00E9\u00ED\u00F3\u00FA\u00F1\u00FC\u00C1\u00C9\u00CD\u00D3\u00DA\u00D1\u00DC\u00A1\u00BF"},
    {"fr",
     U"\u00E0\u00E2\u00E4\u00E7\u00E9\u00E8\u00EA\u00EB\u00EE\u00EF\u00F4\u00F6\u00F9\u00FB\u00FC\u00FF"
     U"\u00C0\u00C2\u00C4\u00C7\u00C9\u00C8\u00CA\u00CB\u00CE\u00CF\u00D4\u00D6\u00D9\u00DB\u00DC\u0178"},
    {"it", U"\u00E0\u00E8\u00E9\u00EC\u00ED\u00F2\u00F3\u00F9\u00C0\u00C8\u00C9\u00CC\u00CD\u00D2\u00D3\u00D9"},
    {"pt",
     U"\u00E1\u00E0\u00E2\u00E3\u00E7\u00E9\u00EA\u00ED\u00F3\u00F4\u00F5\u00FA"
     U"\u00C1\u00C0\u00C2\u00C3\u00C7\u00C9\u00CA\u00CD\u00D3\u00D4\u00D5\u00DA"},
    {"tr",
     U"\u00C7\u00E7\u00D6\u00F6\u00DC\u00FC\u011E\u011F\u0130\u0131\u015E\u015F\u00C2\u00E2\u00CE\u00EE\u00DB\u00FB"},
}};

/// ASCII, no-break space, guillemets, and general punctuation: right in every language.
bool is_universal(char32_t c) {
  return (c >= 0x20 && c <= 0x7E) || (c >= '\t' && c <= '\r') || c == 0xA0 || c == 0xAB || c == 0xBB ||
         (c >= 0x2000 && c <= 0x206F);
}

bool is_private_or_mandaic(char32_t c) {
  return (c >= 0xE000 && c <= 0xF8FF) || (c >= 0xF0000 && c <= 0xFFFFD) || (c >= 0x100000 && c <= 0x10FFFD) ||
         (c >= 0x840 && c <= 0x85F);
}

using Count = std::pair<char32_t, std::size_t>;

/// By the three most frequent ones. The reference's words.
std::string cause_of(const std::vector<Count>& offenders) {
  const auto first = offenders.begin();
  const auto last = first + static_cast<std::ptrdiff_t>(std::min<std::size_t>(offenders.size(), 3));
  const auto count = [&](auto is_such) {
    return std::count_if(first, last, [&](const Count& offender) { return is_such(offender.first); });
  };
  if (count([](char32_t c) { return c == kReplacementCharacter; }) > 0)
    return "mojibake (replacement chars U+FFFD dominate)";
  if (count([](char32_t c) { return c >= 0x80 && c <= 0xFF; }) >= 2) return "pypdf font fallback (Latin-1 substitutes)";
  if (count(is_private_or_mandaic) > 0) return "custom glyph / private-use block";
  return "";
}

}  // namespace

const std::vector<std::string>& script_languages() {
  static const std::vector<std::string> codes = [] {
    std::vector<std::string> all;
    for (const Language& language : kLanguages) all.emplace_back(language.code);
    return all;
  }();
  return codes;
}

ScriptReport check_script(std::string_view text, std::string_view language, double threshold, bool profile_is_turkish) {
  ScriptReport report;
  const auto known =
      std::find_if(kLanguages.begin(), kLanguages.end(), [&](const Language& entry) { return entry.code == language; });
  if (known == kLanguages.end()) return report;
  std::size_t total = 0;
  std::map<char32_t, std::size_t> places;  // in `counts`, which is in order of first appearance
  std::vector<Count> counts;
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCodePoint point = decode_utf8(text, at);
    at += point.num_bytes;
    if (text::is_space(point.value)) continue;
    ++total;
    if (is_universal(point.value) || known->letters.find(point.value) != std::u32string_view::npos) continue;
    if (profile_is_turkish && is_of_turkish_profile(point.value)) continue;
    const auto [place, is_new] = places.emplace(point.value, counts.size());
    if (is_new) counts.emplace_back(point.value, 0);
    ++counts[place->second].second;
    ++report.num_foreign;
  }
  if (total == 0) return report;
  report.ratio = static_cast<double>(report.num_foreign) / static_cast<double>(total);
  report.is_triggered = report.ratio > threshold;
  std::stable_sort(counts.begin(), counts.end(), [](const Count& a, const Count& b) { return a.second > b.second; });
  if (counts.size() > kMaxOffenders) counts.resize(kMaxOffenders);
  for (const auto& [code_point, count] : counts) {
    std::string glyph;
    append_utf8(glyph, code_point);
    report.offenders.emplace_back(std::move(glyph), count);
  }
  report.cause = cause_of(counts);
  return report;
}

}  // namespace forgelm::ingest
