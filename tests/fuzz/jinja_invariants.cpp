// The promises of the Jinja engine: it renders or raises a JinjaError with a place; output is UTF-8 within its limit;
// spans lie in it, in order; a second rendering gives the same.
#include "fuzz/jinja_invariants.hpp"

#include <exception>

#include "forgelm/core/text.hpp"

namespace forgelm::test {

namespace {

struct Outcome {
  text::JinjaOutput output;
  std::string problem;
  bool operator==(const Outcome& other) const {
    return output.text == other.output.text && output.generation == other.output.generation && problem == other.problem;
  }
};

Outcome outcome_of(const text::JinjaTemplate& parsed, const Json& variables) {
  Outcome out;
  try {
    out.output = parsed.render(variables, 1738324800);
  } catch (const text::JinjaError& error) {
    out.problem = error.problem();
    if (error.line() < 1 || error.column() < 1) out.problem = "an error without a place";
  }
  return out;
}

Json ordinary_chat() {
  return parse_json(R"({"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "h\u00e9 <|x|>"},
    {"role": "assistant", "content": null, "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1.5}}}]},
    {"role": "tool", "content": [{"type": "text", "text": "r"}]}], "tools": [{"type": "function", "function":
    {"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "number", "enum": [1, 2]}}}}}],
    "add_generation_prompt": true, "bos_token": "<s>", "eos_token": "</s>", "n": 3, "s": "Hello World", "l": [3, 1, 2],
    "d": {"b": 1, "a": {"x": []}}, "u": "\u65e5\ud83d\ude00\u00df", "e": "", "no": null})")
      .value();
}

}  // namespace

std::string broken_jinja_promise(std::string_view bytes, const text::JinjaLimits& limits) {
  static const Json chat = ordinary_chat();
  const std::size_t nul = bytes.find('\0');
  Json variables = chat;
  if (nul != std::string_view::npos) {
    auto given = parse_json(bytes.substr(nul + 1));
    if (given && given->kind() == Json::Kind::object) variables = std::move(given).value();
  }
  try {
    const text::JinjaTemplate parsed("fuzz", std::string(bytes.substr(0, nul)), limits);
    const Outcome first = outcome_of(parsed, variables);
    if (first.problem == "an error without a place") return first.problem;
    if (!(first == outcome_of(parsed, variables))) return "a second rendering differs";
    const std::string& text = first.output.text;
    if (!is_valid_utf8(text)) return "the output is not UTF-8";
    if (text.size() > limits.max_output_bytes) return "the output is larger than its limit";
    std::uint32_t end = 0;
    for (const text::ByteSpan& span : first.output.generation) {
      if (span.begin < end || span.end < span.begin || span.end > text.size()) return "a span is out of place";
      end = span.end;
    }
  } catch (const text::JinjaError& error) {
    if (error.line() < 1 || error.column() < 1) return "a syntax error without a place";
    if (error.was_raised()) return "a template raised while it was parsed";
  } catch (const std::exception& error) {
    return cat("another exception than JinjaError: ", error.what());
  }
  return "";
}

}  // namespace forgelm::test
