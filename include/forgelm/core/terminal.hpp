// What a file descriptor is connected to, and whether colour is wanted on it. The decision is a pure function of its
// inputs; the process-wide choice of --color feeds it once at start.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "forgelm/core/choices.hpp"

namespace forgelm {

FORGELM_CHOICES(ColorChoice, auto_, always, never)

/// Everything that the colour decision depends on; an unset environment variable is nothing.
struct ColorInputs {
  ColorChoice choice = ColorChoice::auto_;  ///< --color
  bool is_terminal = false;
  std::optional<std::string> no_color;        ///< $NO_COLOR
  std::optional<std::string> clicolor_force;  ///< $CLICOLOR_FORCE
  std::optional<std::string> term;            ///< $TERM
};

/// In this order: an explicit choice; NO_COLOR set and not empty: no; CLICOLOR_FORCE set, not empty and not "0": yes;
/// otherwise only on a terminal whose TERM is set, not empty and not "dumb".
bool wants_color(const ColorInputs& inputs) noexcept;

/// The inputs as this process sees them for `fd`.
ColorInputs color_inputs(int fd, ColorChoice choice);

/// Sets what --color said; the decision for stdout and stderr is made anew.
void set_color_choice(ColorChoice choice);

/// wants_color() for file descriptor 1 or 2, decided once and remembered; false for others. Safe from any thread.
bool color_enabled(int fd);

bool is_terminal(int fd) noexcept;

/// Columns of the terminal on `fd`; where it does not say, $COLUMNS, else 80. At least 1.
int terminal_width(int fd) noexcept;

/// Columns that UTF-8 `text` takes: 0 for combining and zero-width code points, 2 for wide East Asian ones and emoji.
int display_width(std::string_view text) noexcept;

/// The longest start of `text` that fits into `max_columns`.
std::string_view fit_width(std::string_view text, int max_columns) noexcept;

}  // namespace forgelm
