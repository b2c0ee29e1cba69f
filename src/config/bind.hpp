// Binding: a YAML tree into the members of JobConfig, with a diagnostic for everything that does not fit.
#pragma once

#include <string>
#include <string_view>

#include "forgelm/config/load.hpp"
#include "forgelm/config/yaml.hpp"

namespace forgelm::config {

/// Fills job, given and diagnostics of `out` (whose file and lines are set) from the root node.
void bind(const Node& root, LoadedJob& out);

/// Adds a diagnostic at a place of the file, with the source line for the caret.
void add_diagnostic(LoadedJob& out, Diagnostic diagnostic);

/// Finds the lines whose values are secret, for shown_line().
void find_secret_lines(const Node& root, LoadedJob& out);

/// Blanks the line and what the message quotes, when the diagnostic points at a line that holds a secret.
void hide_secret_values(Diagnostic& diagnostic, const LoadedJob& job);

}  // namespace forgelm::config
