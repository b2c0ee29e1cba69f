#include "forgelm/core/choices.hpp"

#include "support/test.hpp"

namespace {
FORGELM_CHOICES(Dtype, auto_, bfloat16, FULL_STATE)
FORGELM_CHOICES_HYPHENATED(Tier, unknown, minimal_risk)
}  // namespace

TEST_CASE("choices: the enumerators are the texts, both ways") {
  using forgelm::from_text;
  using forgelm::to_text;
  REQUIRE(to_text(Dtype::auto_) == "auto");
  REQUIRE(to_text(Dtype::FULL_STATE) == "FULL_STATE");
  REQUIRE(to_text(Tier::minimal_risk) == "minimal-risk");
  REQUIRE(from_text<Tier>("minimal-risk") == Tier::minimal_risk);
  REQUIRE_FALSE(from_text<Tier>("minimal_risk").has_value());
  REQUIRE_FALSE(from_text<Dtype>("Auto").has_value());
}
