#include "forgelm/core/pcre2_objects.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <new>

#include "forgelm/core/text.hpp"

namespace forgelm::pcre2 {

void Free::operator()(pcre2_code* object) const noexcept { pcre2_code_free(object); }
void Free::operator()(pcre2_compile_context* object) const noexcept { pcre2_compile_context_free(object); }
void Free::operator()(pcre2_match_context* object) const noexcept { pcre2_match_context_free(object); }
void Free::operator()(pcre2_match_data* object) const noexcept { pcre2_match_data_free(object); }

CompileContext make_compile_context() {
  CompileContext context(pcre2_compile_context_create(nullptr));
  if (!context) throw std::bad_alloc();
  pcre2_set_parens_nest_limit(context.get(), 100);
  return context;
}

Workspace::Workspace(const Limits& limits)
    : context(pcre2_match_context_create(nullptr)), data(pcre2_match_data_create(1, nullptr)) {
  if (!context || !data) throw std::bad_alloc();
  pcre2_set_match_limit(context.get(), limits.max_steps);
  pcre2_set_heap_limit(context.get(), limits.max_heap_kb);
}

std::string message_of(int error) {
  PCRE2_UCHAR text[256];
  if (pcre2_get_error_message(error, text, sizeof text) < 0) return cat("error ", error);
  return reinterpret_cast<const char*>(text);
}

}  // namespace forgelm::pcre2
