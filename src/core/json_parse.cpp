// The JSON reader: nlohmann's lexer and SAX driver, which keep their own stack, with our limits on top. Traps: that
// lexer takes a NUL byte for the end of the input, and its callbacks carry no position, hence the counting iterator.
#include <algorithm>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "forgelm/core/json.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm {
namespace {

using nlohmann::json;

constexpr std::size_t kShownToken = 40;  // bytes of the offending token in a message

/// "line L, column C" of the byte before `end`, or of the place after the last byte when `end` is beyond the text.
std::string place_of(std::string_view text, std::size_t end) {
  const std::size_t at = end == 0 ? 0 : std::min(end - 1, text.size());
  const std::string_view before = text.substr(0, at);
  const std::size_t start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  std::string_view line = before.substr(start);
  if (start == 0 && line.substr(0, 3) == "\xEF\xBB\xBF") line.remove_prefix(3);
  return cat("line ", std::count(before.begin(), before.end(), '\n') + 1, ", column ", num_code_points(line) + 1);
}

/// Offset just after the opening quote of the string that ends before `end`: inner quotes follow an odd number of
/// backslashes, the opening one follows none.
std::size_t after_opening_quote(std::string_view text, std::size_t end) {
  for (std::size_t at = end - 1; at-- > 0;) {
    if (text[at] != '"') continue;
    std::size_t num_backslashes = 0;
    while (num_backslashes < at && text[at - 1 - num_backslashes] == '\\') ++num_backslashes;
    if (num_backslashes % 2 == 0) return at + 1;
  }
  return end;
}

/// A pointer into the text that tells how far the lexer has read.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    *furthest_ = ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  const char** furthest_;
};

/// Builds the value; returns false (which ends the parse) once `failure` is set.
class Builder : public nlohmann::json_sax<json> {
 public:
  Builder(std::string_view text, const JsonLimits& limits) : text_(text), limits_(limits), furthest_(text.data()) {}

  Result<Json> run() {
    const char* const end = text_.data() + text_.size();
    const bool ok =
        json::sax_parse(CountingIterator(text_.data(), &furthest_), CountingIterator(end, &furthest_), this);
    if (!ok || !failure_.message.empty()) return failure_;
    return std::move(root_);
  }

  bool null() override { return add(Json()); }
  bool boolean(bool value) override { return add(Json(value)); }
  bool number_integer(number_integer_t value) override { return add(Json(value)); }
  bool number_unsigned(number_unsigned_t value) override { return add(Json(value)); }
  bool number_float(number_float_t value, const string_t&) override { return add(Json(value)); }
  bool string(string_t& value) override { return add(Json(std::move(value))); }
  bool binary(binary_t&) override { return false; }  // no JSON text makes one

  bool start_object(std::size_t) override { return open(Json(Json::Object())); }
  bool start_array(std::size_t) override { return open(Json(Json::Array())); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& value) override {
    Level& level = levels_.back();
    Json::Object& members = level.container.members();
    if (is_repeated(level, members, value)) {
      const auto end = static_cast<std::size_t>(furthest_ - text_.data());
      return fail(after_opening_quote(text_, end), cat("the key ", quote(value), " appears twice in one object"));
    }
    members.emplace_back(std::move(value), Json());
    return true;
  }

  bool parse_error(std::size_t position, const std::string& token, const nlohmann::detail::exception& error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: REASON; last read: 'TOKEN'; expected X"
    std::string reason = error.what();
    if (error.id == 406) {  // out_of_range: a number that no double holds
      reason = cat("the number ", quote(token, kShownToken), " is out of range");
    } else {
      const std::size_t column = reason.find(", column ");
      const std::size_t start = column == std::string::npos ? column : reason.find(": ", column);
      if (start != std::string::npos) reason.erase(0, start + 2);
      shorten_token(reason);
    }
    return fail(position, reason);
  }

 private:
  struct Level {
    Json container;
    std::unordered_set<std::string> keys = {};  ///< filled once the object is too large to search
  };

  bool fail(std::size_t end, const std::string& reason) {
    failure_ = {cat(place_of(text_, end), ": ", reason)};
    return false;
  }

  static bool is_repeated(Level& level, const Json::Object& members, const std::string& key) {
    constexpr std::size_t kSearched = 16;
    if (members.size() < kSearched)
      return std::any_of(members.begin(), members.end(), [&key](const auto& member) { return member.first == key; });
    if (level.keys.empty())
      for (const auto& member : members) level.keys.insert(member.first);
    return !level.keys.insert(key).second;
  }

  /// nlohmann quotes everything read of the bad token, which may be megabytes: keeps its end, where the fault is.
  static void shorten_token(std::string& reason) {
    static constexpr std::string_view kOpen = "; last read: '", kNext = "'; expected ";
    constexpr std::size_t kLongestNext = 24;  // "'[', '{', or a literal"; the token itself may hold the same words
    const std::size_t open = reason.find(kOpen);
    if (open == std::string::npos) return;
    const std::size_t start = open + kOpen.size();
    const std::size_t next = reason.rfind(kNext);
    const bool has_next = next != std::string::npos && next >= start &&
                          reason.size() - next - kNext.size() <= kLongestNext &&
                          is_valid_utf8(std::string_view(reason).substr(next));
    const std::size_t end = has_next ? next : reason.size() - 1;
    std::string token = reason.substr(start, end - start);
    if (token.size() > kShownToken) {
      std::size_t cut = token.size() - kShownToken;
      while (cut < token.size() && !begins_character(token[cut])) ++cut;
      token = "..." + token.substr(cut);
    }
    reason.replace(open, end + 1 - open, " near " + quote(token));
  }

  /// Where the next value goes: the root, the last member whose key was read, or the end of an array.
  void place(Json value) {
    if (levels_.empty()) root_ = std::move(value);
    else if (Json& container = levels_.back().container; container.kind() == Json::Kind::array)
      container.items().push_back(std::move(value));
    else container.members().back().second = std::move(value);
  }

  bool add(Json value) {
    place(std::move(value));
    return true;
  }

  bool open(Json container) {
    if (levels_.size() >= static_cast<std::size_t>(std::max(limits_.max_depth, 0)))
      return fail(static_cast<std::size_t>(furthest_ - text_.data()),
                  cat("nested deeper than ", limits_.max_depth, " levels"));
    levels_.push_back({std::move(container)});
    return true;
  }

  bool close() {
    Json done = std::move(levels_.back().container);
    levels_.pop_back();
    return add(std::move(done));
  }

  std::string_view text_;
  JsonLimits limits_;
  const char* furthest_;
  std::vector<Level> levels_;
  Json root_;
  Failure failure_;
};

}  // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes)
    return Failure{
        cat("line 1, column 1: the document has ", text.size(), " bytes; at most ", limits.max_bytes, " are read")};
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos)
    return Failure{cat(place_of(text, nul + 1), ": a NUL byte cannot stand in JSON")};
  return Builder(text, limits).run();
}

}  // namespace forgelm
