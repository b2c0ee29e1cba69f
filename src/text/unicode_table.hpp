// The tables behind unicode.hpp, as runs of code points; written by tools/golden/tokenizers/unicode_tables.py.
#pragma once

#include <cstddef>
#include <cstdint>

namespace forgelm::text {

struct FlagRun {
  std::uint32_t first;
  std::uint16_t flags;
};
/// Code points first, first + step, ..., last have a lower case that lies `delta` away.
struct LowerRun {
  std::uint32_t first;
  std::uint32_t last;
  std::int32_t step;
  std::int32_t delta;
};
struct ScriptRun {
  std::uint32_t first;
  std::uint8_t script;
};

extern const FlagRun kFlagRuns[];
extern const std::size_t kNumFlagRuns;
extern const LowerRun kLowerRuns[];
extern const std::size_t kNumLowerRuns;
extern const ScriptRun kScriptRuns[];
extern const std::size_t kNumScriptRuns;

}  // namespace forgelm::text
