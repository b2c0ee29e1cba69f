#include "fuzz/pattern_promise.hpp"

#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "forgelm/audit/pattern_scan.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "ingest/line_pattern.hpp"

namespace forgelm::test {
namespace {

using ingest::LinePattern;

bool is_boundary(std::string_view text, std::size_t at) { return at == text.size() || begins_character(text[at]); }

std::string broken_words(const std::string& message) {
  return message.empty() || !is_valid_utf8(message) ? "a refusal without words in UTF-8" : "";
}

/// Places are in order, apart, between characters.
std::string broken_places(std::string_view text, const std::vector<LinePattern::Found>& found) {
  std::size_t before = 0;
  for (const auto& [begin, end] : found) {
    if (begin < before || end < begin || end > text.size()) return "matches are not in order within the text";
    if (!is_boundary(text, begin) || !is_boundary(text, end)) return "a match cuts a character";
    before = end;
  }
  return "";
}

std::string broken_stripping(LinePattern pattern, const std::string& text) {
  const auto found = pattern.find_all(text, std::nullopt);
  if (!found) return "";  // it took too many steps
  if (auto broken = broken_places(text, *found); !broken.empty()) return broken;
  std::string expected;
  std::size_t done = 0;
  for (const auto& [begin, end] : *found) {
    expected.append(text, done, begin - done);
    done = end;
  }
  expected.append(text, done);
  ingest::Document document{text, {{0, 1}, {text.size() / 2, 2}}, {{text.size(), 1, "x"}}};
  std::vector<LinePattern> patterns;
  patterns.push_back(std::move(pattern));
  const ingest::StripResult result = ingest::strip_patterns(document, patterns, false);
  if (!text.empty() && result.num_taken_out != found->size()) return "matches are counted wrongly";
  if (document.text != expected) return "the text is not what the matches leave";
  for (const auto& page : document.pages)
    if (page.at > document.text.size()) return "a page stands outside of the text";
  if (document.headings[0].at != document.text.size()) return "the end of the text moved elsewhere";
  return is_valid_utf8(document.text) ? "" : "the text is not UTF-8";
}

}  // namespace

std::string broken_strip_pattern_promise(std::string_view bytes) {
  const std::size_t end = bytes.find('\0');
  const std::string expression(bytes.substr(0, end));
  const std::string text = to_valid_utf8(end == std::string_view::npos ? "" : bytes.substr(end + 1));
  try {
    LinePattern::Options options;
    options.ignores_case = !text.empty() && text.front() == 'I';
    // Fewer steps than people get, but for one input in 32, for more inputs.
    if (std::hash<std::string_view>()(bytes) % 32 != 0) options.max_steps = 1000;
    LinePattern pattern(expression, options);
    if (const auto at_start = pattern.match_at_start(text))
      if (auto broken = broken_places(text, {*at_start}); !broken.empty()) return broken;
    return broken_stripping(std::move(pattern), text);
  } catch (const Error& error) {
    return broken_words(error.what());
  }
}

std::string broken_pattern_scan_promise(std::string_view bytes) {
  const std::string text = to_valid_utf8(bytes);
  static const audit::PatternScanner portable(audit::ScanEngine::portable), best(audit::ScanEngine::best);
  const std::vector<audit::Match> found = portable.scan(text);
  if (best.scan(text) != found) return "Hyperscan and the portable scanner do not find the same";
  std::map<std::uint16_t, std::size_t> ends;
  std::size_t before = 0;
  for (const audit::Match& match : found) {
    if (match.begin < before || match.begin < ends[match.kind] || match.end <= match.begin || match.end > text.size())
      return "matches are not in order within the text";
    if (!is_boundary(text, match.begin) || !is_boundary(text, match.end)) return "a match cuts a character";
    before = match.begin;
    ends[match.kind] = match.end;
    if (audit::find_kind(audit::all_kinds()[match.kind].name) != match.kind) return "a kind has another's name";
    if (!is_valid_utf8(audit::masked_excerpt(text, match))) return "an excerpt is not UTF-8";
  }
  std::size_t end = 0;
  for (const audit::Match& match : audit::without_overlaps(found)) {
    if (match.begin < end) return "matches overlap that are not to";
    end = match.end;
  }
  if (found.empty())
    return audit::mask_pii(audit::mask_secrets(text)) == text ? "" : "a text without matches is masked";
  return is_valid_utf8(audit::mask_pii(audit::mask_secrets(text))) ? "" : "the masked text is not UTF-8";
}

}  // namespace forgelm::test
