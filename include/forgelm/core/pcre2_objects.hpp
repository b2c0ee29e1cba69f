// PCRE2's objects with their owners, and the limits that bound what anybody's pattern may cost. For sources that
// include <pcre2.h> with code units of 8 bits; its types are declared here by name alone, since no header of ours
// includes another library's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

struct pcre2_real_code_8;
struct pcre2_real_compile_context_8;
struct pcre2_real_match_context_8;
struct pcre2_real_match_data_8;

namespace forgelm::pcre2 {

struct Free {
  void operator()(pcre2_real_code_8* object) const noexcept;
  void operator()(pcre2_real_compile_context_8* object) const noexcept;
  void operator()(pcre2_real_match_context_8* object) const noexcept;
  void operator()(pcre2_real_match_data_8* object) const noexcept;
};
using Code = std::unique_ptr<pcre2_real_code_8, Free>;
using CompileContext = std::unique_ptr<pcre2_real_compile_context_8, Free>;
using MatchContext = std::unique_ptr<pcre2_real_match_context_8, Free>;
using MatchData = std::unique_ptr<pcre2_real_match_data_8, Free>;

/// For patterns of at most 100 brackets in each other. std::bad_alloc.
CompileContext make_compile_context();

struct Limits {
  std::uint32_t max_steps = 1'000'000;  ///< of one match
  std::uint32_t max_heap_kb = 16384;
};
/// What one thread matches with: one span, within limits. std::bad_alloc.
struct Workspace {
  explicit Workspace(const Limits& limits = {});
  MatchContext context;
  MatchData data;
};

/// PCRE2's words for an error.
std::string message_of(int error);

}  // namespace forgelm::pcre2
