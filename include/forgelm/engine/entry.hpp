// The one symbol by which libforgelm_engine.so is entered.
#pragma once

#include "forgelm/engine/engine.hpp"
#include "forgelm/engine/libtorch.hpp"

namespace forgelm::engine {

inline constexpr const char* kEntrySymbol = "forgelm_engine_entry";

struct EngineEntry {
  const char* version;                        ///< of the forgelm that the engine was built from
  Engine* (*instance)(const Libtorch& from);  ///< the engine of this process; lives to its end
};

}  // namespace forgelm::engine
