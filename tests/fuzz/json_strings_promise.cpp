#include "fuzz/json_strings_promise.hpp"

#include <functional>
#include <vector>

#include "audit/json_line.hpp"
#include "audit/json_strings.hpp"
#include "audit/row_fixer.hpp"
#include "audit/row_text.hpp"
#include "forgelm/core/secret_shapes.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::test {
namespace {

using namespace audit;
using simdjson::dom::element;
using simdjson::dom::element_type;

struct Found {
  JsonString at;
  std::string text;
};

std::string_view bytes_of(const JsonString& string, std::string_view line) {
  return line.substr(string.begin, string.end - string.begin);
}

std::vector<Found> strings_of(std::string_view line) {
  std::vector<Found> all;
  for_each_json_string(line, [&](const JsonString& string) {
    all.push_back({string, decode_json_string(bytes_of(string, line))});
  });
  return all;
}

std::string broken_places(const std::vector<Found>& strings, std::string_view line) {
  std::size_t before = 0;
  for (const Found& found : strings) {
    if (found.at.begin <= before && before != 0) return "strings are not in order";
    if (found.at.end < found.at.begin || found.at.end > line.size()) return "a string does not lie in the line";
    if (line[found.at.begin - 1] != '"') return "a string does not begin behind a quote";
    if (found.at.end < line.size() && line[found.at.end] != '"') return "a string does not end at a quote";
    if (!is_valid_utf8(found.text)) return "the text of a string is not UTF-8";
    before = found.at.end;
  }
  return "";
}

/// Where the characters of `text` begin, and its end.
std::vector<std::size_t> boundaries(std::string_view text) {
  std::vector<std::size_t> all;
  for (std::size_t at = 0; at < text.size(); at += decode_utf8(text, at).num_bytes) all.push_back(at);
  all.push_back(text.size());
  return all;
}

constexpr std::string_view kMask = "[*]";

/// Characters `from` to `to` of a string masked in its bytes are masked in its text, and nothing else. Where the line
/// is no JSON, its last string may end within an escape, and nothing is masked.
std::string broken_masking(std::string_view bytes, const std::string& text, std::size_t chosen, bool is_json) {
  const std::vector<std::size_t> places = boundaries(text);
  const std::size_t from = chosen % places.size();
  const std::size_t to = from + chosen / places.size() % (places.size() - from);
  JsonStringCursor cursor(bytes);
  const std::size_t begin = cursor.offset_of(places[from]), end = cursor.offset_of(places[to]);
  if (begin > end || end > bytes.size()) return "a character stands outside of its string";
  if (from == 0 && begin != 0) return "the first character does not stand at the begin";
  if (places[to] == text.size() && end != bytes.size()) return "the text does not end where its bytes do";
  if (!is_json) return "";
  const std::string masked = cat(bytes.substr(0, begin), kMask, bytes.substr(end));
  if (decode_json_string(masked) != cat(text.substr(0, places[from]), kMask, text.substr(places[to])))
    return "what is masked in the bytes is not what is masked in the text";
  return "";
}

bool is_number(const element& value) {
  return value.type() == element_type::INT64 || value.type() == element_type::UINT64 ||
         value.type() == element_type::DOUBLE;
}

/// Compares two documents; of strings, in order, `is_same` says whether they may stand for one another. Where one of
/// them was read in the way that takes what only Python takes, numbers are 0 and compared as such.
class Comparison {
 public:
  using IsSame = std::function<bool(std::size_t, std::string_view, std::string_view)>;
  explicit Comparison(IsSame is_same) : is_same_(std::move(is_same)) {}

  bool operator()(const JsonLine& a, const JsonLine& b) {
    has_numbers_ = a.is_repaired == b.is_repaired;
    return (*this)(a.value, b.value);
  }

 private:
  bool operator()(const element& a, const element& b) {
    if (!has_numbers_ && is_number(a)) return is_number(b);
    if (a.type() != b.type()) return false;
    switch (a.type()) {
      case element_type::STRING: return is_same_(num_strings_++, std::string_view(a), std::string_view(b));
      case element_type::ARRAY: {
        const simdjson::dom::array left(a), right(b);
        if (left.size() != right.size()) return false;
        auto other = right.begin();
        for (const element item : left) {
          if (!(*this)(item, *other)) return false;
          ++other;
        }
        return true;
      }
      case element_type::OBJECT: {
        const simdjson::dom::object left(a), right(b);
        if (left.size() != right.size()) return false;
        auto other = right.begin();
        for (const auto field : left) {
          if (field.key != other.key() || !(*this)(field.value, other.value())) return false;
          ++other;
        }
        return true;
      }
      default: return simdjson::minify(a) == simdjson::minify(b);
    }
  }

  IsSame is_same_;
  bool has_numbers_ = true;
  std::size_t num_strings_ = 0;
};

std::string broken_replacement(const std::vector<Found>& strings, const JsonLine& read, std::string_view line,
                               std::size_t chosen) {
  const auto is_chosen = [&](std::size_t i) { return strings.size() < 2 || (chosen >> (i % 48) & 1U) != 0; };
  std::string replaced;
  std::size_t done = 0;
  for (std::size_t i = 0; i < strings.size(); ++i) {
    if (!is_chosen(i)) continue;
    replaced.append(line, done, strings[i].at.begin - done).append(kMask);
    done = strings[i].at.end;
  }
  replaced.append(line, done);
  static JsonLineReader reader;
  const JsonLine again = reader.read(replaced, 0);
  if (again.state != LineState::row) return "with other strings the line is none";
  Comparison comparison([&](std::size_t i, std::string_view before, std::string_view after) {
    return i < strings.size() && before == strings[i].text && after == (is_chosen(i) ? kMask : before);
  });
  return comparison(read, again) ? "" : "with other strings the document differs elsewhere";
}

/// What `--fix` makes of the line, all that is found masked: the same document but for strings that hold a mask, and a
/// second pass changes nothing.
std::string broken_fix(std::string_view line) {
  static const FixRules rules = [] {
    FixRules made;
    for (const char* rule : {"secrets=mask", "pii=mask", "encoding=mask", "unreadable=drop"}) made.set(rule);
    return made;
  }();
  static RowFixer fixer(rules, ScanEngine::best);
  const FixedRow fixed = fixer.fix(line, 0);
  if (fixed.is_blank || fixed.drop.is_dropped() || !fixed.changed) return "";
  if (!is_valid_utf8(*fixed.changed)) return "a cleaned line is not UTF-8";
  static JsonLineReader before, after;
  const JsonLine read = before.read(line, 0), again = after.read(*fixed.changed, 0);
  if (again.state != LineState::row) return "a cleaned line is none";
  Comparison comparison([](std::size_t, std::string_view was, std::string_view is) {
    return was == is || is.find(kPiiMask) != std::string_view::npos || is.find(kSecretMask) != std::string_view::npos;
  });
  if (!comparison(read, again)) return "a cleaned line is another document";
  return fixer.fix(*fixed.changed, 0).changed ? "a line cleaned twice changes once more" : "";
}

}  // namespace

std::string broken_json_strings_promise(std::string_view line) {
  const std::vector<Found> strings = strings_of(line);
  if (auto broken = broken_places(strings, line); !broken.empty()) return broken;
  const std::size_t chosen = std::hash<std::string_view>()(line);
  static JsonLineReader reader;
  const JsonLine read = reader.read(line, 0);
  const bool is_json = read.state == LineState::row;
  for (std::size_t i = 0; i < strings.size(); ++i)
    if (auto broken = broken_masking(bytes_of(strings[i].at, line), strings[i].text, chosen >> (i % 16), is_json);
        !broken.empty())
      return broken;
  if (!is_json) return "";
  std::size_t num_values = 0;
  bool are_same = true;
  std::string path;
  for_each_string(read.value, path, [&](const std::string& place, std::string_view text) {
    are_same = are_same && num_values < strings.size() && strings[num_values].at.path == place &&
               strings[num_values].text == text;
    ++num_values;
  });
  if (!are_same || num_values != strings.size()) return "the strings are not those of the document";
  if (auto broken = broken_replacement(strings, read, line, chosen); !broken.empty()) return broken;
  return broken_fix(line);
}

}  // namespace forgelm::test
