// The patterns of tokenizer files. They are written for Oniguruma (Ruby syntax) and run on PCRE2 with its compiler; the
// few that nearly every model has are recognised by their text and run by scanners of our own (scanner.hpp).
// Invariants: a pattern cannot hang (a limit on steps: RunError) and a compiled one may be used by any thread.
// Trap: classes are those of the reference's Unicode, not PCRE2's own (regex_translate.cpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace forgelm::text {

/// Bytes [begin, end) of the subject.
struct Match {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

class Regex {
 public:
  /// How `pattern` is run; `compiled` only for tests, which compare the two ways.
  enum class Use { best, compiled };

  /// std::invalid_argument says what is wrong with the pattern, and where in it.
  explicit Regex(const std::string& pattern, Use use = Use::best);
  ~Regex();
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;

  /// Appends all matches in `subject` (valid UTF-8), from left to right, as the reference finds them: an empty match
  /// right behind the last match is passed over. RunError(data) when the pattern takes too many steps.
  void find_all(std::string_view subject, std::vector<Match>& out) const;
  /// A scanner of our own does the work.
  bool is_scanned() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The pattern in PCRE2's syntax with the reference's classes; std::invalid_argument for what cannot be said there.
std::string translate_pattern(std::string_view oniguruma);

/// Scripts are asked for by "sc:", since PCRE2 10.40 takes a bare name for the wider script extensions; before that
/// there is no prefix, and a bare name is the script.
bool has_script_prefix();

}  // namespace forgelm::text
