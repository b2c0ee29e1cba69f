// PCRE2 behind Pattern. Match data is per thread, since a pattern is shared.
#include "forgelm/core/pattern.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <cstdint>

#include "forgelm/core/error.hpp"
#include "forgelm/core/pcre2_objects.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm {
namespace {

constexpr std::size_t kMaxPatternBytes = 16384;
}  // namespace

struct Pattern::Impl {
  pcre2::Code code;
};

Pattern::Pattern(std::string_view pattern) : Pattern(pattern, Options()) {}

Pattern::Pattern(std::string_view pattern, const Options& asked) : impl_(std::make_unique<Impl>()) {
  if (pattern.size() > kMaxPatternBytes)
    throw ConfigError(cat("the regular expression has more than ", kMaxPatternBytes, " bytes"));
  const pcre2::CompileContext context = pcre2::make_compile_context();
  std::uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
  if (asked.classes == Classes::unicode) options |= PCRE2_UCP;
  if (asked.dot_is_all) options |= PCRE2_DOTALL;
  if (asked.is_ours) options |= PCRE2_USE_OFFSET_LIMIT;
  int error = 0;
  std::size_t place = 0;
  impl_->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), options, &error, &place,
                                  context.get()));
  if (!impl_->code) throw ConfigError(cat("not a valid regular expression, at byte ", place));
  // Where memory may not be executed it stays interpreted.
  if (asked.is_ours) pcre2_jit_compile(impl_->code.get(), PCRE2_JIT_COMPLETE);
}

Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

std::optional<PatternSpan> Pattern::find(std::string_view text, std::size_t start) const {
  return match(text, start, PCRE2_UNSET);
}

std::optional<PatternSpan> Pattern::find(std::string_view text, std::size_t start, std::size_t last_start) const {
  return start > last_start ? std::nullopt : match(text, start, last_start);
}

std::size_t Pattern::min_characters() const noexcept {
  std::uint32_t characters = 0;
  pcre2_pattern_info(impl_->code.get(), PCRE2_INFO_MINLENGTH, &characters);
  return characters;
}

std::optional<PatternSpan> Pattern::match(std::string_view text, std::size_t start, std::size_t last_start) const {
  thread_local const pcre2::Workspace workspace;
  pcre2_set_offset_limit(workspace.context.get(), last_start);
  const auto match = [&](std::uint32_t options) {
    return pcre2_match(impl_->code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), start, options,
                       workspace.data.get(), workspace.context.get());
  };
  int result = match(0);
  if (result == PCRE2_ERROR_JIT_STACKLIMIT) result = match(PCRE2_NO_JIT);
  if (result == PCRE2_ERROR_NOMATCH) return std::nullopt;
  if (result < 0)
    throw RunError(RunErrorKind::data, "the regular expression takes too many steps",
                   "write it without nested repetitions, or look for a literal text");
  const std::size_t* const ends = pcre2_get_ovector_pointer(workspace.data.get());
  // \K in a look-around can put the begin behind the end.
  return ends[0] <= ends[1] ? PatternSpan{ends[0], ends[1]} : PatternSpan{ends[1], ends[0]};
}

}  // namespace forgelm
