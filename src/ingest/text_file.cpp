#include "text_file.hpp"

#include "codec.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::ingest {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// "\r\n" and "\r" as "\n", in place.
void unify_line_ends(std::string& text) {
  std::size_t to = text.find('\r');
  if (to == std::string::npos) return;
  for (std::size_t from = to; from < text.size(); ++from) {
    if (text[from] == '\r') {
      text[to++] = '\n';
      if (from + 1 < text.size() && text[from + 1] == '\n') ++from;
    } else {
      text[to++] = text[from];
    }
  }
  text.resize(to);
}

/// The end of a line that is "---" with blanks behind it, its line break included; npos when the line at `begin` is
/// another one.
std::size_t end_of_rule(std::string_view text, std::size_t begin) {
  if (text.substr(begin, 3) != "---") return std::string_view::npos;
  const std::size_t end = text.find_first_not_of(" \t", begin + 3);
  return end != std::string_view::npos && text[end] == '\n' ? end + 1 : std::string_view::npos;
}

}  // namespace

std::string read_text_file(const std::filesystem::path& path, const std::optional<std::string>& codec) {
  std::string text = decode_text(read_file(path), codec.value_or("UTF-8"));
  unify_line_ends(text);
  return text;
}

std::size_t front_matter_size(std::string_view text) {
  const std::size_t first = end_of_rule(text, 0);
  if (first == std::string_view::npos) return 0;
  // The block has at least one line, empty or not, as the reference's pattern has it.
  for (std::size_t line_end = text.find('\n', first); line_end != std::string_view::npos;
       line_end = text.find('\n', line_end + 1)) {
    const std::size_t end = end_of_rule(text, line_end + 1);
    if (end != std::string_view::npos) return end;
  }
  return 0;
}

double replacement_share(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = text.find(kReplacement); at != std::string_view::npos; at = text.find(kReplacement, at + 3))
    ++count;
  return count == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(num_code_points(text));
}

}  // namespace forgelm::ingest
