// Preference rows against TRL (tests/golden/row_formats, made by tools/golden/row_formats/make.py): the prompt that two
// answers share, and pairs taken apart for KTO.
#include "data/sample_rows.hpp"
#include "forgelm/core/files.hpp"
#include "support/test.hpp"

using namespace forgelm;
using config::TrainerType;

namespace {

/// Prompt or answer of a sample, in the form that TRL has it.
Json part(const Json& turns, const std::string& text) { return turns.is_null() ? Json(text) : turns; }

}  // namespace

TEST_CASE("pairs: prompts that are shared, and answers taken apart, are TRL's") {
  int num_rows = 0;
  for (const auto& line : split(read_file(FORGELM_SOURCE_DIR "/tests/golden/row_formats/pairs.jsonl"), '\n')) {
    if (line.empty()) continue;
    ++num_rows;
    INFO(line);
    const Json golden = test::json(line);
    const std::string row = dump(golden.at("row"));
    const auto pair = test::sample(row, test::rules(TrainerType::dpo));
    CHECK(part(pair.messages, pair.prompt_text) == golden.at("pair").at("prompt"));
    CHECK(part(pair.chosen, pair.completion_text) == golden.at("pair").at("chosen"));
    CHECK(part(pair.rejected, pair.rejected_text) == golden.at("pair").at("rejected"));
    const auto outcome = test::convert(row, test::rules(TrainerType::kto)).at(0);
    const auto& unpaired = golden.at("unpaired").items();
    // An empty rejected answer stays half of a pair, but is no answer to learn from by itself.
    const bool has_both = outcome.notes.empty();
    REQUIRE(outcome.samples.size() == (has_both ? 2 : 1));
    for (std::size_t i = 0; i < outcome.samples.size(); ++i) {
      CHECK(part(outcome.samples[i].messages, outcome.samples[i].prompt_text) == unpaired[i].at("prompt"));
      CHECK(part(outcome.samples[i].chosen, outcome.samples[i].completion_text) == unpaired[i].at("completion"));
      CHECK(outcome.samples[i].is_desirable == unpaired[i].at("label").boolean());
    }
  }
  CHECK(num_rows == 120);
}
