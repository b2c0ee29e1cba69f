// Methods of Python's str, by code point.
#include <algorithm>

#include "forgelm/core/text.hpp"
#include "jinja_builtins.hpp"
#include "jinja_runtime.hpp"
#include "jinja_text.hpp"

namespace forgelm::text::jinja {

namespace {

constexpr std::size_t kNone = std::string_view::npos;

/// A method's result: markup stays markup.
Value like(Runtime& runtime, const Value& self, std::string text) {
  return runtime.heap().string(std::move(text), self.as<String>().is_markup);
}

template <std::string (*kMap)(std::string_view)>
Value mapped(Runtime& runtime, const Value& self, Arguments& arguments) {
  bind_positional("str method", arguments, 0, 0);
  runtime.heap().tick_bytes(16 * self.text().size());
  return like(runtime, self, kMap(self.text()));
}

// ---- stripping and padding ------------------------------------------------------------------------------------------

template <bool kLeft, bool kRight>
Value strip(Runtime& runtime, const Value& self, Arguments& arguments) {
  const Values bound = bind_positional("strip", arguments, 0, 1);
  std::string_view text = self.text();
  if (bound[0].is_missing() || bound[0].is_none()) {
    if (kLeft) text = strip_left(text);
    if (kRight) text = strip_right(text);
  } else {
    const std::u32string chars = to_code_points(to_text(bound[0], "strip arg"));
    // Each character stripped is looked for among all of `chars`.
    runtime.heap().tick_bytes(chars.size() * std::min<std::size_t>(text.size(), 1 << 20));
    if (kLeft) text = strip_left(text, chars);
    if (kRight) text = strip_right(text, chars);
  }
  return like(runtime, self, std::string(text));
}

enum class Side { left, center, right };

Value pad(Runtime& runtime, const Value& self, const Value& width, const Value& fill, Side side) {
  std::string filler = " ";
  if (!fill.is_missing()) {
    filler = to_text(fill, "The fill character");
    if (num_code_points(filler) != 1) type_fault("The fill character must be exactly one character long");
  }
  const std::int64_t missing = to_index(width) - length(self);
  if (missing <= 0) return self;
  std::int64_t left = side == Side::left ? 0 : missing;
  if (side == Side::center) left = missing / 2 + (missing & to_index(width) & 1);
  const auto num_left = static_cast<std::size_t>(left);
  const auto num_right = static_cast<std::size_t>(missing - left);
  runtime.heap().reserve((num_left + num_right) < (std::size_t{1} << 40) ? (num_left + num_right) * filler.size()
                                                                         : std::size_t{1} << 60);
  std::string out;
  for (std::size_t i = 0; i < num_left; ++i) out += filler;
  out += self.text();
  for (std::size_t i = 0; i < num_right; ++i) out += filler;
  return like(runtime, self, std::move(out));
}

template <Side kSide>
Value padded(Runtime& runtime, const Value& self, Arguments& arguments) {
  const Values bound = bind_positional("center", arguments, 1, 2);
  return pad(runtime, self, bound[0], bound[1], kSide);
}

Value zfill(Runtime& runtime, const Value& self, Arguments& arguments) {
  const Values bound = bind_positional("zfill", arguments, 1, 1);
  const Value out = pad(runtime, self, bound[0], runtime.string("0"), Side::right);
  const std::string& text = self.text();
  if (out.object() == self.object() || text.empty() || (text[0] != '-' && text[0] != '+')) return out;
  std::string moved = out.text();
  moved[moved.size() - text.size()] = '0';
  moved[0] = text[0];
  return like(runtime, self, std::move(moved));
}

// ---- searching ------------------------------------------------------------------------------------------------------

/// Bytes [begin, end) that a method's `start` and `end` arguments (code points, negative from the end) mean.
struct Window {
  std::size_t begin, end;
  bool is_valid;  ///< start is not after end
};

Window window(Runtime& runtime, const Value& self, const Value& start, const Value& end) {
  const std::string& text = self.text();
  const bool is_ascii = self.as<String>().is_ascii;
  const std::int64_t size = length(self);
  const auto clip = [size](const Value& value, std::int64_t otherwise) {
    if (value.is_missing() || value.is_none()) return otherwise;
    const std::int64_t at = to_index(value);
    return at < 0 ? std::max<std::int64_t>(at + size, 0) : at;
  };
  const std::int64_t first = clip(start, 0);
  const std::int64_t last = std::min(clip(end, size), size);
  runtime.heap().tick_bytes(is_ascii ? text.size() : 3 * text.size());
  if (first > last) return {0, 0, false};
  return {byte_offset(text, is_ascii, static_cast<std::size_t>(first)),
          byte_offset(text, is_ascii, static_cast<std::size_t>(last)), true};
}

std::int64_t position(const Value& self, std::size_t byte) {
  const std::string_view before = std::string_view(self.text()).substr(0, byte);
  return static_cast<std::int64_t>(self.as<String>().is_ascii ? before.size() : num_code_points(before));
}

template <bool kLast, bool kMustExist>
Value find_in(Runtime& runtime, const Value& self, Arguments& arguments) {
  const Values bound = bind_positional(kMustExist ? "index" : "find", arguments, 1, 3);
  const std::string& needle = to_text(bound[0], "the text to look for");
  const Window within = window(runtime, self, bound[1], bound[2]);
  std::size_t found = kNone;
  if (within.is_valid) {
    const std::string_view text = std::string_view(self.text()).substr(0, within.end);
    if (kLast) {
      found = find_last_text(text, needle, within.end);
      if (found != kNone && found < within.begin) found = kNone;
    } else {
      found = find_text(text, needle, within.begin);
    }
  }
  if (found != kNone) return Value::integer(position(self, found));
  if (kMustExist) type_fault("substring not found");
  return Value::integer(-1);
}

Value count(Runtime& runtime, const Value& self, Arguments& arguments) {
  const Values bound = bind_positional("count", arguments, 1, 3);
  const std::string& needle = to_text(bound[0], "the text to count");
  const Window within = window(runtime, self, bound[1], bound[2]);
  if (!within.is_valid) return Value::integer(0);
  const std::string_view text = std::string_view(self.text()).substr(0, within.end);
  if (needle.empty()) {
    return Value::integer(static_cast<std::int64_t>(num_code_points(text.substr(within.begin))) + 1);
  }
  std::int64_t out = 0;
  for (std::size_t at = find_text(text, needle, within.begin); at != kNone;
       at = find_text(text, needle, at + needle.size())) {
    ++out;
  }
  return Value::integer(out);
}

template <bool kAtEnd>
Value touches(Runtime& runtime, const Value& self, Arguments& arguments) {
  const Values bound = bind_positional(kAtEnd ? "endswith" : "startswith", arguments, 1, 3);
  const Window within = window(runtime, self, bound[1], bound[2]);
  const std::string_view text = std::string_view(self.text()).substr(0, within.end).substr(within.begin);
  const auto matches = [&](const Value& affix) {
    const std::string& sought = to_text(affix, "what it starts or ends with");
    if (!within.is_valid || sought.size() > text.size()) return false;
    return (kAtEnd ? text.substr(text.size() - sought.size()) : text.substr(0, sought.size())) == sought;
  };
  if (!bound[0].is(Kind::tuple)) return Value::boolean(matches(bound[0]));
  for (const Value& affix : bound[0].items()) {
    runtime.heap().tick();
    if (matches(affix)) return Value::boolean(true);
  }
  return Value::boolean(false);
}

template <bool kAtEnd>
Value remove_affix(Runtime& runtime, const Value& self, Arguments& arguments) {
  const Values bound = bind_positional(kAtEnd ? "removesuffix" : "removeprefix", arguments, 1, 1);
  const std::string& affix = to_text(bound[0], "the affix");
  const std::string_view text = self.text();
  if (affix.size() > text.size()) return self;
  const std::string_view rest = kAtEnd ? text.substr(0, text.size() - affix.size()) : text.substr(affix.size());
  const std::string_view end = kAtEnd ? text.substr(rest.size()) : text.substr(0, affix.size());
  return end == affix ? like(runtime, self, std::string(rest)) : self;
}

// ---- splitting and joining ------------------------------------------------------------------------------------------

void push(Runtime& runtime, const Value& self, Values& out, std::string_view part) {
  runtime.heap().tick();
  out.push_back(like(runtime, self, std::string(part)));
}

/// At runs of white space, from the left or the right.
Values split_space(Runtime& runtime, const Value& self, std::int64_t max_splits, bool from_right) {
  Values out;
  std::string_view rest = self.text();
  rest = from_right ? strip_right(rest) : strip_left(rest);
  while (!rest.empty()) {
    if (max_splits-- == 0) {
      push(runtime, self, out, from_right ? strip_right(rest) : rest);
      break;
    }
    std::size_t cut = from_right ? rest.size() : 0;
    if (from_right) {
      while (cut > 0) {
        std::size_t at = cut - 1;
        while (at > 0 && !begins_character(rest[at])) --at;
        if (is_space(decode_utf8(rest, at).value)) break;
        cut = at;
      }
      push(runtime, self, out, rest.substr(cut));
      rest = strip_right(rest.substr(0, cut));
    } else {
      while (cut < rest.size() && !is_space(decode_utf8(rest, cut).value)) cut += sequence_size(rest[cut]);
      push(runtime, self, out, rest.substr(0, cut));
      rest = strip_left(rest.substr(cut));
    }
  }
  if (from_right) std::reverse(out.begin(), out.end());
  return out;
}

Values split_at(Runtime& runtime, const Value& self, const std::string& separator, std::int64_t max_splits,
                bool from_right) {
  if (separator.empty()) type_fault("empty separator");
  std::vector<std::size_t> cuts;
  const std::string_view text = self.text();
  if (from_right) {
    const std::string turned(text.rbegin(), text.rend());
    const std::string sought(separator.rbegin(), separator.rend());
    for (std::size_t at = find_text(turned, sought, 0); at != kNone && max_splits-- != 0;
         at = find_text(turned, sought, at + sought.size())) {
      runtime.heap().tick();
      cuts.push_back(text.size() - at - sought.size());
    }
    std::reverse(cuts.begin(), cuts.end());
  } else {
    for (std::size_t at = find_text(text, separator, 0); at != kNone && max_splits-- != 0;
         at = find_text(text, separator, at + separator.size())) {
      runtime.heap().tick();
      cuts.push_back(at);
    }
  }
  Values out;
  std::size_t begin = 0;
  for (const std::size_t cut : cuts) {
    push(runtime, self, out, text.substr(begin, cut - begin));
    begin = cut + separator.size();
  }
  push(runtime, self, out, text.substr(begin));
  return out;
}

template <bool kFromRight>
Value split(Runtime& runtime, const Value& self, Arguments& arguments) {
  const Values bound = bind(kFromRight ? "rsplit" : "split", arguments, {"sep", "maxsplit"}, 0);
  const std::int64_t max_splits = index_or(bound[1], -1);
  runtime.heap().tick_bytes(2 * self.text().size());
  if (bound[0].is_missing() || bound[0].is_none()) {
    return runtime.heap().list(split_space(runtime, self, max_splits, kFromRight));
  }
  const std::string& separator = to_text(bound[0], "the separator");
  return runtime.heap().list(split_at(runtime, self, separator, max_splits, kFromRight));
}

Value splitlines(Runtime& runtime, const Value& self, Arguments& arguments) {
  const Values bound = bind("splitlines", arguments, {"keepends"}, 0);
  const bool keeps_ends = !bound[0].is_missing() && is_true(bound[0]);
  const std::string_view text = self.text();
  runtime.heap().tick_bytes(4 * text.size());
  Values out;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCodePoint decoded = decode_utf8(text, at);
    std::size_t end = at + decoded.num_bytes;
    if (is_line_break(decoded.value)) {
      if (decoded.value == '\r' && end < text.size() && text[end] == '\n') ++end;
      push(runtime, self, out, text.substr(begin, (keeps_ends ? end : at) - begin));
      begin = end;
    }
    at = end;
  }
  if (begin < text.size()) push(runtime, self, out, text.substr(begin));
  return runtime.heap().list(std::move(out));
}

template <bool kLast>
Value partition(Runtime& runtime, const Value& self, Arguments& arguments) {
  const Values bound = bind_positional(kLast ? "rpartition" : "partition", arguments, 1, 1);
  const std::string& separator = to_text(bound[0], "the separator");
  if (separator.empty()) type_fault("empty separator");
  const std::string_view text = self.text();
  runtime.heap().tick_bytes(2 * text.size());
  const std::size_t at = kLast ? find_last_text(text, separator, text.size()) : find_text(text, separator, 0);
  Values out;
  if (at == kNone) {
    if (kLast) push(runtime, self, out, ""), push(runtime, self, out, "");
    push(runtime, self, out, text);
    if (!kLast) push(runtime, self, out, ""), push(runtime, self, out, "");
  } else {
    push(runtime, self, out, text.substr(0, at));
    push(runtime, self, out, separator);
    push(runtime, self, out, text.substr(at + separator.size()));
  }
  return runtime.heap().tuple(std::move(out));
}

Value join(Runtime& runtime, const Value& self, Arguments& arguments) {
  const Values bound = bind_positional("join", arguments, 1, 1);
  const auto next = runtime.iterate(bound[0]);
  const bool is_markup = self.as<String>().is_markup;
  std::string out;
  std::int64_t at = 0;
  for (Value item = next(); !item.is_missing(); item = next(), ++at) {
    runtime.heap().tick();
    if (!item.is_string() && !is_markup) {
      type_fault(cat("sequence item ", at, ": expected str instance, ", type_name(item), " found"));
    }
    const std::string text = runtime.str(item);
    runtime.heap().reserve(out.size() + self.text().size() + text.size());
    runtime.heap().tick_bytes(text.size() + self.text().size());
    if (at != 0) out += self.text();
    out += is_markup && !(item.is_string() && item.as<String>().is_markup) ? escape_html(text) : text;
  }
  return like(runtime, self, std::move(out));
}

Value replace(Runtime& runtime, const Value& self, Arguments& arguments) {
  const Values bound = bind_positional("replace", arguments, 2, 3);
  return like(runtime, self,
              replace_text(runtime.heap(), self.text(), to_text(bound[0], "replace() argument 1"),
                           to_text(bound[1], "replace() argument 2"), index_or(bound[2], -1)));
}

Value expandtabs(Runtime& runtime, const Value& self, Arguments& arguments) {
  const Values bound = bind("expandtabs", arguments, {"tabsize"}, 0);
  const std::int64_t size = index_or(bound[0], 8);
  std::string out;
  std::int64_t column = 0;
  for (const char c : self.text()) {
    if (c == '\t') {
      const std::int64_t add = size > 0 ? size - column % size : 0;
      runtime.heap().reserve(out.size() + static_cast<std::size_t>(add));
      runtime.heap().tick_bytes(static_cast<std::size_t>(add));
      out.append(static_cast<std::size_t>(add), ' ');
      column += add;
      continue;
    }
    out += c;
    if (c == '\n' || c == '\r') column = 0;
    else if (begins_character(c)) ++column;
  }
  return like(runtime, self, std::move(out));
}

Value format(Runtime& runtime, const Value& self, Arguments& arguments) {
  return like(runtime, self, str_format(runtime, self.text(), arguments));
}

Value format_map(Runtime& runtime, const Value& self, Arguments& arguments) {
  const Values bound = bind_positional("format_map", arguments, 1, 1);
  if (!bound[0].is(Kind::dict)) type_fault(cat("format_map() argument must be a dict, not ", type_name(bound[0])));
  Arguments named;
  for (const auto& [key, value] : bound[0].as<Dict>().entries) {
    if (key.is_string()) named.named.emplace_back(key.text(), value);
  }
  return like(runtime, self, str_format(runtime, self.text(), named));
}

Value encode(Runtime&, const Value&, Arguments&) {
  throw Fault{"encode() is not supported: there are no bytes", false};
}

// ---- classes --------------------------------------------------------------------------------------------------------

template <bool (*kHas)(char32_t), bool kOfEmpty>
Value all_are(Runtime& runtime, const Value& self, Arguments& arguments) {
  bind_positional("str method", arguments, 0, 0);
  const std::string& text = self.text();
  runtime.heap().tick_bytes(4 * text.size());
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCodePoint decoded = decode_utf8(text, at);
    if (!kHas(decoded.value)) return Value::boolean(false);
    at += decoded.num_bytes;
  }
  return Value::boolean(kOfEmpty || !text.empty());
}

bool is_alnum(char32_t c) { return is_alpha(c) || is_numeric(c); }
bool is_ascii_character(char32_t c) { return c < 0x80; }

template <bool kUpper>
Value is_case(Runtime& runtime, const Value& self, Arguments& arguments) {
  bind_positional("isupper", arguments, 0, 0);
  runtime.heap().tick_bytes(4 * self.text().size());
  return Value::boolean(has_case(self.text(), kUpper));
}

Value is_title_case(Runtime& runtime, const Value& self, Arguments& arguments) {
  bind_positional("istitle", arguments, 0, 0);
  const std::string& text = self.text();
  runtime.heap().tick_bytes(4 * text.size());
  bool has_cased = false;
  bool was_cased = false;
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCodePoint decoded = decode_utf8(text, at);
    at += decoded.num_bytes;
    const bool opens = is_upper(decoded.value) || is_title(decoded.value);
    const bool goes_on = is_lower(decoded.value);
    if ((opens && was_cased) || (goes_on && !was_cased)) return Value::boolean(false);
    was_cased = opens || goes_on;
    has_cased = has_cased || was_cased;
  }
  return Value::boolean(has_cased);
}

Value is_identifier(Runtime& runtime, const Value& self, Arguments& arguments) {
  bind_positional("isidentifier", arguments, 0, 0);
  const std::string& text = self.text();
  runtime.heap().tick_bytes(4 * text.size());
  bool is_valid = !text.empty();
  for (std::size_t at = 0; at < text.size() && is_valid;) {
    const DecodedCodePoint decoded = decode_utf8(text, at);
    is_valid = at == 0 ? is_identifier_start(decoded.value) : is_identifier_part(decoded.value);
    at += decoded.num_bytes;
  }
  return Value::boolean(is_valid);
}

constexpr Entry kStringMethods[] = {{"strip", strip<true, true>},
                                    {"lstrip", strip<true, false>},
                                    {"rstrip", strip<false, true>},
                                    {"split", split<false>},
                                    {"rsplit", split<true>},
                                    {"splitlines", splitlines},
                                    {"startswith", touches<false>},
                                    {"endswith", touches<true>},
                                    {"upper", mapped<upper>},
                                    {"lower", mapped<lower>},
                                    {"title", mapped<title>},
                                    {"capitalize", mapped<capitalize>},
                                    {"swapcase", mapped<swapcase>},
                                    {"casefold", mapped<casefold>},
                                    {"replace", replace},
                                    {"find", find_in<false, false>},
                                    {"rfind", find_in<true, false>},
                                    {"index", find_in<false, true>},
                                    {"rindex", find_in<true, true>},
                                    {"count", count},
                                    {"join", join},
                                    {"format", format},
                                    {"format_map", format_map},
                                    {"partition", partition<false>},
                                    {"rpartition", partition<true>},
                                    {"removeprefix", remove_affix<false>},
                                    {"removesuffix", remove_affix<true>},
                                    {"ljust", padded<Side::left>},
                                    {"rjust", padded<Side::right>},
                                    {"center", padded<Side::center>},
                                    {"zfill", zfill},
                                    {"expandtabs", expandtabs},
                                    {"encode", encode},
                                    {"isalpha", all_are<is_alpha, false>},
                                    {"isdigit", all_are<is_digit, false>},
                                    {"isdecimal", all_are<is_decimal, false>},
                                    {"isnumeric", all_are<is_numeric, false>},
                                    {"isalnum", all_are<is_alnum, false>},
                                    {"isspace", all_are<is_space, false>},
                                    {"isascii", all_are<is_ascii_character, true>},
                                    {"isprintable", all_are<is_printable, true>},
                                    {"isupper", is_case<true>},
                                    {"islower", is_case<false>},
                                    {"istitle", is_title_case},
                                    {"isidentifier", is_identifier}};

}  // namespace

bool has_case(std::string_view text, bool wants_upper) {
  bool has_cased = false;
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCodePoint decoded = decode_utf8(text, at);
    at += decoded.num_bytes;
    const char32_t c = decoded.value;
    if (is_title(c) || (wants_upper ? is_lower(c) : is_upper(c))) return false;
    has_cased = has_cased || is_upper(c) || is_lower(c);
  }
  return has_cased;
}

std::string replace_text(Heap& heap, std::string_view text, std::string_view old, std::string_view fresh,
                         std::int64_t max_count) {
  heap.tick_bytes(2 * text.size());
  std::string out;
  std::size_t begin = 0;
  const auto insert = [&](std::size_t upto) {
    heap.reserve(out.size() + (upto - begin) + fresh.size());
    heap.tick_bytes(fresh.size());
    out += text.substr(begin, upto - begin);
    out += fresh;
  };
  if (old.empty()) {
    for (std::size_t at = 0; max_count != 0; --max_count) {
      heap.tick();
      insert(at);
      begin = at;
      if (at >= text.size()) break;
      at += sequence_size(text[at]);
    }
  } else {
    for (std::size_t at = find_text(text, old, 0); at != kNone && max_count != 0;
         at = find_text(text, old, begin), --max_count) {
      if (out.size() % 64 == 0) heap.tick();
      insert(at);
      begin = at + old.size();
    }
  }
  out += text.substr(begin);
  return out;
}

Table string_methods() noexcept { return {kStringMethods, std::size(kStringMethods)}; }

}  // namespace forgelm::text::jinja
