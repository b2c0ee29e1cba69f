// Which format a data set is taken for, what is said when there is none, and renamed columns. The expectations follow
// the definitions of the formats (TRL's dataset types, LLaMA-Factory's data/README, the data sets' own cards).
#include "forgelm/data/row_format.hpp"

#include <algorithm>
#include <set>

#include "data/sample_rows.hpp"
#include "support/test.hpp"

using namespace forgelm;
using config::DataTask;
using config::TrainerType;
using test::format_of;
using test::rules;

namespace {

/// The diagnostics of the error that choosing a format throws.
std::vector<Diagnostic> choose_problems(const std::string& lines, const data::RowRules& how) {
  const auto rows = test::rows(lines);
  try {
    const data::RowConverter converter(how, "rows.jsonl", rows);
  } catch (const ConfigError& error) {
    return error.diagnostics();
  }
  return {};
}

}  // namespace

TEST_CASE("row formats: no two formats of one trainer have the same rank, and names are unique") {
  std::set<std::string_view> names;
  for (const auto* format : data::all_row_format_specs()) {
    CHECK(names.insert(format->name).second);
    CHECK(data::find_row_format(format->name) == format);
    CHECK((format->convert != nullptr) != format->spans_rows);
    CHECK_FALSE(format->trainers.empty());
    CHECK(std::any_of(format->columns.begin(), format->columns.end(), [](const auto& c) { return c.is_required; }));
  }
  CHECK(data::find_row_format("none") == nullptr);
  for (const auto& name : choices<TrainerType>()) {
    const auto formats = data::row_formats_for(*from_text<TrainerType>(name));
    REQUIRE_FALSE(formats.empty());
    for (std::size_t i = 1; i < formats.size(); ++i) {
      INFO(name << ": " << formats[i - 1]->name << ", " << formats[i]->name);
      CHECK(formats[i - 1]->rank > formats[i]->rank);
    }
  }
}

TEST_CASE("row formats: the columns tell the format of SFT rows") {
  CHECK(format_of(R"({"text": "a"})") == "text");
  CHECK(format_of(R"({"messages": [{"role": "user", "content": "a"}]})") == "messages");
  CHECK(format_of(R"({"id": 1, "conversations": [{"from": "human", "value": "a"}]})") == "sharegpt");
  CHECK(format_of(R"({"instruction": "a", "input": "", "output": "b"})") == "alpaca");
  CHECK(format_of(R"({"instruction": "a", "input": "", "output": "b", "text": "a b"})") == "alpaca");
  CHECK(format_of(R"({"instruction": "a", "context": "", "response": "b", "category": "c"})") == "dolly");
  CHECK(format_of(R"({"User": "a", "Assistant": "b"})") == "user_assistant");
  CHECK(format_of(R"({"System": "s", "User": "a", "output": "b"})") == "user_assistant");
  CHECK(format_of(R"({"prompt": "a", "completion": "b"})") == "prompt_completion");
  CHECK(format_of(R"({"prompt": "a", "response": "b"})") == "prompt_completion");
  CHECK(format_of(R"({"id": "1", "system_prompt": "", "question": "a", "response": "b"})") == "question_answer");
  CHECK(format_of(R"({"question": "a", "answer": "b"})") == "question_answer");
  CHECK(format_of(R"({"context": "c", "question": "a", "answers": {"text": ["b"], "answer_start": [0]}})") ==
        "question_answer");
  CHECK(format_of(R"({"article": "a", "highlights": "b", "id": "1"})") == "summary");
  CHECK(format_of(R"({"input": "a", "output": "b"})") == "input_output");
  CHECK(format_of(R"({"instruction": "a", "instances": [{"input": "", "output": "b"}]})") == "self_instruct");
  CHECK(format_of(R"({"message_id": "1", "parent_id": null, "text": "a", "role": "prompter"})") == "message_rows");
  CHECK(format_of(R"({"message_tree_id": "1", "prompt": {"text": "a", "role": "prompter", "replies": []}})") ==
        "message_tree");
}

TEST_CASE("row formats: the trainer decides where columns alone would not") {
  const std::string labelled = R"({"prompt": "a", "completion": "b", "label": true})";
  CHECK(format_of(labelled) == "prompt_completion");
  CHECK(format_of(labelled, rules(TrainerType::kto)) == "labelled");
  CHECK(format_of(labelled, rules(TrainerType::grpo)) == "prompt");
  const std::string pair = R"({"prompt": "a", "chosen": "b", "rejected": "c"})";
  for (const auto trainer :
       {TrainerType::dpo, TrainerType::simpo, TrainerType::orpo, TrainerType::reward, TrainerType::kto})
    CHECK(format_of(pair, rules(trainer)) == "preference");
  const auto dpo = rules(TrainerType::dpo);
  CHECK(format_of(R"({"conversations": [{"from": "human", "value": "a"}], "chosen": {"value": "b"}, "rejected": {}})",
                  dpo) == "preference_conversations");
  CHECK(format_of(R"({"system": "s", "question": "a", "chosen": "b", "rejected": "c"})", dpo) ==
        "preference_instruction");
  CHECK(format_of(R"({"chosen": "\n\nHuman: a\n\nAssistant: b", "rejected": "\n\nHuman: a\n\nAssistant: c"})", dpo) ==
        "preference_dialogue");
  CHECK(format_of(R"({"chosen": "a b", "rejected": "a c"})", dpo) == "preference");
  const auto kto = rules(TrainerType::kto);
  CHECK(format_of(R"({"messages": [{"role": "user", "content": "a"}], "label": true})", kto) ==
        "labelled_conversation");
  CHECK(format_of(R"({"instruction": "a", "input": "", "output": "b", "kto_tag": true})", kto) ==
        "labelled_instruction");
  CHECK(format_of(R"({"prompt": "a"})", rules(TrainerType::ppo)) == "prompt");
  CHECK(format_of(R"({"text": "a"})", rules(TrainerType::cpt)) == "text");
}

TEST_CASE("row formats: a column that is null in all first rows is not there") {
  CHECK(format_of("{\"messages\": null, \"text\": \"a\"}\n{\"messages\": null, \"text\": \"b\"}") == "text");
  CHECK(format_of("{\"messages\": null, \"text\": \"a\"}\n{\"messages\": [], \"text\": \"b\"}") == "messages");
}

TEST_CASE("row formats: what is read, what is not, and what data.task and data.clean_text change are told") {
  const auto rows = test::rows(R"({"id": 1, "instruction": "a", "input": "", "output": "b", "source": "x"})");
  const data::RowConverter alpaca(rules(TrainerType::sft, DataTask::summarization), "f", rows);
  CHECK(alpaca.description() == "alpaca: instruction, input, output");
  CHECK(alpaca.unused_columns() == std::vector<std::string>{"id", "source"});
  CHECK_FALSE(alpaca.task_has_effect());
  CHECK(alpaca.clean_text_has_effect());
  const data::RowConverter completion(rules(TrainerType::sft, DataTask::completion), "f", rows);
  CHECK(completion.task_has_effect());
  const auto asked = test::rows(R"({"q": "a", "answer": "b"})");
  const data::RowConverter renamed(rules(TrainerType::sft, DataTask::question_answering, R"({"question": "q"})"), "f",
                                   asked);
  CHECK(renamed.description() == "question_answer: question (q), answer");
  CHECK(renamed.unused_columns().empty());
  CHECK(renamed.task_has_effect());
  const data::RowConverter chat(rules(), "f", test::rows(R"({"messages": [{"role": "user", "content": "a"}]})"));
  CHECK_FALSE(chat.clean_text_has_effect());
}

TEST_CASE("row formats: rows of no format are refused with what they have, what is known and what is near") {
  const auto found = choose_problems(R"({"instuction": "a", "output": "b"})", rules());
  REQUIRE(found.size() == 1);
  CHECK(found[0].code == "unknown_row_format");
  CHECK(found[0].spot.file == "rows.jsonl");
  CHECK(found[0].spot.line == 1);
  CHECK(found[0].message.find("columns instuction, output,") != std::string::npos);
  CHECK(found[0].message.find("alpaca: instruction + output (input, system, history)") != std::string::npos);
  CHECK(found[0].message.find("prompt_completion: prompt + completion|response") != std::string::npos);
  CHECK(found[0].hint.find("data.columns to {instruction: instuction}") != std::string::npos);
  const auto pairs = choose_problems(R"({"prompt": "a", "chosen": "b", "rejected": "c"})", rules());
  REQUIRE(pairs.size() == 1);
  CHECK(pairs[0].hint.find("orpo, dpo, simpo, kto, grpo, ppo, reward would learn") != std::string::npos);
  CHECK(choose_problems("", rules()).at(0).message == "there are no rows");
  CHECK(choose_problems("{}", rules()).at(0).message == "the rows have no fields");
}

TEST_CASE("row formats: data.columns renames before the format is chosen") {
  const auto how = rules(TrainerType::grpo, DataTask::chat, R"({"prompt": "question", "gold_answer": "answer"})");
  const auto sample = test::sample(R"({"question": "2+2?", "answer": "4", "level": 1})", how);
  CHECK(sample.prompt_text == "2+2?");
  CHECK(sample.fields == test::json(R"({"gold_answer": "4", "level": 1})"));
  // A column that is known under another name is not known under its own.
  const auto swapped = test::sample(
      R"({"prompt": "p", "completion": "c"})",
      rules(TrainerType::sft, DataTask::completion, R"({"prompt": "completion", "completion": "prompt"})"));
  CHECK(swapped.prompt_text == "c");
  CHECK(swapped.completion_text == "p");
  // Problems name the file's column.
  CHECK(test::problem(R"({"question": 5, "answer": "4"})", how).starts_with("question: "));
}

TEST_CASE("row formats: data.columns with names that are not there is refused, with near ones") {
  const auto found = choose_problems(
      R"({"question": "a", "answer": "b"})",
      rules(TrainerType::sft, DataTask::chat, R"({"promt": "question", "completion": "answr", "text": 3})"));
  REQUIRE(found.size() == 3);
  CHECK(found[0].path == "data.columns.promt");
  CHECK(found[0].hint.find("\"prompt\"") != std::string::npos);
  CHECK(found[1].path == "data.columns.completion");
  CHECK(found[1].message.find("\"answr\"") != std::string::npos);
  CHECK(found[1].allowed == "question, answer");
  CHECK(found[1].hint.find("\"answer\"") != std::string::npos);
  CHECK(found[2].path == "data.columns.text");
  CHECK(found[2].message.find("integer") != std::string::npos);
}

TEST_CASE("row formats: in data sets beside the primary one, a renaming of a column that is not there does not apply") {
  auto how = rules(TrainerType::sft, DataTask::chat, R"({"prompt": "question", "completion": "answer"})");
  how.has_optional_columns = true;
  CHECK(test::sample(R"({"question": "q", "answer": "a"})", how).messages.items().at(1).at("content").text() == "a");
  CHECK(test::sample(R"({"prompt": "q", "completion": "b"})", how).messages.items().at(1).at("content").text() == "b");
  CHECK(format_of(R"({"text": "t"})", how) == "text");
  how.columns = test::json(R"({"promt": "question"})");
  CHECK(choose_problems(R"({"question": "q", "answer": "a"})", how).size() == 1);
}

TEST_CASE("row formats: the reference page names every format and every column") {
  const std::string page = data::row_format_reference();
  for (const auto* format : data::all_row_format_specs()) {
    CHECK(page.find(cat("## ", format->name, "\n")) != std::string::npos);
    for (const auto& column : format->columns) CHECK(page.find(cat("| `", column.name, "` |")) != std::string::npos);
  }
}
