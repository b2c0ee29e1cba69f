// PCRE2 with JIT behind Regex. Match data and JIT stacks are per thread, since a pattern is shared.
#define PCRE2_CODE_UNIT_WIDTH 8
#include "regex.hpp"

#include <pcre2.h>

#include <cstdio>
#include <stdexcept>

#include "forgelm/core/error.hpp"
#include "forgelm/core/pcre2_objects.hpp"
#include "forgelm/core/text.hpp"
#include "scanner.hpp"
#include "unicode.hpp"

namespace forgelm::text {
namespace {

constexpr std::size_t kMaxPatternBytes = 64 << 10;
constexpr std::uint32_t kMaxSteps = 10'000'000;  // for one match
constexpr std::uint32_t kMaxHeapKb = 64 << 10;
constexpr std::size_t kMaxJitStackBytes = 1 << 20;

/// What one thread matches with.
struct Workspace : pcre2::Workspace {
  std::unique_ptr<pcre2_jit_stack, void (*)(pcre2_jit_stack*)> stack{nullptr, pcre2_jit_stack_free};

  Workspace() : pcre2::Workspace({kMaxSteps, kMaxHeapKb}) {}
  /// True when there is more stack than before.
  bool grow_stack() {
    if (stack) return false;
    stack.reset(pcre2_jit_stack_create(32 << 10, kMaxJitStackBytes, nullptr));
    if (stack) pcre2_jit_stack_assign(context.get(), nullptr, stack.get());
    return stack != nullptr;
  }
};

Workspace& workspace() {
  thread_local Workspace mine;
  return mine;
}

}  // namespace

struct Regex::Impl {
  Scanner scanner = nullptr;
  pcre2::Code code;
  std::string pattern;

  int match(std::string_view subject, std::size_t start) const;
};

Regex::Regex(const std::string& pattern, Use use) : impl_(std::make_unique<Impl>()) {
  impl_->pattern = pattern;
  if (use == Use::best) impl_->scanner = scanner_for(pattern);
  if (impl_->scanner != nullptr) return;
  if (pattern.size() > kMaxPatternBytes)
    throw std::invalid_argument(cat("the pattern has ", pattern.size(), " bytes; at most ", kMaxPatternBytes));
  const std::string translated = translate_pattern(pattern);
  int error = 0;
  std::size_t where = 0;
  const pcre2::CompileContext context = pcre2::make_compile_context();
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  pcre2_set_bsr(context.get(), PCRE2_BSR_UNICODE);
  impl_->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                                  PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &error, &where,
                                  context.get()));
  if (impl_->code == nullptr)
    throw std::invalid_argument(cat("the pattern ", quote(pattern), " cannot be used: ", pcre2::message_of(error)));
  std::uint32_t size_bytes = 0;
  // Without the compiler (another processor, memory that may not be executed) the interpreter does.
  if (pcre2_config(PCRE2_CONFIG_JIT, &size_bytes) == 0) pcre2_jit_compile(impl_->code.get(), PCRE2_JIT_COMPLETE);
}

bool has_script_prefix() {
  static const bool has = [] {
    char version[64] = "";
    pcre2_config(PCRE2_CONFIG_VERSION, version);
    int major = 0, minor = 0;
    return std::sscanf(version, "%d.%d", &major, &minor) == 2 && (major > 10 || (major == 10 && minor >= 40));
  }();
  return has;
}

Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;

bool Regex::is_scanned() const noexcept { return impl_->scanner != nullptr; }

int Regex::Impl::match(std::string_view subject, std::size_t start) const {
  Workspace& mine = workspace();
  const auto attempt = [&](std::uint32_t options) {
    return pcre2_match(code.get(), reinterpret_cast<PCRE2_SPTR>(subject.data()), subject.size(), start,
                       PCRE2_NO_UTF_CHECK | options, mine.data.get(), mine.context.get());
  };
  int result = attempt(0);
  if (result == PCRE2_ERROR_JIT_STACKLIMIT && mine.grow_stack()) result = attempt(0);
  if (result == PCRE2_ERROR_JIT_STACKLIMIT) result = attempt(PCRE2_NO_JIT);
  if (result < PCRE2_ERROR_NOMATCH)
    throw RunError(RunErrorKind::data,
                   cat("the tokenizer's pattern ", quote(pattern), " cannot be run on a text of ", subject.size(),
                       " bytes: ", pcre2::message_of(result)),
                   "split the text, or use a tokenizer with a simpler pattern");
  return result;
}

void Regex::find_all(std::string_view subject, std::vector<Match>& out) const {
  if (impl_->scanner != nullptr) return impl_->scanner(subject, out);
  const std::size_t* found = pcre2_get_ovector_pointer(workspace().data.get());
  std::size_t start = 0;
  std::size_t last_end = subject.size() + 1;
  while (start <= subject.size()) {
    if (impl_->match(subject, start) == PCRE2_ERROR_NOMATCH) return;
    const std::size_t begin = found[0];
    const std::size_t end = found[1];
    if (begin == end && end == last_end) {
      start += start < subject.size() ? utf8_length(subject[start]) : 1;
      continue;
    }
    if (begin <= end) out.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
    start = last_end = std::max(begin, end);
  }
}

}  // namespace forgelm::text
