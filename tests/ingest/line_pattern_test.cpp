// Expressions that people give, on texts that they were not written for.
#include "ingest/line_pattern.hpp"

#include "forgelm/core/error.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using ingest::LinePattern;

TEST_CASE("an expression that takes more stack than compiled matching has is matched all the same") {
  std::string text = "<";
  for (int i = 0; i < 4000; ++i) text += i % 2 == 0 ? "ab" : "cd";
  text += '>';
  const LinePattern pattern("<(?:ab|cd)+>", {});
  const auto found = pattern.find_all(text, std::nullopt);
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  CHECK(found->front().end == text.size());
  const auto at_start = pattern.match_at_start(text);
  REQUIRE(at_start);
  CHECK(at_start->end == text.size());
}

TEST_CASE("a match at the start of a line begins there and nowhere else") {
  const LinePattern pattern("b+|^c", {});
  CHECK_FALSE(pattern.match_at_start("abb"));
  CHECK_FALSE(pattern.match_at_start("a\nc"));
  const auto found = pattern.match_at_start("bba");
  REQUIRE(found);
  CHECK(found->begin == 0);
  CHECK(found->end == 2);
}

TEST_CASE("steps of an attempt are bounded, however many") {
  const std::string text = std::string(40, 'a') + "!c";
  const LinePattern few("(?:a|aa)+c", {.max_steps = 10}), usual("(?:a|aa)+c", {});
  CHECK_FALSE(few.find_all(text, std::nullopt));
  CHECK_THROWS_AS(few.match_at_start(text), RunError);
  CHECK_FALSE(usual.find_all(text, std::nullopt));
  CHECK(few.find_all("xxx", std::nullopt)->empty());
}

}  // namespace
