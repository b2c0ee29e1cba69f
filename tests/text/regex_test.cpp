// Patterns: our scanners against the same patterns run by PCRE2, on random text; what differs between Oniguruma and
// PCRE2; and patterns that would run for ever.
#include "text/regex.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include "forgelm/core/error.hpp"
#include "forgelm/core/pcg64.hpp"
#include "forgelm/core/text.hpp"
#include "support/test.hpp"
#include "text/scanner.hpp"

using namespace forgelm;
using namespace forgelm::text;

namespace {

std::vector<std::string> pieces(const Regex& regex, std::string_view subject) {
  std::vector<Match> matches;
  regex.find_all(subject, matches);
  std::vector<std::string> out;
  for (const Match& match : matches) out.emplace_back(subject.substr(match.begin, match.end - match.begin));
  return out;
}

std::string random_text(Pcg64& random) {
  static const std::u32string kSigns =
      U"aabcsStTrReEvVmMlLdDxZ''''   "
      U"\t\n\r\r\n\n019.,-/"
      U"!\u00b2\u00e9\u0130\u017f\u212a\u01c5\u02b0\u0301\u0327\u0660\u2167\u00a0\u2003\u3000\u0085\u180e\u200d"
      U"\u4e00\u3042\u30fc\uac00\u0915\u094d\u1c89\U00010400\U0001f600\U00016d40\U00020000\uffff";
  std::string text;
  const auto length = random.next_up_to(40);
  for (std::uint64_t i = 0; i < length; ++i)
    append_utf8(text, kSigns[static_cast<std::size_t>(random.next_up_to(kSigns.size() - 1))]);
  return text;
}

}  // namespace

TEST_CASE("each scanner cuts random text as its pattern does") {
  Pcg64 random(11);
  for (const std::string_view pattern : scanned_patterns()) {
    const Regex scanned{std::string(pattern)};
    const Regex compiled(std::string(pattern), Regex::Use::compiled);
    REQUIRE(scanned.is_scanned());
    REQUIRE_FALSE(compiled.is_scanned());
    for (int i = 0; i < 4000; ++i) {
      const std::string text = random_text(random);
      const auto expected = pieces(compiled, text);
      if (pieces(scanned, text) == expected) continue;
      INFO(pattern);
      INFO(quote(text, 1000));
      CHECK(pieces(scanned, text) == expected);
    }
  }
}

TEST_CASE("patterns mean what Oniguruma takes them for") {
  const auto found = [](const char* pattern, std::string_view text) { return join(pieces(Regex(pattern), text), "|"); };
  CHECK(found(R"(\h+)", "xffg0") == "ff|0");
  CHECK(found(R"((?m).+)", "a\nb") == "a\nb");
  CHECK(found(R"(.+)", "a\nb") == "a|b");
  CHECK(found(R"(^b$)", "a\nb\nc") == "b");
  CHECK(found(R"(a{,2})", "aaa") == "aa|a");
  CHECK(found(R"([\w&&[^a-c]]+)", "abcdef") == "def");
  CHECK(found(R"([a[0-9]]+)", "a1b2") == "a1|2");
  CHECK(found(R"([]a]+)", "]a[") == "]a");
  CHECK(found(R"(\p{^L}+)", "ab12c") == "12");
  CHECK(found(R"(\d*)", "a1") == "|1");
  CHECK(found("\\s",
              "a\xE1\xA0\x8E"
              "b\xC2\x85") == "\xC2\x85");  // U+180E is no space, U+0085 is
}

TEST_CASE("patterns that cannot be used are refused with a reason") {
  for (const char* pattern :
       {"(", ")", "[a", "a**(", R"(\p{NoSuchThing})", R"(\p{L)", "(?~a)", "(?x) a", R"(\u12)", "[[:nope:]]", "\\"}) {
    INFO(pattern);
    CHECK_THROWS_AS(Regex(pattern), std::invalid_argument);
  }
  CHECK_THROWS_AS(Regex(std::string(100'000, 'a')), std::invalid_argument);
  CHECK_THROWS_AS(Regex(std::string(5'000, '[')), std::invalid_argument);
  CHECK_THROWS_AS(Regex(std::string(5'000, '(')), std::invalid_argument);
}

TEST_CASE("a pattern that backtracks without end is stopped") {
  std::vector<Match> matches;
  CHECK_THROWS_AS(Regex("(a+)+$b|(x+x+)+y").find_all(std::string(60, 'x'), matches), RunError);
}
