// Decoding follows what Python's UTF-8 codec, its universal newlines and PyYAML's table of acceptable characters do.
// The trap: a file is refused at its first bad byte or character, but the rest of that line is still decoded, so that
// the message can show the line.
#include "yaml_text.hpp"

#include <algorithm>
#include <cstdio>

#include "forgelm/core/text.hpp"

namespace forgelm::config::yaml {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

bool is_acceptable(char32_t c) noexcept {
  return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0x7E) || c == 0x85 || (c >= 0xA0 && c <= 0xFFFD) ||
         c >= 0x10000;
}

std::string hex(unsigned value, int width) {
  char buffer[16];
  std::snprintf(buffer, sizeof buffer, "%0*X", width, value);
  return buffer;
}

/// The name of an encoding that the first bytes announce and that is not UTF-8, or "".
std::string foreign_encoding(std::string_view bytes) {
  using namespace std::string_view_literals;
  const auto starts = [&](std::string_view mark) { return bytes.substr(0, mark.size()) == mark; };
  if (starts("\xFF\xFE\0\0"sv) || starts("\0\0\xFE\xFF"sv)) return "UTF-32";
  if (starts("\xFF\xFE"sv) || starts("\xFE\xFF"sv)) return "UTF-16";
  return "";
}

/// Collects characters and lines, and stops at the end of the line in which a fault lies.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : bytes_(bytes) {
    if (bytes_.substr(0, 3) == "\xEF\xBB\xBF") at_ = 3;
    text_.chars.reserve(bytes.size() + Text::kPadding);
    text_.line_starts.push_back(0);
  }

  Text run() {
    while (at_ < bytes_.size() && !done_) step();
    if (!done_) end_line();
    text_.size = text_.chars.size();
    text_.chars.append(Text::kPadding, U'\0');
    return std::move(text_);
  }

 private:
  void step() {
    const auto [c, num_bytes, is_valid] = decode_utf8(bytes_, at_);
    if (!is_valid) {
      note_bad_byte();
      put(kReplacement);
      ++at_;
      return;
    }
    at_ += num_bytes;
    if (c == '\r') {
      if (at_ < bytes_.size() && bytes_[at_] == '\n') ++at_;
      break_line('\n');
    } else if (c == 0x85) {
      break_line('\n');
    } else if (is_break(c)) {
      break_line(c);
    } else if (!is_acceptable(c)) {
      note_bad_character(c);
      put(kReplacement);
    } else {
      put(c);
    }
  }

  void put(char32_t c) {
    text_.chars.push_back(c);
    append_utf8(line_, c);
  }

  void end_line() {
    text_.lines.push_back(std::move(line_));
    line_.clear();
  }

  void break_line(char32_t c) {
    end_line();
    text_.chars.push_back(c);
    text_.line_starts.push_back(text_.chars.size());
    if (text_.fault) done_ = true;
  }

  void note_bad_byte() {
    if (text_.fault) return;
    const unsigned byte = static_cast<unsigned char>(bytes_[at_]);
    const std::string foreign = at_ == 0 ? foreign_encoding(bytes_) : "";
    text_.fault =
        Fault{"yaml_encoding",
              text_.chars.size(),
              1,
              foreign.empty() ? "byte 0x" + hex(byte, 2) + " at offset " + std::to_string(at_) + " is not UTF-8"
                              : "the file begins with a " + foreign + " byte order mark",
              "UTF-8 text",
              "save the file as UTF-8 and try again"};
  }

  void note_bad_character(char32_t c) {
    if (text_.fault) return;
    text_.fault = Fault{"yaml_character",
                        text_.chars.size(),
                        1,
                        "the character U+" + hex(c, 4) + " must not stand in a YAML file",
                        "printable characters, tab and line breaks",
                        c == 0 ? "is this a text file, saved as UTF-8?"
                               : "remove it, or write it as an escape in double quotes: \"\\u" + hex(c, 4) + "\""};
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  bool done_ = false;
  std::string line_;
  Text text_;
};

}  // namespace

Fault too_deep(const YamlLimits& limits, std::size_t position) {
  return {"yaml_limit", position, 1, "collections are nested too deeply", cat("at most ", limits.max_depth, " levels")};
}

Fault too_many_values(const YamlLimits& limits, std::size_t position, std::size_t length, const char* when) {
  return {"yaml_limit", position, length, cat("the document has too many values", when),
          cat("at most ", limits.max_nodes, " values")};
}

std::string to_utf8(std::u32string_view chars) {
  std::string out;
  out.reserve(chars.size());
  for (const char32_t c : chars) append_utf8(out, c);
  return out;
}

std::string describe(char32_t c) {
  if (c == 0) return "the end of the file";
  if (c == '\t') return "a tab";
  if (is_break(c)) return "the end of the line";
  if (c > 0x20 && c < 0x7F) return std::string("'") + static_cast<char>(c) + "'";
  return c == ' ' ? "a space" : "U+" + hex(c, 4);
}

std::string excerpt(std::string_view utf8) {
  std::string out = "'";
  std::size_t num_chars = 0;
  for (std::size_t at = 0; at < utf8.size(); ++num_chars) {
    if (num_chars == 40) return out + "...'";
    const auto [c, num_bytes, is_valid] = decode_utf8(utf8, at);
    if (!is_valid) break;
    if (c < 0x20 || c == 0x7F || (c >= 0x80 && c < 0xA0) || is_break(c)) out += ' ';
    else out += utf8.substr(at, num_bytes);
    at += num_bytes;
  }
  return out + "'";
}

Text decode(std::string_view bytes, const YamlLimits& limits) {
  if (bytes.size() > limits.max_bytes) {
    Text text = Decoder("").run();
    text.fault = Fault{"yaml_limit",
                       0,
                       1,
                       "the file has " + std::to_string(bytes.size()) + " bytes",
                       "at most " + std::to_string(limits.max_bytes) + " bytes",
                       "a job file is text of a few kilobytes"};
    return text;
  }
  return Decoder(bytes).run();
}

SourceSpot spot_of(const Text& text, const std::string& file_name, std::size_t position, std::size_t length) {
  const auto after = std::upper_bound(text.line_starts.begin(), text.line_starts.end(), position);
  const std::size_t line = static_cast<std::size_t>(after - text.line_starts.begin()) - 1;
  const std::size_t start = text.line_starts[line];
  const std::size_t end = line + 1 < text.line_starts.size() ? text.line_starts[line + 1] - 1 : text.size;
  const std::size_t room = end > position ? end - position : 1;
  SourceSpot spot;
  spot.file = file_name;
  spot.line = static_cast<int>(line) + 1;
  spot.column = static_cast<int>(position - start) + 1;
  spot.length = static_cast<int>(std::max<std::size_t>(1, std::min(length, room)));
  return spot;
}

}  // namespace forgelm::config::yaml
