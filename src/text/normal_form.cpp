// Decomposition and canonical order per run of marks, then composition: Unicode 15.3's algorithm in the form that the
// reference has it, which fixes what each resulting code point replaces.
#include "normal_form.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <unordered_map>

namespace forgelm::text {
namespace {

constexpr char32_t kHangulBase = 0xAC00;
constexpr char32_t kLeadBase = 0x1100;
constexpr char32_t kVowelBase = 0x1161;
constexpr char32_t kTrailBase = 0x11A7;
constexpr char32_t kNumLeads = 19;
constexpr char32_t kNumVowels = 21;
constexpr char32_t kNumTrails = 28;
constexpr char32_t kNumSyllables = kNumLeads * kNumVowels * kNumTrails;
constexpr int kMaxDecomposition = 32;  // U+FDFA has 18
constexpr char32_t kLastWithMappings = 0x30000;

struct Parts {
  char32_t code_points[kMaxDecomposition];
  int num = 0;
};

Parts decompose(char32_t c, bool is_compatible) {
  Parts parts;
  if (c >= kHangulBase && c < kHangulBase + kNumSyllables) {
    const char32_t index = c - kHangulBase;
    parts.code_points[parts.num++] = kLeadBase + index / (kNumVowels * kNumTrails);
    parts.code_points[parts.num++] = kVowelBase + index % (kNumVowels * kNumTrails) / kNumTrails;
    if (index % kNumTrails != 0) parts.code_points[parts.num++] = kTrailBase + index % kNumTrails;
    return parts;
  }
  utf8proc_int32_t found[kMaxDecomposition];
  int last_class = 0;
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | (is_compatible ? UTF8PROC_COMPAT : 0));
  const auto num =
      utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), found, kMaxDecomposition, options, &last_class);
  if (num < 1 || num > kMaxDecomposition) {
    parts.code_points[parts.num++] = c;
    return parts;
  }
  for (int i = 0; i < num; ++i) parts.code_points[parts.num++] = static_cast<char32_t>(found[i]);
  return parts;
}

std::uint64_t pair_key(char32_t first, char32_t second) { return std::uint64_t{first} << 32 | second; }

/// What composes, and which code points a text in form C may hold without a closer look.
struct Compositions {
  std::unordered_map<std::uint64_t, char32_t> pairs;
  std::vector<bool> is_plain_nfc, is_plain_nfkc;

  Compositions() : is_plain_nfc(kLastWithMappings, true), is_plain_nfkc(kLastWithMappings, true) {
    const CharClasses classes;
    std::vector<std::pair<char32_t, Parts>> composed;
    for (char32_t c = 0x80; c < kLastWithMappings; ++c) {
      if (c >= 0xD800 && c < 0xE000) continue;
      const auto* property = utf8proc_get_property(static_cast<utf8proc_int32_t>(c));
      const bool is_inert = classes.has(c, char_flag::kInert);
      const bool is_starter = property->combining_class == 0 || is_inert;
      if (!is_starter) is_plain_nfc[c] = is_plain_nfkc[c] = false;
      if (property->decomp_seqindex == UINT16_MAX || is_inert) continue;
      is_plain_nfkc[c] = false;
      if (property->decomp_type != 0) continue;
      const Parts parts = decompose(c, false);
      // Excluded besides the listed ones: what begins with a mark when it is taken apart (U+0F73, U+0F75, U+0F81).
      const bool begins_with_mark =
          utf8proc_get_property(static_cast<utf8proc_int32_t>(parts.code_points[0]))->combining_class != 0;
      if (parts.num >= 2 && property->comp_exclusion == 0 && property->combining_class == 0 && !begins_with_mark)
        composed.emplace_back(c, parts);
      else is_plain_nfc[c] = false;
    }
    // Pairs nest on the left: one more part means one more composition.
    std::stable_sort(composed.begin(), composed.end(),
                     [](const auto& a, const auto& b) { return a.second.num < b.second.num; });
    for (const auto& [c, parts] : composed) {
      char32_t left = parts.code_points[0];
      for (int i = 1; i + 1 < parts.num; ++i) {
        const auto found = pairs.find(pair_key(left, parts.code_points[i]));
        left = found == pairs.end() ? 0 : found->second;
      }
      const char32_t right = parts.code_points[parts.num - 1];
      // A pair that is taken already belongs to the letter that this one is only another name of (U+212B of U+00C5).
      if (left == 0 || !pairs.emplace(pair_key(left, right), c).second) {
        is_plain_nfc[c] = false;
        continue;
      }
      is_plain_nfc[right] = is_plain_nfkc[right] = false;
      const Parts compatible = decompose(c, true);
      is_plain_nfkc[c] = is_plain_nfc[c] && std::equal(parts.code_points, parts.code_points + parts.num,
                                                       compatible.code_points, compatible.code_points + compatible.num);
    }
    for (char32_t c = kVowelBase; c < kTrailBase + kNumTrails; ++c) is_plain_nfc[c] = is_plain_nfkc[c] = false;
  }

  char32_t compose(char32_t first, char32_t second) const {
    if (first >= kLeadBase && first < kLeadBase + kNumLeads && second >= kVowelBase && second < kVowelBase + kNumVowels)
      return kHangulBase + ((first - kLeadBase) * kNumVowels + (second - kVowelBase)) * kNumTrails;
    if (first >= kHangulBase && first < kHangulBase + kNumSyllables && (first - kHangulBase) % kNumTrails == 0 &&
        second > kTrailBase && second < kTrailBase + kNumTrails)
      return first + (second - kTrailBase);
    const auto found = pairs.find(pair_key(first, second));
    return found == pairs.end() ? 0 : found->second;
  }
};

const Compositions& compositions() {
  static const Compositions all;
  return all;
}

int combining_class(const CharClasses& classes, char32_t c) {
  if (c < 0x300 || classes.has(c, char_flag::kInert)) return 0;
  return utf8proc_get_property(static_cast<utf8proc_int32_t>(c))->combining_class;
}

struct Step {
  Rewrite rewrite;
  int combining_class;
};

void append_decomposed(std::string_view text, bool is_compatible, std::vector<Step>& out) {
  const CharClasses classes;
  std::size_t first_unsorted = out.size();
  const auto sort_marks = [&] {
    if (out.size() - first_unsorted > 1)
      std::stable_sort(out.begin() + static_cast<std::ptrdiff_t>(first_unsorted), out.end(),
                       [](const Step& a, const Step& b) { return a.combining_class < b.combining_class; });
    first_unsorted = out.size();
  };
  const auto push = [&](char32_t c, int change) {
    const int its_class = combining_class(classes, c);
    if (its_class == 0) sort_marks();
    out.push_back({{c, change}, its_class});
    if (its_class == 0) first_unsorted = out.size();
  };
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_code_point(text.data(), at);
    if (c < 0x80 || classes.has(c, char_flag::kInert)) {
      push(c, 0);
      continue;
    }
    const Parts parts = decompose(c, is_compatible);
    for (int i = 0; i < parts.num; ++i) push(parts.code_points[i], i == 0 ? 0 : 1);
  }
  sort_marks();
}

}  // namespace

bool is_surely_normal(NormalForm form, std::string_view text) {
  if (form == NormalForm::nfd || form == NormalForm::nfkd) return is_ascii(text);
  const Compositions* all = nullptr;
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    if (all == nullptr) all = &compositions();
    const char32_t c = next_code_point(text.data(), at);
    if (c < kLastWithMappings && !(form == NormalForm::nfc ? all->is_plain_nfc : all->is_plain_nfkc)[c]) return false;
  }
  return true;
}

void rewrite_to_normal_form(NormalForm form, std::string_view text, std::vector<Rewrite>& out) {
  std::vector<Step> steps;
  steps.reserve(text.size());
  append_decomposed(text, form == NormalForm::nfkc || form == NormalForm::nfkd, steps);
  if (form == NormalForm::nfd || form == NormalForm::nfkd) {
    for (const Step& step : steps) out.push_back(step.rewrite);
    return;
  }
  const Compositions& all = compositions();
  // `starter` is the place in `out` of what marks may still join; marks between wait behind it.
  std::size_t starter = 0;
  bool has_starter = false;
  int last_class = -1;  // of the mark before; -1: none since the starter
  for (const Step& step : steps) {
    const Rewrite& next = step.rewrite;
    if (has_starter && (last_class < 0 || last_class < step.combining_class)) {
      if (const char32_t joined = all.compose(out[starter].code_point, next.code_point); joined != 0) {
        out[starter].code_point = joined;
        out[starter].change += next.change - 1;
        continue;
      }
    }
    if (step.combining_class == 0) {
      starter = out.size();
      has_starter = true;
      last_class = -1;
    } else if (has_starter) {
      last_class = step.combining_class;
    }
    out.push_back(next);
  }
}

}  // namespace forgelm::text
