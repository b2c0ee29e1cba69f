#include "name_pattern.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <cstdint>
#include <memory>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::formats {
namespace {

constexpr std::size_t kMaxPatternBytes = 16384;
constexpr std::uint32_t kMaxSteps = 1'000'000;  // as the reference's `re` would take milliseconds for
constexpr std::uint32_t kMaxHeapKb = 16384;

[[noreturn]] void fail(const std::string& pattern, std::string_view what) {
  throw ConfigError(cat("the pattern of names ", quote(pattern), ": ", what));
}

template <class T, void (*free)(T*)>
struct Free {
  void operator()(T* object) const { free(object); }
};
using Code = std::unique_ptr<pcre2_code, Free<pcre2_code, pcre2_code_free>>;
using CompileContext = std::unique_ptr<pcre2_compile_context, Free<pcre2_compile_context, pcre2_compile_context_free>>;
using MatchContext = std::unique_ptr<pcre2_match_context, Free<pcre2_match_context, pcre2_match_context_free>>;
using MatchData = std::unique_ptr<pcre2_match_data, Free<pcre2_match_data, pcre2_match_data_free>>;

}  // namespace

bool matches_whole_name(const std::string& pattern, std::string_view name) {
  if (pattern.size() > kMaxPatternBytes) fail(pattern, cat("more than ", kMaxPatternBytes, " bytes"));
  const CompileContext context(pcre2_compile_context_create(nullptr));
  pcre2_set_parens_nest_limit(context.get(), 100);
  int error = 0;
  std::size_t place = 0;
  const auto options = PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C;
  const Code code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), options, &error, &place,
                                context.get()));
  if (!code) {
    PCRE2_UCHAR text[256] = {};
    pcre2_get_error_message(error, text, sizeof text);
    fail(pattern, cat(reinterpret_cast<const char*>(text), " at byte ", place));
  }
  const MatchContext limits(pcre2_match_context_create(nullptr));
  pcre2_set_match_limit(limits.get(), kMaxSteps);
  pcre2_set_heap_limit(limits.get(), kMaxHeapKb);
  const MatchData data(pcre2_match_data_create(1, nullptr));
  const int result =
      pcre2_match(code.get(), reinterpret_cast<PCRE2_SPTR>(name.data()), name.size(), 0, 0, data.get(), limits.get());
  if (result < PCRE2_ERROR_NOMATCH) fail(pattern, cat("too many steps for the name ", quote(name)));
  return result >= 0;
}

}  // namespace forgelm::formats
