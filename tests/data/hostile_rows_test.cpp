// Rows that nobody meant to write: whatever stands in a row of any format, the outcome is samples that are well formed,
// a reason, or a problem with a place; nothing else is thrown. Rows are good ones with random parts exchanged.
#include <algorithm>

#include "data/sample_rows.hpp"
#include "support/test.hpp"

using namespace forgelm;
using config::TrainerType;

namespace {

struct Good {
  TrainerType trainer;
  const char* row;
};
constexpr Good kGood[] = {
    {TrainerType::sft, R"({"text": "a"})"},
    {TrainerType::sft,
     R"({"messages": [{"role": "user", "content": [{"type": "text", "text": "u"}]}, {"role": "assistant", "content": null,
         "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]}], "tools": [{"name": "f"}]})"},
    {TrainerType::sft,
     R"({"conversations": [{"from": "human", "value": "u"}, {"from": "function_call", "value": "{\"name\": \"f\"}"}],
         "system": "s", "tools": "[{\"name\": \"f\"}]"})"},
    {TrainerType::sft, R"({"instruction": "i", "input": "x", "output": "o", "history": [["q", "a"]], "system": "s"})"},
    {TrainerType::sft, R"({"instruction": "i", "instances": [{"input": "x", "output": "o"}]})"},
    {TrainerType::sft, R"({"prompt": [{"role": "user", "content": "u"}], "completion": "c"})"},
    {TrainerType::sft, R"({"question": "q", "context": "c", "answers": {"text": ["a"]}, "system_prompt": "s"})"},
    {TrainerType::sft,
     R"({"message_tree_id": "t", "prompt": {"text": "q", "role": "prompter", "replies": [{"text": "a", "role":
         "assistant", "rank": 0, "replies": []}]}})"},
    {TrainerType::dpo,
     R"({"prompt": "p", "chosen": [{"role": "assistant", "content": "a"}], "rejected": [{"role": "assistant",
         "content": "b"}]})"},
    {TrainerType::dpo, R"({"chosen": "\n\nHuman: a\n\nAssistant: b", "rejected": "\n\nHuman: a\n\nAssistant: c"})"},
    {TrainerType::dpo,
     R"({"conversations": [{"from": "human", "value": "u"}], "chosen": {"from": "gpt", "value": "a"}, "rejected":
         {"from": "gpt", "value": "b"}})"},
    {TrainerType::kto, R"({"prompt": "p", "completion": "c", "label": true})"},
    {TrainerType::kto,
     R"({"messages": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}], "label": 1})"},
    {TrainerType::grpo, R"({"prompt": [{"role": "user", "content": "u"}], "gold_answer": "4"})"},
};

struct Random {
  std::uint64_t state;
  std::size_t below(std::size_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::size_t>(state >> 33) % n;
  }
};

Json random_value(Random& random) {
  static const char* values[] = {"null",
                                 "true",
                                 "0",
                                 "-1.5",
                                 "\"\"",
                                 "\" \"",
                                 "\"x\"",
                                 "[]",
                                 "{}",
                                 "[[]]",
                                 "[{}]",
                                 "\"[]\"",
                                 "\"{}\"",
                                 "\"[[[\"",
                                 "\"[{}]\"",
                                 "{\"role\": \"user\"}",
                                 "\"assistant\"",
                                 "[{\"role\": \"assistant\", \"content\": \"\"}]",
                                 "\"\\n\\nHuman:\"",
                                 "\"\\n\\nHuman:\\n\\nAssistant:\"",
                                 "{\"from\": \"gpt\", \"value\": \"v\"}",
                                 "[\"a\", \"b\"]"};
  return test::json(values[random.below(std::size(values))]);
}

/// Exchanges, removes or doubles one part somewhere in the value.
void mutate(Json& value, Random& random) {
  const bool is_deep = random.below(4) != 0;
  if (value.kind() == Json::Kind::array && is_deep && !value.items().empty()) {
    const std::size_t at = random.below(value.items().size());
    if (random.below(6) == 0) value.push(Json(value.items()[at]));
    else mutate(value.items()[at], random);
  } else if (value.kind() == Json::Kind::object && is_deep && !value.members().empty()) {
    const std::size_t at = random.below(value.members().size());
    auto& members = value.members();
    if (random.below(8) == 0) members.erase(members.begin() + static_cast<std::ptrdiff_t>(at));
    else mutate(members[at].second, random);
  } else {
    value = random_value(random);
  }
}

void check_turns(const Json& turns) {
  if (turns.is_null()) return;
  REQUIRE(turns.kind() == Json::Kind::array);
  for (const auto& turn : turns.items()) {
    const std::string& role = turn.at("role").text();
    REQUIRE((role == "system" || role == "user" || role == "assistant" || role == "tool"));
    const Json& content = turn.at("content");
    REQUIRE((content.kind() == Json::Kind::text || (content.is_null() && role == "assistant")));
    if (const Json* calls = turn.find("tool_calls"))
      for (const auto& call : calls->items()) REQUIRE(call.at("function").at("name").kind() == Json::Kind::text);
  }
}

void check_outcome(const data::RowOutcome& outcome) {
  REQUIRE((outcome.problem.has_value() + !outcome.dropped_because.empty() + !outcome.samples.empty()) == 1);
  if (outcome.problem) {
    REQUIRE(outcome.problem->spot.line == 1);
    REQUIRE_FALSE(outcome.problem->message.empty());
  }
  for (const auto& sample : outcome.samples) {
    check_turns(sample.messages);
    check_turns(sample.chosen);
    check_turns(sample.rejected);
    REQUIRE((sample.tools.is_null() || sample.tools.kind() == Json::Kind::array));
  }
}

}  // namespace

TEST_CASE("hostile rows: random parts in the rows of every format") {
  Random random{20260101};
  for (const auto& good : kGood) {
    const auto rows = test::rows(good.row);
    const data::RowConverter converter(test::rules(good.trainer), "f", rows);
    INFO(good.row);
    REQUIRE(converter.convert(rows[0], "f").samples.size() == 1);
    for (int i = 0; i < 3000; ++i) {
      formats::Row row = rows[0];
      for (std::size_t n = 1 + random.below(3); n > 0; --n) mutate(row.value, random);
      INFO(dump(row.value));
      check_outcome(converter.convert(row, "f"));
      // The same row as the first of a data set: a format is found or refused.
      try {
        const std::vector<formats::Row> first = {row};
        const data::RowConverter chosen(test::rules(good.trainer), "f", first);
        if (!chosen.format().spans_rows) check_outcome(chosen.convert(row, "f"));
      } catch (const ConfigError& error) {
        REQUIRE_FALSE(error.diagnostics().empty());
      }
    }
  }
}

TEST_CASE("hostile rows: many keys and many turns are only many") {
  const auto first = test::rows(R"({"messages": [{"role": "user", "content": "u"}]})");
  const data::RowConverter converter(test::rules(), "f", first);
  const auto row_of = [](std::size_t num) {
    Json turn = test::json(R"({"role": "assistant", "content": "a"})");
    for (std::size_t i = 0; i < num; ++i) turn.members().emplace_back(cat("key", i), 1);
    Json turns = Json::array({turn});
    for (std::size_t i = 0; i < num; ++i) turns.push(test::json(R"({"role": "user", "content": "u"})"));
    formats::Row row;
    row.value = Json::object({{"messages", turns}});
    row.line = 1;
    return row;
  };
  // Looking for each of 200,000 keys among the others would take minutes.
  const auto outcome = converter.convert(row_of(200'000), "f");
  check_outcome(outcome);
  REQUIRE(outcome.samples.size() == 1);
  CHECK(outcome.samples[0].messages.items().size() == 200'001);
}
