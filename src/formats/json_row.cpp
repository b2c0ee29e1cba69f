// simdjson's DOM only: the part of it that is the same from version 1.0 on.
#include "json_row.hpp"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "forgelm/core/text.hpp"
#include "row_source.hpp"

namespace forgelm::formats {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kShownBytes = 40;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
/// What parse_json says of a bad row quotes up to all of it, several times over: longer rows have a plainer message.
constexpr std::size_t kMaxBytesToExplain = std::size_t{1} << 20;

enum class Verdict {
  accepted,
  no_json,
  too_deep,
  repeated_key,
  lone_surrogate,
  bad_number,  ///< perhaps only one that simdjson does not read
  too_many_values,
};

/// Versions differ in the error they have for an integer beyond 64 bits, not in these.
bool is_surely_no_json(simdjson::error_code error) {
  using namespace simdjson;
  return error == TAPE_ERROR || error == STRING_ERROR || error == T_ATOM_ERROR || error == F_ATOM_ERROR ||
         error == N_ATOM_ERROR || error == UTF8_ERROR || error == EMPTY || error == UNESCAPED_CHARS ||
         error == UNCLOSED_STRING;
}

/// The first surrogate that is not half of a pair, or npos; simdjson's versions differ in what they make of it.
std::size_t find_lone_surrogate(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto unit = [end](const char* from) -> unsigned {
    unsigned value = 0;
    if (end - from < 6 || from[0] != '\\' || from[1] != 'u') return 0;
    const auto read = std::from_chars(from + 2, from + 6, value, 16);
    return read.ptr == from + 6 ? value : 0;
  };
  while ((at = static_cast<const char*>(std::memchr(at, '\\', static_cast<std::size_t>(end - at)))) != nullptr) {
    if (end - at < 2) break;
    const auto place = static_cast<std::size_t>(at - text.data());
    const unsigned first = at[1] == 'u' ? unit(at) : 0;
    at += 2;
    if (first < 0xD800 || first > 0xDFFF) continue;
    const unsigned second = first < 0xDC00 ? unit(at + 4) : 0;
    if (second < 0xDC00 || second > 0xDFFF) return place;
    at += 10;
  }
  return std::string_view::npos;
}

/// Values of a JSON text, from its commas and brackets outside of strings; a little high is possible, low is not.
std::size_t num_values_at_most(std::string_view text) {
  std::size_t count = 1;
  bool is_in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_in_string) {
      if (c == '\\') ++i;
      else if (c == '"') is_in_string = false;
    } else if (c == '"') {
      is_in_string = true;
    } else if (c == ',' || c == '[' || c == '{') {
      ++count;
    }
  }
  return count;
}

/// The value of a result that is known to hold one.
template <class T, class Result>
T take(Result&& result) {
  T value{};
  return std::forward<Result>(result).get(value) == simdjson::SUCCESS ? value : T{};
}

/// Copies simdjson's tree; its depth is bounded before anything recurses.
class Copier {
 public:
  explicit Copier(const RowLimits& limits) : limits_(limits) {}

  Verdict copy(const dom::element& from, Json& to, int depth) {
    if (++num_values_ > limits_.max_values) return Verdict::too_many_values;
    switch (from.type()) {
      case dom::element_type::OBJECT: return copy_object(take<dom::object>(from.get_object()), to, depth);
      case dom::element_type::ARRAY: return copy_array(take<dom::array>(from.get_array()), to, depth);
      case dom::element_type::STRING: to = Json(take<std::string_view>(from.get_string())); break;
      case dom::element_type::INT64: to = Json(take<std::int64_t>(from.get_int64())); break;
      case dom::element_type::UINT64: to = Json(take<std::uint64_t>(from.get_uint64())); break;
      case dom::element_type::DOUBLE: to = Json(take<double>(from.get_double())); break;
      case dom::element_type::BOOL: to = Json(take<bool>(from.get_bool())); break;
      case dom::element_type::NULL_VALUE: to = Json(); break;
      default: return Verdict::bad_number;  // a type of a later simdjson: integers beyond 64 bits
    }
    return Verdict::accepted;
  }

 private:
  Verdict copy_object(const dom::object& from, Json& to, int depth) {
    if (depth >= limits_.max_depth) return Verdict::too_deep;
    Json::Object members;
    members.reserve(std::min(from.size(), limits_.max_values));
    for (const auto field : from) {
      members.emplace_back(std::string(field.key), Json());
      if (const auto verdict = copy(field.value, members.back().second, depth + 1); verdict != Verdict::accepted)
        return verdict;
    }
    if (has_repeated_key(members)) return Verdict::repeated_key;
    to = Json(std::move(members));
    return Verdict::accepted;
  }

  Verdict copy_array(const dom::array& from, Json& to, int depth) {
    if (depth >= limits_.max_depth) return Verdict::too_deep;
    Json::Array items;
    items.reserve(std::min(from.size(), limits_.max_values));
    for (const auto item : from) {
      items.emplace_back();
      if (const auto verdict = copy(item, items.back(), depth + 1); verdict != Verdict::accepted) return verdict;
    }
    to = Json(std::move(items));
    return Verdict::accepted;
  }

  bool has_repeated_key(const Json::Object& members) {
    constexpr std::size_t kSearched = 16;
    if (members.size() <= kSearched) {
      for (std::size_t i = 1; i < members.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
          if (members[i].first == members[j].first) return true;
      return false;
    }
    // Sorted, not hashed: names chosen to collide cost nothing extra.
    std::vector<std::string_view> keys;
    keys.reserve(members.size());
    for (const auto& member : members) keys.push_back(member.first);
    std::sort(keys.begin(), keys.end());
    return std::adjacent_find(keys.begin(), keys.end()) != keys.end();
  }

  const RowLimits& limits_;
  std::size_t num_values_ = 0;
};

/// Reads "line L, column C: " off the front of a message of parse_json.
JsonRowProblem problem_of(const Failure& failure) {
  JsonRowProblem problem;
  problem.message = to_valid_utf8(failure.message);  // it may quote a part of the row
  problem.hint = failure.hint;
  constexpr std::string_view kLine = "line ", kColumn = ", column ";
  const std::string message = problem.message;
  const char* const end = message.data() + message.size();
  std::uint64_t line = 1, column = 1;
  const auto first = std::from_chars(message.data() + std::min(kLine.size(), message.size()), end, line);
  if (static_cast<std::size_t>(end - first.ptr) < kColumn.size()) return problem;
  const auto second = std::from_chars(first.ptr + kColumn.size(), end, column);
  if (end - second.ptr < 2) return problem;
  problem.line = line - 1;
  problem.column = column;
  problem.message.erase(0, static_cast<std::size_t>(second.ptr + 2 - message.data()));
  return problem;
}

}  // namespace

struct JsonRowParser::Impl {
  RowLimits limits;
  dom::parser parser;

  Verdict parse_fast(std::string_view text, Json& value) {
    if (text.size() > parser.capacity() &&
        parser.allocate(std::max(text.size(), std::size_t{4096})) != simdjson::SUCCESS)
      throw RunError(RunErrorKind::out_of_memory, cat("no memory to read a row of ", text.size(), " bytes"));
    dom::element root;
    const auto error = parser.parse(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), false).get(root);
    if (error == simdjson::DEPTH_ERROR) return Verdict::too_deep;
    if (error != simdjson::SUCCESS) return is_surely_no_json(error) ? Verdict::no_json : Verdict::bad_number;
    if (find_lone_surrogate(text) != std::string_view::npos) return Verdict::lone_surrogate;
    return Copier(limits).copy(root, value, 0);
  }

  /// What is wrong with a long row, in plain words and without copies of it.
  JsonRowProblem plain_problem(std::string_view text, Verdict verdict) const {
    JsonRowProblem problem;
    std::size_t at = 0;
    if (verdict == Verdict::too_deep) {
      problem.message = cat("nested deeper than ", limits.max_depth, " levels");
    } else if (verdict == Verdict::repeated_key) {
      problem.message = "a key appears twice in one object";
    } else if (!is_utf8(text)) {
      problem.message = "this byte is not UTF-8";
      at = find_invalid_utf8(text);
    } else if (at = find_lone_surrogate(text); at != std::string_view::npos) {
      problem.message = "half of a surrogate pair stands alone";
    } else {
      at = 0;
      problem.message = cat("the row of ", text.size(), " bytes is not JSON");
    }
    problem.column = num_code_points(text.substr(0, at)) + 1;
    return problem;
  }

  /// A row full of tiny values costs many times its bytes, in simdjson's tables as in ours.
  bool has_too_many_values(std::string_view text) const {
    return text.size() > limits.max_values && num_values_at_most(text) > limits.max_values;
  }

  bool check_row(std::string_view text, Json& row, JsonRowProblem& problem, bool accepts_text) const {
    if (row.kind() == Json::Kind::object) {
      if (row.members().size() <= limits.max_columns) return true;
      problem.message =
          cat("the row has ", row.members().size(), " columns; at most ", limits.max_columns, " are read");
      return false;
    }
    if (accepts_text && row.kind() == Json::Kind::text) {
      Json wrapped;
      wrapped.set("text", std::move(row));
      row = std::move(wrapped);
      return true;
    }
    problem.message = cat("a row is a JSON object, this is of type ", to_string(row.kind()), ": ",
                          quote(text.substr(0, 4 * kShownBytes), kShownBytes));
    return false;
  }
};

JsonRowParser::JsonRowParser(const RowLimits& limits) : impl_(std::make_unique<Impl>()) { impl_->limits = limits; }
JsonRowParser::JsonRowParser(JsonRowParser&&) noexcept = default;
JsonRowParser::~JsonRowParser() = default;

bool is_utf8(std::string_view text) noexcept { return simdjson::validate_utf8(text.data(), text.size()); }

bool JsonRowParser::parse(std::string_view text, Json& row, JsonRowProblem& problem, bool accepts_text) {
  problem = {};
  // simdjson takes a byte order mark from version 3.2 on: one is skipped here, a second one is an error there or here.
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) text.remove_prefix(kByteOrderMark.size());
  const RowLimits& limits = impl_->limits;
  if (text.size() > limits.max_row_bytes) {
    problem.message = too_long_message(limits);
    return false;
  }
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    problem.message = "a byte order mark cannot stand in JSON";
    return false;
  }
  const Verdict verdict = impl_->has_too_many_values(text) ? Verdict::too_many_values : impl_->parse_fast(text, row);
  if (verdict == Verdict::too_many_values) {
    problem.message = cat("the row has more than ", limits.max_values, " values");
    return false;
  }
  if (verdict != Verdict::accepted) {
    if (text.size() > kMaxBytesToExplain && verdict != Verdict::bad_number) {
      problem = impl_->plain_problem(text, verdict);
      return false;
    }
    auto parsed = parse_json(text, {limits.max_row_bytes, limits.max_depth});
    if (!parsed.ok()) {
      problem = problem_of(parsed.error());
      for (const auto* name : {"NaN", "Infinity"})
        if (problem.hint.empty() && text.find(name) != std::string_view::npos)
          problem.hint = cat("JSON has no ", name, "; write null for what is missing");
      return false;
    }
    row = std::move(parsed).value();
  }
  return impl_->check_row(text, row, problem, accepts_text);
}

}  // namespace forgelm::formats
