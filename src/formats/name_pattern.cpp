#include "name_pattern.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <cstddef>

#include "forgelm/core/error.hpp"
#include "forgelm/core/pcre2_objects.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::formats {
namespace {

constexpr std::size_t kMaxPatternBytes = 16384;

[[noreturn]] void fail(const std::string& pattern, std::string_view what) {
  throw ConfigError(cat("the pattern of names ", quote(pattern), ": ", what));
}

}  // namespace

bool matches_whole_name(const std::string& pattern, std::string_view name) {
  if (pattern.size() > kMaxPatternBytes) fail(pattern, cat("more than ", kMaxPatternBytes, " bytes"));
  const pcre2::CompileContext context = pcre2::make_compile_context();
  int error = 0;
  std::size_t place = 0;
  const auto options = PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C;
  const pcre2::Code code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), options, &error,
                                       &place, context.get()));
  if (!code) fail(pattern, cat(pcre2::message_of(error), " at byte ", place));
  const pcre2::Workspace workspace;  // the reference's `re` would take milliseconds for as many steps
  const int result = pcre2_match(code.get(), reinterpret_cast<PCRE2_SPTR>(name.data()), name.size(), 0, 0,
                                 workspace.data.get(), workspace.context.get());
  if (result < PCRE2_ERROR_NOMATCH) fail(pattern, cat("too many steps for the name ", quote(name)));
  return result >= 0;
}

}  // namespace forgelm::formats
