// Filters over texts.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "forgelm/core/text.hpp"
#include "jinja_builtins.hpp"
#include "jinja_runtime.hpp"
#include "jinja_text.hpp"

namespace forgelm::text::jinja {

namespace {

/// A filter that turns its only argument's text into another.
template <std::string (*kMap)(std::string_view)>
Value mapped(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("filter", arguments, {"s"}, 1);
  const bool is_markup = bound[0].is_string() && bound[0].as<String>().is_markup;
  const std::string text = runtime.str(bound[0]);
  runtime.heap().tick_bytes(16 * text.size());
  return runtime.heap().string(kMap(text), is_markup);
}

/// |title: words start after white space and after - ( { [ <.
std::string title_words(std::string_view text) {
  std::string out;
  const auto is_border = [](char32_t c) {
    return is_space(c) || c == '-' || c == '(' || c == '{' || c == '[' || c == '<';
  };
  for (std::size_t at = 0; at < text.size();) {
    const bool opens_border = is_border(decode_utf8(text, at).value);
    std::size_t end = at;
    while (end < text.size() && is_border(decode_utf8(text, end).value) == opens_border)
      end += sequence_size(text[end]);
    const std::string_view word = text.substr(at, end - at);
    const std::size_t first = sequence_size(word[0]);
    out += upper(word.substr(0, first));
    out += lower(word.substr(first));
    at = end;
  }
  return out;
}

Value string(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("string", arguments, {"s"}, 1);
  return bound[0].is_string() ? bound[0] : runtime.string(runtime.str(bound[0]));
}

Value trim(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("trim", arguments, {"value", "chars"}, 1);
  const Value text = bound[0].is_string() ? bound[0] : runtime.string(runtime.str(bound[0]));
  Arguments rest;
  if (!bound[1].is_missing()) rest.positional.push_back(bound[1]);
  return string_methods().find("strip")->call(runtime, text, rest);
}

Value center(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("center", arguments, {"value", "width"}, 1);
  const Value text = bound[0].is_string() ? bound[0] : runtime.string(runtime.str(bound[0]));
  Arguments rest;
  rest.positional.push_back(bound[1].is_missing() ? Value::integer(80) : bound[1]);
  return string_methods().find("center")->call(runtime, text, rest);
}

Value replace(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("replace", arguments, {"s", "old", "new", "count"}, 3);
  const bool has_count = !bound[3].is_missing() && !bound[3].is_none();
  const std::string text = runtime.str(bound[0]);
  const std::string old = runtime.str(bound[1]);
  const std::string fresh = runtime.str(bound[2]);
  return runtime.string(replace_text(runtime.heap(), text, old, fresh, has_count ? to_index(bound[3]) : -1));
}

Value format(Runtime& runtime, const Value&, Arguments& arguments) {
  if (arguments.positional.empty()) type_fault("format() missing required argument 'value'");
  const Value text = arguments.positional[0];
  arguments.positional.erase(arguments.positional.begin());
  if (!arguments.positional.empty() && !arguments.named.empty()) {
    type_fault("can't handle positional and keyword arguments at the same time");
  }
  Value values;
  if (arguments.named.empty()) {
    values = runtime.heap().tuple(std::move(arguments.positional));
  } else {
    std::vector<std::pair<Value, Value>> entries;
    for (auto& [name, value] : arguments.named) entries.emplace_back(runtime.string(name), std::move(value));
    values = runtime.heap().dict(std::move(entries));
  }
  return runtime.string(percent_format(runtime, runtime.str(text), values));
}

/// str.splitlines of a text with a newline added.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCodePoint decoded = decode_utf8(text, at);
    std::size_t end = at + decoded.num_bytes;
    if (is_line_break(decoded.value)) {
      if (decoded.value == '\r' && end < text.size() && text[end] == '\n') ++end;
      out.push_back(text.substr(begin, at - begin));
      begin = end;
    }
    at = end;
  }
  if (begin < text.size()) out.push_back(text.substr(begin));
  return out;
}

Value indent(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("indent", arguments, {"s", "width", "first", "blank"}, 1);
  Heap& heap = runtime.heap();
  std::string indention(4, ' ');
  if (bound[1].is_string()) {
    indention = bound[1].text();
  } else if (!bound[1].is_missing()) {
    const auto width = static_cast<std::size_t>(std::max<std::int64_t>(to_index(bound[1]), 0));
    heap.reserve(width);
    indention.assign(width, ' ');
  }
  if (bound[0].is_undefined()) throw Fault{bound[0].as<Undefined>().message, false};
  const std::string text = to_text(bound[0], "the text to indent") + "\n";
  const bool indents_first = !bound[2].is_missing() && is_true(bound[2]);
  const bool indents_blank = !bound[3].is_missing() && is_true(bound[3]);
  std::string out;
  bool is_first = true;
  heap.tick_bytes(4 * text.size());
  for (const std::string_view line : lines_of(text)) {
    heap.reserve(out.size() + indention.size() + line.size());
    heap.tick_bytes(indention.size() + 64);
    if (!is_first) out += '\n';
    if (is_first ? indents_first : indents_blank || !line.empty()) out += indention;
    out += line;
    is_first = false;
  }
  return runtime.heap().string(std::move(out), bound[0].as<String>().is_markup);
}

Value truncate(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("truncate", arguments, {"s", "length", "killwords", "end", "leeway"}, 1);
  const std::int64_t size = index_or(bound[1], 255);
  const bool kills_words = !bound[2].is_missing() && is_true(bound[2]);
  const Value end = bound[3].is_missing() ? runtime.string("...") : bound[3];
  const std::int64_t leeway = bound[4].is_missing() || bound[4].is_none() ? 5 : to_index(bound[4]);
  const std::int64_t end_size = length(end);
  if (size < end_size) type_fault(cat("expected length >= ", end_size, ", got ", size));
  if (leeway < 0) type_fault(cat("expected leeway >= 0, got ", leeway));
  const std::int64_t present = length(bound[0]);
  if (present - leeway <= size) return bound[0];
  const Value cut = slice(runtime.heap(), bound[0], Value(), Value::integer(size - end_size), Value());
  const std::string& kept = to_text(cut, "the text to truncate");
  if (kills_words) return add(runtime.heap(), cut, end);
  const std::size_t space = kept.rfind(' ');
  return runtime.string(cat(kept.substr(0, space), to_text(end, "the end")));
}

Value wordcount(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("wordcount", arguments, {"s"}, 1);
  const std::string text = runtime.str(bound[0]);
  runtime.heap().tick_bytes(4 * text.size());
  std::int64_t out = 0;
  bool was_word = false;
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCodePoint decoded = decode_utf8(text, at);
    const bool is_word = decoded.value == '_' || is_alpha(decoded.value) || is_numeric(decoded.value);
    out += is_word && !was_word;
    was_word = is_word;
    at += decoded.num_bytes;
  }
  return Value::integer(out);
}

Value wordwrap(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound =
      bind("wordwrap", arguments, {"s", "width", "break_long_words", "wrapstring", "break_on_hyphens"}, 1);
  WrapRules rules;
  rules.width = index_or(bound[1], 79);
  if (rules.width <= 0) type_fault(cat("invalid width ", rules.width, " (must be > 0)"));
  rules.breaks_long_words = bound[2].is_missing() || is_true(bound[2]);
  rules.breaks_on_hyphens = bound[4].is_missing() || is_true(bound[4]);
  const bool has_wrap = !bound[3].is_missing() && !bound[3].is_none();
  const std::string separator = has_wrap ? to_text(bound[3], "wrapstring") : "\n";
  const std::string& text = to_text(bound[0], "the text to wrap");
  runtime.heap().tick_bytes(16 * text.size());
  runtime.heap().reserve(16 * text.size());
  std::string out;
  bool is_first_line = true;
  for (const std::string_view line : lines_of(text)) {
    if (!is_first_line) out += separator;
    is_first_line = false;
    bool is_first = true;
    for (const std::string& wrapped : wrap_words(line, rules)) {
      runtime.heap().tick();
      runtime.heap().reserve(out.size() + separator.size());
      if (!is_first) out += separator;
      is_first = false;
      out += wrapped;
    }
  }
  return runtime.string(std::move(out));
}

Value escape(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind_positional("escape", arguments, 1, 1);
  if (bound[0].is_string() && bound[0].as<String>().is_markup) return bound[0];
  return runtime.heap().string(escape_html(runtime.str(bound[0])), true);
}

Value force_escape(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("forceescape", arguments, {"value"}, 1);
  return runtime.heap().string(escape_html(runtime.str(bound[0])), true);
}

Value safe(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("safe", arguments, {"value"}, 1);
  return runtime.heap().string(runtime.str(bound[0]), true);
}

/// urllib.parse.quote, with "/" kept (or, for a query string, not).
std::string url_quote(std::string_view text, bool is_query) {
  std::string out;
  for (const char c : text) {
    const bool is_plain = is_ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '_' ||
                          c == '.' || c == '-' || c == '~' || (c == '/' && !is_query);
    if (is_plain) {
      out += c;
    } else if (c == ' ' && is_query) {
      out += '+';
    } else {
      constexpr char kDigits[] = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

bool is_iterable(const Value& value) {
  switch (value.kind()) {
    case Kind::undefined:
    case Kind::string:
    case Kind::list:
    case Kind::tuple:
    case Kind::dict:
    case Kind::dict_view:
    case Kind::range:
    case Kind::iterator:
    case Kind::loop: return true;
    default: return false;
  }
}

Value urlencode(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("urlencode", arguments, {"value"}, 1);
  const Value& value = bound[0];
  if (value.is_string() || !is_iterable(value)) return runtime.string(url_quote(runtime.str(value), false));
  std::string out;
  const auto add_pair = [&](const Value& key, const Value& item) {
    if (!out.empty()) out += '&';
    out += cat(url_quote(runtime.str(key), true), "=", url_quote(runtime.str(item), true));
    runtime.heap().reserve(out.size());
    runtime.heap().tick();
  };
  if (value.is(Kind::dict)) {
    for (const auto& [key, item] : value.as<Dict>().entries) add_pair(key, item);
    return runtime.string(std::move(out));
  }
  for (const Value& pair : runtime.to_values(value)) {
    const Values parts = runtime.to_values(pair);
    if (parts.size() != 2) type_fault(cat("urlencode needs pairs, not ", parts.size(), " values"));
    add_pair(parts[0], parts[1]);
  }
  return runtime.string(std::move(out));
}

/// Comments and tags taken out, runs of white space made one blank, entities of escape() turned back.
Value striptags(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("striptags", arguments, {"value"}, 1);
  std::string text = runtime.str(bound[0]);
  runtime.heap().tick_bytes(8 * text.size());
  const auto remove = [&text](std::string_view opening, std::string_view closing) {
    std::string out;
    std::size_t at = 0;
    while (true) {
      const std::size_t begin = text.find(opening, at);
      const std::size_t end = begin == std::string::npos ? begin : text.find(closing, begin);
      if (end == std::string::npos) break;
      out += text.substr(at, begin - at);
      at = end + closing.size();
    }
    out += text.substr(at);
    text = std::move(out);
  };
  remove("<!--", "-->");
  remove("<", ">");
  const Value joined = runtime.string(std::move(text));
  Arguments none;
  const Value words = string_methods().find("split")->call(runtime, joined, none);
  std::string out;
  for (const Value& word : words.items()) {
    if (!out.empty()) out += ' ';
    out += word.text();
  }
  constexpr std::pair<std::string_view, std::string_view> kEntities[] = {
      {"&lt;", "<"}, {"&gt;", ">"}, {"&#39;", "'"}, {"&#34;", "\""}, {"&quot;", "\""}, {"&amp;", "&"}};
  for (const auto& [entity, character] : kEntities) out = replace_text(runtime.heap(), out, entity, character, -1);
  return runtime.string(std::move(out));
}

Value xmlattr(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("xmlattr", arguments, {"d", "autospace"}, 1);
  if (!bound[0].is(Kind::dict)) type_fault(cat("xmlattr needs a mapping, not ", type_name(bound[0])));
  std::string out;
  for (const auto& [key, value] : bound[0].as<Dict>().entries) {
    if (value.is_none() || value.is_undefined()) continue;
    const std::string& name = to_text(key, "an attribute's name");
    if (name.find_first_of(" \t\n\r\f\v/>=") != std::string::npos) {
      type_fault(cat("Invalid character in attribute name: ", quote(name)));
    }
    if (!out.empty()) out += ' ';
    out += cat(escape_html(name), "=\"", escape_html(runtime.str(value)), "\"");
    runtime.heap().reserve(out.size());
  }
  if (!out.empty() && (bound[1].is_missing() || is_true(bound[1]))) out.insert(0, " ");
  return runtime.string(std::move(out));
}

Value filesizeformat(Runtime& runtime, const Value&, Arguments& arguments) {
  const Values bound = bind("filesizeformat", arguments, {"value", "binary"}, 1);
  const double bytes = python_float(runtime, bound[0]);
  const bool is_binary = !bound[1].is_missing() && is_true(bound[1]);
  const double base = is_binary ? 1024 : 1000;
  if (bytes == 1) return runtime.string("1 Byte");
  if (bytes < base) return runtime.string(cat(static_cast<std::int64_t>(std::max(bytes, -9.2e18)), " Bytes"));
  constexpr char kPrefixes[] = "kMGTPEZY";
  double unit = base;
  for (std::size_t i = 0; i < 8; ++i) {
    unit *= base;
    if (bytes >= unit && i < 7) continue;
    char buffer[400];
    std::snprintf(buffer, sizeof buffer, "%.1f ", base * bytes / unit);
    const char prefix = i == 0 && is_binary ? 'K' : kPrefixes[i];
    return runtime.string(cat(buffer, prefix, is_binary ? "iB" : "B"));
  }
  return runtime.string("");
}

Value not_offered(Runtime&, const Value&, Arguments&) {
  throw Fault{"this filter is not supported: its result is random, a link of HTML, or a layout for debugging", false};
}

constexpr Entry kFilters[] = {{"upper", mapped<upper>},
                              {"lower", mapped<lower>},
                              {"capitalize", mapped<capitalize>},
                              {"title", mapped<title_words>},
                              {"string", string},
                              {"trim", trim},
                              {"center", center},
                              {"replace", replace},
                              {"format", format},
                              {"indent", indent},
                              {"truncate", truncate},
                              {"wordcount", wordcount},
                              {"wordwrap", wordwrap},
                              {"escape", escape},
                              {"e", escape},
                              {"forceescape", force_escape},
                              {"safe", safe},
                              {"urlencode", urlencode},
                              {"striptags", striptags},
                              {"xmlattr", xmlattr},
                              {"filesizeformat", filesizeformat},
                              {"tojson", tojson},
                              {"random", not_offered},
                              {"urlize", not_offered},
                              {"pprint", not_offered}};

}  // namespace

Table text_filters() noexcept { return {kFilters, std::size(kFilters)}; }

}  // namespace forgelm::text::jinja
