#include "forgelm/core/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "forgelm/core/text.hpp"

namespace forgelm {
namespace {

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

enum class Decision : char { open, off, on };
std::atomic<ColorChoice> color_choice{ColorChoice::auto_};
std::array<std::atomic<Decision>, 3> decisions{};

/// Columns of one code point; the ranges are the ones that occur in names and messages, not all of Unicode.
int columns_of(char32_t c) noexcept {
  const auto in = [c](char32_t low, char32_t high) { return c >= low && c <= high; };
  if (c < 0x20 || in(0x7F, 0x9F) || in(0x300, 0x36F) || in(0x483, 0x489) || in(0x591, 0x5BD) || in(0x64B, 0x65F) ||
      in(0x1AB0, 0x1AFF) || in(0x1DC0, 0x1DFF) || in(0x200B, 0x200F) || in(0x202A, 0x202E) || in(0x2060, 0x2069) ||
      in(0x20D0, 0x20FF) || in(0xFE00, 0xFE0F) || in(0xFE20, 0xFE2F) || c == 0xFEFF || in(0xE0100, 0xE01EF))
    return 0;
  if (in(0x1100, 0x115F) || in(0x2E80, 0x303E) || in(0x3041, 0xA4CF) || in(0xA960, 0xA97C) || in(0xAC00, 0xD7A3) ||
      in(0xF900, 0xFAFF) || in(0xFE30, 0xFE6F) || in(0xFF01, 0xFF60) || in(0xFFE0, 0xFFE6) || in(0x1F300, 0x1F64F) ||
      in(0x1F680, 0x1F6FF) || in(0x1F900, 0x1FAFF) || in(0x20000, 0x3FFFD))
    return 2;
  return 1;
}

}  // namespace

bool wants_color(const ColorInputs& inputs) noexcept {
  if (inputs.choice != ColorChoice::auto_) return inputs.choice == ColorChoice::always;
  if (inputs.no_color && !inputs.no_color->empty()) return false;
  if (inputs.clicolor_force && !inputs.clicolor_force->empty() && *inputs.clicolor_force != "0") return true;
  return inputs.is_terminal && inputs.term && !inputs.term->empty() && *inputs.term != "dumb";
}

ColorInputs color_inputs(int fd, ColorChoice choice) {
  return {choice, is_terminal(fd), environment("NO_COLOR"), environment("CLICOLOR_FORCE"), environment("TERM")};
}

void set_color_choice(ColorChoice choice) {
  color_choice = choice;
  for (auto& decision : decisions) decision = Decision::open;
}

bool color_enabled(int fd) {
  if (fd != STDOUT_FILENO && fd != STDERR_FILENO) return false;
  auto& decision = decisions[static_cast<std::size_t>(fd)];
  if (decision == Decision::open) decision = wants_color(color_inputs(fd, color_choice)) ? Decision::on : Decision::off;
  return decision == Decision::on;
}

bool is_terminal(int fd) noexcept { return ::isatty(fd) == 1; }

int terminal_width(int fd) noexcept {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  if (const char* text = std::getenv("COLUMNS")) {
    int columns = 0;
    const char* end = text + std::strlen(text);
    const auto [stop, error] = std::from_chars(text, end, columns);
    if (error == std::errc() && stop == end && columns > 0) return columns;
  }
  return 80;
}

int display_width(std::string_view text) noexcept {
  int columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCodePoint point = decode_utf8(text, at);
    columns += columns_of(point.value);
    at += point.num_bytes;
  }
  return columns;
}

std::string_view fit_width(std::string_view text, int max_columns) noexcept {
  int columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCodePoint point = decode_utf8(text, at);
    columns += columns_of(point.value);
    if (columns > max_columns) return text.substr(0, at);
    at += point.num_bytes;
  }
  return text;
}

}  // namespace forgelm
