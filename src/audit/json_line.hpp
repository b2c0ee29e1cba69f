// One line of JSONL as json.loads has it: simdjson reads it, and what only
// Python takes (NaN, lone surrogates, integers of any size) is rewritten before
// a second try. Private to src/audit; the only header here that sees simdjson.
// The trap: of a repeated key Python keeps the last value; use find_member, not
// operator[].
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

namespace forgelm::audit {

enum class LineState { blank, bad, row };

struct JsonLine {
  LineState state = LineState::blank;
  bool is_decode_error = false;  ///< bytes that are not UTF-8 became U+FFFD
  bool is_repaired = false;      ///< what only Python takes was rewritten; numbers are 0
  std::uint64_t num_lone_surrogates = 0;
  simdjson::dom::element value;  ///< of a row; lives as long as the reader reads nothing else
};

/// For one thread.
class JsonLineReader {
 public:
  /// `line` without its line break; `num_readable` bytes may be read from its
  /// begin on (it is copied when those are too few for simdjson).
  JsonLine read(std::string_view line, std::size_t num_readable);

 private:
  bool parse(std::string_view text, std::size_t num_readable, simdjson::dom::element& value);

  simdjson::dom::parser parser_;
  std::string padded_, repaired_;
};

/// The last member of that name.
bool find_member(const simdjson::dom::object& object, std::string_view name, simdjson::dom::element& value);

/// `value` when it is a text.
bool get_text(const simdjson::dom::element& value, std::string_view& text);

namespace detail {
/// The code unit of a \uXXXX at `at`, or -1.
int escaped_unit(std::string_view text, std::size_t at);
/// `text` with lone surrogate escapes as \ufffd and every number, NaN and
/// Infinity as 0. `num_lone_surrogates`, if given, is set.
std::string relaxed_json(std::string_view text, std::uint64_t* num_lone_surrogates = nullptr);
}  // namespace detail

}  // namespace forgelm::audit
