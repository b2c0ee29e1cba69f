// Numbers are compared as their digits: text and query are reduced to digits (for an IBAN also letters), with a way
// back to the bytes they came from, and what stands left and right of a match decides whether it is a number of its
// own.
#include "forgelm/compliance/identifier_search.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "forgelm/core/error.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/pattern.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

constexpr std::size_t kMaxExcerpt = 160;
constexpr std::size_t kMinNationalDigits = 6;
constexpr std::size_t kMaxCountryDigits = 3;
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

bool is_alnum(char c) { return is_ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'); }

/// What people put between groups of digits. 0: none of these; else its bytes.
std::size_t separator_at(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (c == ' ' || c == '-' || c == '.' || c == '(' || c == ')' || c == '/' || c == '\t') return 1;
  if (static_cast<unsigned char>(c) < 0x80) return 0;
  const DecodedCodePoint point = decode_utf8(text, at);
  const char32_t value = point.value;
  const bool is_one = value == 0xA0 || (value >= 0x2000 && value <= 0x2015) || value == 0x202F || value == 0x2212;
  return is_one ? point.num_bytes : 0;
}

/// A run of digits (and letters) with separators among them, reduced.
struct Compact {
  std::string text;
  std::vector<std::size_t> from;  ///< the byte that each came from
};

Compact compacted(std::string_view text, bool keeps_letters) {
  Compact out;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (is_ascii_digit(c) || (keeps_letters && is_alnum(c)) || c == '+') {
      out.text += ascii_upper(c);
      out.from.push_back(at++);
    } else if (const std::size_t size = separator_at(text, at)) {
      at += size;
    } else {
      // Anything else ends a run: a mark that no query holds.
      if (!out.text.empty() && out.text.back() != '|') {
        out.text += '|';
        out.from.push_back(at);
      }
      ++at;
    }
  }
  return out;
}

std::string only(std::string_view text, bool keeps_letters) {
  std::string out;
  for (const char c : text)
    if (is_ascii_digit(c) || (keeps_letters && is_alnum(c))) out += ascii_upper(c);
  return out;
}

/// Places of `needle` in the reduced text for which `fits(begin, end)` holds, as bytes of the original.
template <class Fits>
std::optional<FoundSpan> find_compact(const Compact& in, std::string_view needle, Fits fits) {
  if (needle.empty()) return std::nullopt;
  for (std::size_t at = in.text.find(needle); at != std::string::npos; at = in.text.find(needle, at + 1)) {
    const std::size_t end = at + needle.size();
    if (fits(at, end)) return FoundSpan{in.from[at], in.from[end - 1] + 1};
  }
  return std::nullopt;
}

/// Whether a character of the same kind stands directly before or behind, so that it is one longer number.
bool runs_on(std::string_view text, const Compact& in, std::size_t begin, std::size_t end, bool letters) {
  const auto belongs = [&](char c) { return letters ? is_alnum(c) : is_ascii_digit(c); };
  const std::size_t first = in.from[begin], behind = in.from[end - 1] + 1;
  return (first > 0 && belongs(text[first - 1])) || (behind < text.size() && belongs(text[behind]));
}

/// A telephone number as its digits behind country code and trunk zero, as far as these can be told.
struct Phone {
  bool is_international = false;
  std::string digits;  ///< international: with the country code; else without the trunk zero
};

Phone phone_of(std::string_view query) {
  Phone phone;
  const std::string_view text = trim(query);
  phone.is_international = text.starts_with('+') || text.starts_with("00");
  // "+49 (0)170": the zero is only dialled inside the country.
  std::string kept(text);
  if (const std::size_t zero = kept.find("(0)"); phone.is_international && zero != std::string::npos)
    kept.erase(zero, 3);
  phone.digits = only(kept, false);
  const std::size_t zeros = text.starts_with("00") ? 2 : (!phone.is_international && text.starts_with('0') ? 1 : 0);
  phone.digits.erase(0, zeros);
  return phone;
}

/// What may stand before the digits of a number within its country: nothing, a trunk zero, a country code.
bool is_number_start(std::string_view text, const Compact& in, std::size_t begin) {
  const std::size_t first = in.from[begin];
  if (first == 0 || !is_ascii_digit(text[first - 1])) {
    // A separator stands there, or nothing: digits before it are a country code, another number, or the zero in
    // brackets. All of them count.
    return true;
  }
  std::size_t num_before = 0;
  while (num_before < begin && is_ascii_digit(in.text[begin - 1 - num_before])) ++num_before;
  const std::string_view before = std::string_view(in.text).substr(begin - num_before, num_before);
  const bool has_plus = begin > num_before && in.text[begin - num_before - 1] == '+';
  if (before == "0") return true;
  if (has_plus) return num_before <= kMaxCountryDigits + 1;
  return before.starts_with("00") && num_before <= kMaxCountryDigits + 3;
}

std::optional<FoundSpan> find_phone(std::string_view text, const Phone& phone) {
  const Compact in = compacted(text, false);
  const auto ends = [&](std::size_t end) {
    const std::size_t behind = in.from[end - 1] + 1;
    return behind == text.size() || !is_ascii_digit(text[behind]);
  };
  const auto as_national = [&](std::string_view digits) {
    return find_compact(
        in, digits, [&](std::size_t begin, std::size_t end) { return ends(end) && is_number_start(text, in, begin); });
  };
  if (!phone.is_international) return as_national(phone.digits);
  if (const auto whole = as_national(phone.digits)) return whole;
  for (std::size_t country = 1; country <= kMaxCountryDigits; ++country) {
    if (phone.digits.size() < country + kMinNationalDigits) break;
    const std::string_view code = std::string_view(phone.digits).substr(0, country);
    const std::string_view national = std::string_view(phone.digits).substr(country);
    // Inside the country: behind a trunk zero, or as a number of its own.
    const auto found = find_compact(in, national, [&](std::size_t begin, std::size_t end) {
      if (!ends(end)) return false;
      const std::size_t first = in.from[begin];
      const bool is_own = first == 0 || !is_ascii_digit(text[first - 1]);
      const bool has_zero = begin > 0 && in.text[begin - 1] == '0';
      const bool has_code = begin >= code.size() && in.text.compare(begin - code.size(), code.size(), code) == 0;
      return has_zero || has_code || (is_own && (begin == 0 || !is_ascii_digit(in.text[begin - 1])));
    });
    if (found) return found;
  }
  return std::nullopt;
}

/// The texts of a JSON value, members' names included.
template <class See>
bool any_text(const Json& root, See see) {
  std::vector<const Json*> open = {&root};
  while (!open.empty()) {
    const Json& value = *open.back();
    open.pop_back();
    if (value.kind() == Json::Kind::text && see(value.text())) return true;
    if (value.kind() == Json::Kind::array)
      for (const Json& item : value.items()) open.push_back(&item);
    if (value.kind() != Json::Kind::object) continue;
    for (const auto& [key, member] : value.members()) {
      if (see(key)) return true;
      open.push_back(&member);
    }
  }
  return false;
}

}  // namespace

struct IdentifierSearch::Impl {
  IdentifierType type;
  std::string query;
  std::string reduced;  ///< what is looked for in reduced text
  Phone phone;
  std::optional<Pattern> pattern;
};

IdentifierSearch::IdentifierSearch(std::string query, IdentifierType type) : impl_(std::make_unique<Impl>()) {
  impl_->type = type;
  impl_->query = std::move(query);
  switch (type) {
    case IdentifierType::literal: break;
    case IdentifierType::custom: impl_->pattern.emplace(impl_->query); break;
    case IdentifierType::email: impl_->reduced = ascii_lower(impl_->query); break;
    case IdentifierType::phone: impl_->phone = phone_of(impl_->query); break;
    case IdentifierType::iban: impl_->reduced = only(impl_->query, true); break;
    case IdentifierType::tr_id:
    case IdentifierType::us_ssn:
    case IdentifierType::credit_card: impl_->reduced = only(impl_->query, false); break;
  }
}

IdentifierSearch::~IdentifierSearch() = default;

std::optional<FoundSpan> IdentifierSearch::find(std::string_view text) const {
  if (impl_->type == IdentifierType::custom) {
    const auto found = impl_->pattern->find(text);
    return found ? std::optional(FoundSpan{found->begin, found->end}) : std::nullopt;
  }
  if (const std::size_t at = text.find(impl_->query); at != std::string_view::npos)
    return FoundSpan{at, at + impl_->query.size()};
  switch (impl_->type) {
    case IdentifierType::literal:
    case IdentifierType::custom: break;
    case IdentifierType::email: {
      const auto same = [](char a, char b) { return ascii_lower(a) == b; };
      const auto at = std::search(text.begin(), text.end(), impl_->reduced.begin(), impl_->reduced.end(), same);
      if (at == text.end()) break;
      const auto begin = static_cast<std::size_t>(at - text.begin());
      return FoundSpan{begin, begin + impl_->reduced.size()};
    }
    case IdentifierType::phone:
      if (impl_->phone.digits.size() < kMinNationalDigits) break;
      return find_phone(text, impl_->phone);
    case IdentifierType::iban:
    case IdentifierType::tr_id:
    case IdentifierType::us_ssn:
    case IdentifierType::credit_card: {
      const bool letters = impl_->type == IdentifierType::iban;
      const Compact in = compacted(text, letters);
      return find_compact(in, impl_->reduced,
                          [&](std::size_t begin, std::size_t end) { return !runs_on(text, in, begin, end, letters); });
    }
  }
  return std::nullopt;
}

std::optional<std::pair<FoundSpan, std::string>> IdentifierSearch::find_in_line(std::string_view line) const {
  if (const auto found = find(line)) return std::pair(*found, std::string(line));
  // Only an escape can hide something that the line itself does not show.
  if (line.find('\\') == std::string_view::npos) return std::nullopt;
  const auto row = parse_json(line);
  if (!row) return std::nullopt;
  std::optional<std::pair<FoundSpan, std::string>> out;
  any_text(row.value(), [&](const std::string& text) {
    const auto found = find(text);
    if (found) out.emplace(*found, text);
    return found.has_value();
  });
  return out;
}

std::string excerpt(std::string_view text, FoundSpan place) {
  const std::u32string points = to_code_points(text);
  const auto shown = [&](std::size_t begin, std::size_t end) {
    std::string out(begin > 0 ? kEllipsis : "");
    for (std::size_t i = begin; i < end; ++i) append_utf8(out, points[i]);
    return out.append(end < points.size() ? kEllipsis : "");
  };
  if (points.size() <= kMaxExcerpt) return shown(0, points.size());
  const std::size_t start = num_code_points(text.substr(0, place.begin));
  const std::size_t end = start + num_code_points(text.substr(place.begin, place.end - place.begin));
  constexpr std::size_t kBudget = kMaxExcerpt - 2;
  if (end - start >= kBudget) {
    const std::size_t middle = (start + end) / 2;
    const std::size_t begin = middle > kBudget / 2 ? middle - kBudget / 2 : 0;
    return shown(begin, std::min(begin + kBudget, points.size()));
  }
  const std::size_t context = (kBudget - (end - start)) / 2;
  return shown(start > context ? start - context : 0, std::min(end + context, points.size()));
}

}  // namespace forgelm::compliance
