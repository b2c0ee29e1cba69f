// Renders diagnostics the way compilers do, so that editors and CI systems find the places by themselves.
#include "forgelm/core/diagnostic.hpp"

#include <algorithm>
#include <tuple>

#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm {
namespace {

const char* name_of(Severity severity) { return severity == Severity::error ? "error" : "warning"; }

std::string place_of(const SourceSpot& spot) {
  std::string place = escape_for_line(spot.file);
  if (spot.line > 0) place += ":" + std::to_string(spot.line);
  if (spot.line > 0 && spot.column > 0) place += ":" + std::to_string(spot.column);
  return place;
}

std::string sentence_of(const Diagnostic& diagnostic) {
  std::string text = diagnostic.path.empty() ? "" : diagnostic.path + ": ";
  text += diagnostic.message;
  if (!diagnostic.allowed.empty()) text += "; allowed: " + diagnostic.allowed;
  return text;
}

/// The source line with tabs as blanks, so that the caret below stands under its column.
std::string with_caret(const Diagnostic& diagnostic, bool color) {
  std::string line = diagnostic.source_line;
  std::replace(line.begin(), line.end(), '\t', ' ');
  const std::string number = std::to_string(diagnostic.spot.line);
  std::string out = "  " + number + " | " + line + "\n";
  // A long line and one that holds a secret are shown cut off: a caret stands under what is shown, or not at all.
  const std::size_t width = num_code_points(line);
  if (diagnostic.spot.column > 0 && static_cast<std::size_t>(diagnostic.spot.column) <= width + 1) {
    const auto column = static_cast<std::size_t>(diagnostic.spot.column);
    const std::size_t length = std::clamp<std::size_t>(static_cast<std::size_t>(std::max(1, diagnostic.spot.length)), 1,
                                                       std::max<std::size_t>(1, width + 1 - column));
    out += "  " + std::string(number.size(), ' ') + " | " + std::string(column - 1, ' ');
    out += (color ? "\033[1;32m" : "") + std::string(length, '^') + (color ? "\033[0m" : "") + "\n";
  }
  return out;
}

std::string render_text(const Diagnostic& diagnostic, bool color) {
  const bool is_error = diagnostic.severity == Severity::error;
  std::string out = place_of(diagnostic.spot);
  if (!out.empty()) out += ": ";
  if (color) out += is_error ? "\033[1;31m" : "\033[1;33m";
  out += name_of(diagnostic.severity);
  if (color) out += "\033[0m";
  out += ": " + sentence_of(diagnostic) + "\n";
  if (!diagnostic.source_line.empty() && diagnostic.spot.line > 0) out += with_caret(diagnostic, color);
  if (!diagnostic.hint.empty()) out += "  hint: " + diagnostic.hint + "\n";
  return out;
}

/// Workflow commands escape %, CR and LF everywhere, and ':' and ',' in properties.
std::string escape_github(const std::string& text, bool property) {
  std::string out;
  for (const char c : text) {
    if (c == '%') out += "%25";
    else if (c == '\r') out += "%0D";
    else if (c == '\n') out += "%0A";
    else if (property && c == ':') out += "%3A";
    else if (property && c == ',') out += "%2C";
    else out += c;
  }
  return out;
}

std::string render_github(const Diagnostic& diagnostic) {
  std::string out =
      std::string("::") + name_of(diagnostic.severity) + " file=" + escape_github(diagnostic.spot.file, true);
  if (diagnostic.spot.line > 0) out += ",line=" + std::to_string(diagnostic.spot.line);
  if (diagnostic.spot.column > 0) out += ",col=" + std::to_string(diagnostic.spot.column);
  out += ",title=" + escape_github("forgelm: " + diagnostic.code, true) + "::";
  std::string text = sentence_of(diagnostic);
  if (!diagnostic.hint.empty()) text += "\nhint: " + diagnostic.hint;
  return out + escape_github(text, false) + "\n";
}

}  // namespace

std::string render(const std::vector<Diagnostic>& diagnostics, DiagnosticStyle style, bool color) {
  std::string out;
  for (const auto& diagnostic : diagnostics)
    out += style == DiagnosticStyle::github ? render_github(diagnostic) : render_text(diagnostic, color);
  return out;
}

std::string line_to_show(std::string_view line) {
  constexpr std::size_t kMaxShown = 400;
  const std::string_view shown = prefix_code_points(line, kMaxShown);
  return cat(shown, shown.size() < line.size() ? "..." : "");
}

void sort_by_place(std::vector<Diagnostic>& diagnostics) {
  std::stable_sort(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.spot.line, a.spot.column) < std::tie(b.spot.line, b.spot.column);
  });
}

bool has_errors(const std::vector<Diagnostic>& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& diagnostic) { return diagnostic.severity == Severity::error; });
}

}  // namespace forgelm
