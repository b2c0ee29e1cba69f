// The data sets under shared/data, each as it is: which format it is taken for, how many samples it gives, and whether
// what the row says comes through unchanged. Counts were taken from the files (rows, turns by role, tool calls).
#include <map>

#include "data/sample_rows.hpp"
#include "forgelm/core/files.hpp"
#include "support/shared_data.hpp"
#include "support/test.hpp"

using namespace forgelm;
using config::TrainerType;
using data::SampleKind;
using test::rules;

namespace {

std::vector<formats::Row> read_rows(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  if (path.extension() == ".jsonl") return test::rows(text);
  std::vector<formats::Row> rows;
  Json document = test::json(text);
  for (auto& item : document.items()) {
    formats::Row row;
    row.value = std::move(item);
    row.number = rows.size();
    row.line = rows.size() + 1;
    rows.push_back(std::move(row));
  }
  return rows;
}

struct Converted {
  std::string description;
  std::vector<formats::Row> rows;
  std::vector<data::RowOutcome> outcomes;
  std::size_t num_samples = 0;
  std::map<std::string, int> dropped;
  std::map<std::string, int> roles;  ///< turns of all samples, prompts and answers alike
};

Converted convert_file(const std::string& file, const data::RowRules& how) {
  Converted out;
  out.rows = read_rows(test::shared_data("datasets/" + file));
  const data::RowConverter converter(how, file, out.rows);
  out.description = converter.description();
  for (const auto& row : out.rows) {
    auto outcome = converter.convert(row, file);
    if (outcome.problem) FAIL(render({*outcome.problem}, DiagnosticStyle::text));
    if (!outcome.dropped_because.empty()) ++out.dropped[outcome.dropped_because];
    for (const auto& sample : outcome.samples)
      for (const Json* turns : {&sample.messages, &sample.chosen})
        if (!turns->is_null())
          for (const auto& turn : turns->items()) ++out.roles[turn.at("role").text()];
    out.num_samples += outcome.samples.size();
    out.outcomes.push_back(std::move(outcome));
  }
  return out;
}

#define REQUIRE_SHARED(file)                                         \
  if (!std::filesystem::exists(test::shared_data("datasets/" file))) \
  FORGELM_SKIP("there is no shared/data/datasets/" file)

}  // namespace

TEST_CASE("shared rows: SFT data sets come through whole") {
  REQUIRE_SHARED("sft/identity.json");
  const auto identity = convert_file("sft/identity.json", rules());
  CHECK(identity.description == "alpaca: instruction, input, output");
  CHECK(identity.num_samples == 91);
  CHECK(identity.outcomes[0].samples[0].messages ==
        test::json(R"([{"role": "user", "content": "hi"}, {"role": "assistant", "content":
                     "Hello! I am {{name}}, an AI assistant developed by {{author}}. How can I assist you today?"}])"));

  const auto dolly =
      convert_file("sft/dolly_hhrlhf_small.jsonl", rules(TrainerType::sft, config::DataTask::completion));
  CHECK(dolly.description == "prompt_completion: prompt, response");
  CHECK(dolly.num_samples == 500);
  CHECK(dolly.outcomes[0].samples[0].prompt_text == dolly.rows[0].value.at("prompt").text());

  const auto vicuna = convert_file("sft/dummy_conversation.json", rules());
  CHECK(vicuna.description == "sharegpt: conversations");
  CHECK(vicuna.num_samples == 500);
  CHECK(vicuna.roles == std::map<std::string, int>{{"user", 1000}, {"assistant", 1000}});

  const auto seeds = convert_file("sft/self_instruct_seed_tasks.jsonl", rules());
  CHECK(seeds.description == "self_instruct: instruction, instances");
  CHECK(seeds.num_samples == 88);
}

TEST_CASE("shared rows: tool calls of Glaive's conversations") {
  REQUIRE_SHARED("sft/glaive_toolcall_en_demo.json");
  const auto glaive = convert_file("sft/glaive_toolcall_en_demo.json", rules());
  CHECK(glaive.description == "sharegpt: conversations, tools");
  CHECK(glaive.num_samples == 300);
  CHECK(glaive.roles == std::map<std::string, int>{{"user", 746}, {"assistant", 746 + 211}, {"tool", 211}});
  int num_calls = 0;
  for (const auto& outcome : glaive.outcomes)
    for (const auto& turn : outcome.samples[0].messages.items())
      if (const Json* calls = turn.find("tool_calls")) {
        ++num_calls;
        CHECK(calls->items()[0].at("function").at("arguments").kind() == Json::Kind::object);
      }
  CHECK(num_calls == 211);
  CHECK(glaive.outcomes[0].samples[0].tools.items()[0].at("function").at("name").text() == "search_recipes");
}

TEST_CASE("shared rows: preference pairs, as turns and as dialogues in one text") {
  REQUIRE_SHARED("dpo/dpo_en_demo.json");
  const auto pairs = convert_file("dpo/dpo_en_demo.json", rules(TrainerType::dpo));
  CHECK(pairs.description == "preference_conversations: conversations, chosen, rejected");
  CHECK(pairs.num_samples == 300);
  CHECK(pairs.roles == std::map<std::string, int>{{"user", 563}, {"assistant", 263 + 300}, {"system", 80}});

  const auto dialogues = convert_file("dpo/hh_rlhf_harmless_test.jsonl", rules(TrainerType::dpo));
  CHECK(dialogues.description == "preference_dialogue: chosen, rejected");
  CHECK(dialogues.rows.size() == 1156);
  // Prompt and answer put together again are the text that was read (one space follows every mark in this file).
  const auto written = [](const Json& prompt, const Json& answer) {
    std::string text;
    for (const Json* turns : {&prompt, &answer})
      for (const auto& turn : turns->items())
        text += cat(turn.at("role").text() == "user" ? "\n\nHuman: " : "\n\nAssistant: ", turn.at("content").text());
    return text;
  };
  std::size_t num_single = 0;
  for (std::size_t i = 0; i < dialogues.rows.size(); ++i) {
    const auto& outcome = dialogues.outcomes[i];
    if (outcome.samples.empty()) continue;
    const auto& pair = outcome.samples[0];
    REQUIRE(pair.kind == SampleKind::preference);
    REQUIRE(written(pair.messages, pair.chosen) == dialogues.rows[i].value.at("chosen").text());
    REQUIRE(written(pair.messages, pair.rejected) == dialogues.rows[i].value.at("rejected").text());
    if (pair.chosen.items().size() == 1 && pair.rejected.items().size() == 1) ++num_single;
  }
  // 1151 pairs differ in their last answer alone; in two of the 1156 the chosen answer is empty.
  CHECK(dialogues.dropped == std::map<std::string, int>{{"empty response", 2}});
  CHECK(num_single >= 1149);
  CHECK(num_single <= 1151);
}

TEST_CASE("shared rows: labelled conversations") {
  REQUIRE_SHARED("kto/kto_en_demo.json");
  const auto labelled = convert_file("kto/kto_en_demo.json", rules(TrainerType::kto));
  CHECK(labelled.description == "labelled_conversation: messages, label");
  CHECK(labelled.num_samples == 300);
  CHECK(labelled.roles == std::map<std::string, int>{{"user", 487}, {"assistant", 487}});
  for (std::size_t i = 0; i < labelled.rows.size(); ++i)
    CHECK(labelled.outcomes[i].samples[0].is_desirable == labelled.rows[i].value.at("label").boolean());
}

TEST_CASE("shared rows: sums for SFT, and for GRPO with renamed columns") {
  REQUIRE_SHARED("grpo/gsm8k_test.jsonl");
  const auto sums = convert_file("grpo/gsm8k_test.jsonl", rules());
  CHECK(sums.description == "question_answer: question, answer");
  CHECK(sums.num_samples == 660);
  const auto renamed =
      rules(TrainerType::grpo, config::DataTask::chat, R"({"prompt": "question", "gold_answer": "answer"})");
  const auto prompts = convert_file("grpo/gsm8k_test.jsonl", renamed);
  CHECK(prompts.description == "prompt: prompt (question), gold_answer (answer)");
  CHECK(prompts.num_samples == 660);
  CHECK(prompts.outcomes[0].samples[0].fields.at("gold_answer").text().ends_with("#### 18"));
  const auto svamp = convert_file("grpo/svamp.json", rules(TrainerType::grpo, config::DataTask::chat,
                                                           R"({"prompt": "Question", "gold_answer": "Answer"})"));
  CHECK(svamp.num_samples == 500);
  CHECK(svamp.outcomes[0].samples[0].fields.at("gold_answer").real() == 51.0);
}
