// Plugins: libraries of ours that stand beside libforgelm.so and are opened on first use, because what they link costs
// much or has symbols that must not meet those of others. A plugin exports one entry: a struct whose first member is
// the version of forgelm it was built from, as const char*. Plugins are never closed.
#pragma once

#include <string_view>

#include "forgelm/core/result.hpp"

namespace forgelm {

struct PluginSpec {
  const char* file_name;  ///< "libforgelm_parquet.so"
  const char* symbol;     ///< of its entry
  std::string_view what;  ///< "the Parquet reader", for messages
  /// Its libraries look for symbols among themselves first. Without it they find those of libraries that are loaded for
  /// all, as libtorch is, and two libraries may share a variable by accident.
  bool is_isolated = false;
};

/// The entry of a plugin; a failure says what is missing or of another version. The hint has no advice about doing
/// without.
Result<const void*> open_plugin(const PluginSpec& spec);

}  // namespace forgelm
