// Which lines of a job file may not be shown as they are. Before the file is understood, lines with a telling word
// count; once there is a tree, every value whose key is a secret's name or nearly so, with all lines that it takes.
#include <algorithm>
#include <set>

#include "bind.hpp"
#include "forgelm/config/schema.hpp"
#include "forgelm/core/redact.hpp"
#include "forgelm/core/suggest.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::config {
namespace {

constexpr std::string_view kWords[] = {"token",  "secret",   "api_key", "api-key",
                                       "apikey", "password", "passwd",  "credential"};

/// Keys that sound secret and are not: `max_new_tokens`, `api_key_env`.
bool is_public_name(const std::string& key) {
  static const std::set<std::string> names = [] {
    std::set<std::string> found;
    for (const auto& placed : all_fields())
      if (!placed.field->is_secret) found.insert({placed.field->name, placed.field->alias});
    for (const auto& placed : all_fields())
      if (placed.field->is_secret) found.erase(placed.field->name);
    return found;
  }();
  return names.count(key) == 1;
}

/// The name around a place in a line: letters, digits, _ and -.
std::string name_around(std::string_view line, std::size_t at) {
  static constexpr std::string_view kNameChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  const std::size_t before = line.find_last_not_of(kNameChars, at);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  return std::string(line.substr(begin, line.find_first_not_of(kNameChars, at) - begin));
}

/// The place after the first telling word's colon, or npos.
std::size_t secret_begin(std::string_view line) {
  const std::string lower = ascii_lower(line);
  std::size_t first = std::string_view::npos;
  for (const auto word : kWords)
    for (std::size_t at = lower.find(word); at != std::string::npos; at = lower.find(word, at + 1)) {
      const std::size_t colon = is_public_name(name_around(line, at)) ? std::string_view::npos : line.find(':', at);
      if (colon != std::string_view::npos) first = std::min(first, colon + 1);
    }
  // The address of a webhook carries its token.
  for (std::size_t at = lower.find("url"); at != std::string::npos; at = lower.find("url", at + 1)) {
    const std::size_t colon = name_around(line, at) == "url" ? line.find(':', at) : std::string_view::npos;
    if (colon != std::string_view::npos) first = std::min(first, colon + 1);
  }
  return first;
}

/// Takes a word out of a message, also where the message quotes only its beginning.
void take_out(std::string& message, std::string_view word) {
  for (std::size_t size = word.size(); size >= kMinSecretBytes; --size)
    for (std::size_t at; (at = message.find(word.substr(0, size))) != std::string::npos;)
      message.replace(at, size, "***");
}

std::size_t indentation(std::string_view line) { return std::min(line.find_first_not_of(' '), line.size()); }

const std::vector<std::string>& secret_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> found;
    for (const auto& placed : all_fields())
      if (placed.field->is_secret) found.push_back(placed.field->name);
    return found;
  }();
  return names;
}

bool sounds_secret(const std::string& key) {
  if (key != "url" && is_public_name(key)) return false;
  return secret_begin(key + ":") != std::string_view::npos || !nearest(key, secret_names()).empty();
}

int last_line(const Node& node) {
  int last = node.line;
  for (const auto& item : node.items) last = std::max(last, last_line(item));
  for (const auto& [key, value] : node.entries) last = std::max({last, last_line(key), last_line(value)});
  return last;
}

void walk(const Node& node, LoadedJob& out) {
  for (const auto& item : node.items) walk(item, out);
  for (const auto& [key, value] : node.entries) {
    walk(value, out);
    if (key.kind != Node::Kind::text || !sounds_secret(key.text)) continue;
    for (int line = key.line; line <= last_line(value); ++line) out.secret_lines.insert(line);
    // The further lines of a block of text stand deeper than its key.
    for (auto line = static_cast<std::size_t>(last_line(value)); line < out.lines.size(); ++line) {
      const std::string& text = out.lines[line];
      if (!trim(text).empty() && indentation(text) < static_cast<std::size_t>(key.column)) break;
      out.secret_lines.insert(static_cast<int>(line) + 1);
    }
  }
}

/// The line itself or the key that it stands under.
bool stands_under_secret(const LoadedJob& job, std::size_t index) {
  std::size_t depth = std::string::npos;
  for (std::size_t i = index + 1; i-- > 0;) {
    const std::string& line = job.lines[i];
    if (trim(line).empty() || (i != index && indentation(line) >= depth)) continue;
    if (secret_begin(line) != std::string_view::npos) return true;
    depth = indentation(line);
    if (depth == 0) return false;
  }
  return false;
}

/// The line with "***" in the place of a secret's value, as a whole.
std::string blanked_line(const LoadedJob& job, int line) {
  const auto index = static_cast<std::size_t>(line) - 1;
  if (line < 1 || index >= job.lines.size()) return "";
  const std::string& text = job.lines[index];
  const std::size_t begin = secret_begin(text);
  if (begin != std::string_view::npos) return cat(text.substr(0, begin), " ***");
  if (job.secret_lines.count(line) == 0 && !stands_under_secret(job, index)) return text;
  const std::size_t colon = text.find(": ");
  return cat(text.substr(0, colon == std::string::npos ? indentation(text) : colon + 1), " ***");
}

}  // namespace

void find_secret_lines(const Node& root, LoadedJob& out) { walk(root, out); }

std::string shown_line(const LoadedJob& job, int line) { return line_to_show(blanked_line(job, line)); }

void hide_secret_values(Diagnostic& diagnostic, const LoadedJob& job) {
  const auto index = static_cast<std::size_t>(diagnostic.spot.line) - 1;
  if (diagnostic.spot.line < 1 || index >= job.lines.size()) return;
  const std::string shown = blanked_line(job, diagnostic.spot.line);
  const std::string& text = job.lines[index];
  if (shown == text) return;
  diagnostic.source_line = line_to_show(shown);
  // A reader's message may quote from the line, as a whole or in part.
  std::string word;
  for (const char c : text.substr(std::min(shown.size(), text.size() + 4) - 4) + " ") {
    if (static_cast<unsigned char>(c) >= 0x80 || is_ascii_digit(c) ||
        (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z')) {
      word += c;
      continue;
    }
    take_out(diagnostic.message, word);
    word.clear();
  }
}

}  // namespace forgelm::config
