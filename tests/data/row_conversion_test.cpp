// What each format makes of a row. Expected samples are written by hand from the formats' definitions.
#include "data/sample_rows.hpp"
#include "support/test.hpp"

using namespace forgelm;
using config::DataTask;
using config::TrainerType;
using data::SampleKind;
using test::convert;
using test::json;
using test::problem;
using test::rules;
using test::sample;

namespace {

const auto kDpo = rules(TrainerType::dpo), kKto = rules(TrainerType::kto), kGrpo = rules(TrainerType::grpo);

data::RowRules with_task(DataTask task) { return rules(TrainerType::sft, task); }

/// "role: content" of every turn, one a line.
std::string spoken(const Json& turns) {
  std::string out;
  for (const auto& turn : turns.items()) {
    const Json* content = turn.find("content");
    out += cat(turn.at("role").text(), ": ", content->is_null() ? "(null)" : content->text(), "\n");
  }
  return out;
}

}  // namespace

TEST_CASE("rows: text stays text, for SFT and for continued pre-training") {
  const auto plain = sample(R"({"text": "a\n  b"})");
  CHECK(plain.kind == SampleKind::text);
  CHECK(plain.text == "a\n  b");
  CHECK(sample(R"({"text": "a"})", rules(TrainerType::cpt)).kind == SampleKind::text);
  CHECK(convert(R"({"text": " \n"})")[0].dropped_because == "empty text");
}

TEST_CASE("rows: messages keep their order, names and further keys; null keys go") {
  const auto chat = sample(
      R"({"messages": [{"role": "system", "content": "s", "name": null}, {"role": "User", "content": "u", "name": "bob"},
          {"role": "assistant", "content": "a", "reasoning_content": "r", "tool_calls": null}], "tools": null})");
  CHECK(chat.kind == SampleKind::chat);
  CHECK(chat.tools.is_null());
  CHECK(chat.messages == json(R"([{"role": "system", "content": "s"}, {"role": "user", "content": "u", "name": "bob"},
                                  {"role": "assistant", "content": "a", "reasoning_content": "r"}])"));
}

TEST_CASE("rows: roles go by the names that data sets use") {
  const auto spoken_by = [](const std::string& role) {
    const auto row =
        cat(R"({"messages": [{"role": ")", role, R"(", "content": "x"}, {"role": "assistant", "content": "a"}]})");
    return sample(row).messages.items()[0].at("role").text();
  };
  for (const auto* role : {"user", "human", "prompter", "Human", " user "}) CHECK(spoken_by(role) == "user");
  for (const auto* role : {"assistant", "gpt", "model", "bot", "chatgpt"}) CHECK(spoken_by(role) == "assistant");
  for (const auto* role : {"tool", "function", "observation", "ipython"}) CHECK(spoken_by(role) == "tool");
  for (const auto* role : {"system", "developer"}) CHECK(spoken_by(role) == "system");
}

TEST_CASE("rows: tool calls come out as functions with arguments as objects") {
  const auto chat = sample(
      R"({"messages": [{"role": "user", "content": "u"},
          {"role": "assistant", "content": null, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"x\": 1}"}},
            {"name": "g", "arguments": {"y": [2]}}, {"function": {"name": "h", "arguments": "not JSON"}}]},
          {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "r1"}, {"type": "text", "text": "r2"}]},
          {"role": "assistant", "content": "done"}],
          "tools": "[{\"name\": \"f\", \"parameters\": {}}, {\"type\": \"function\", \"function\": {\"name\": \"g\"}}]"})");
  CHECK(chat.messages.items()[1] == json(R"({"role": "assistant", "content": null, "tool_calls": [
               {"id": "c1", "type": "function", "function": {"name": "f", "arguments": {"x": 1}}},
               {"type": "function", "function": {"name": "g", "arguments": {"y": [2]}}},
               {"type": "function", "function": {"name": "h", "arguments": "not JSON"}}]})"));
  CHECK(chat.messages.items()[2] == json(R"({"role": "tool", "content": "r1r2", "tool_call_id": "c1"})"));
  CHECK(chat.tools == json(R"([{"type": "function", "function": {"name": "f", "parameters": {}}},
                               {"type": "function", "function": {"name": "g"}}])"));
  // Columnar files keep schemas and calls as JSON in texts.
  const auto texts = sample(
      R"({"messages": [{"role": "user", "content": "u"}, {"role": "assistant", "tool_calls": "[{\"name\": \"f\", \"arguments\": \"{}\"}]"}],
          "tools": ["{\"name\": \"f\"}"]})");
  CHECK(texts.messages.items()[1].at("tool_calls") ==
        json(R"([{"type": "function", "function": {"name": "f", "arguments": {}}}])"));
  CHECK(texts.tools == json(R"([{"type": "function", "function": {"name": "f"}}])"));
  const auto old = sample(
      R"({"messages": [{"role": "user", "content": "u"}, {"role": "assistant", "content": null, "function_call": {"name": "f", "arguments": "{}"}}]})");
  CHECK(
      old.messages.items()[1] ==
      json(
          R"({"role": "assistant", "content": null, "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": {}}}]})"));
}

TEST_CASE("rows: ShareGPT's turns, with system prompt, tools and calls as LLaMA-Factory writes them") {
  const auto chat = sample(
      R"({"conversations": [{"from": "human", "value": "u"}, {"from": "function_call", "value": "{\"name\": \"f\", \"arguments\": {\"x\": 1}}"},
          {"from": "observation", "value": "{\"y\": 2}"}, {"from": "gpt", "value": "a"}],
          "system": "s", "tools": "[{\"name\": \"f\", \"description\": \"d\", \"parameters\": {}}]"})");
  CHECK(chat.messages == json(R"([{"role": "system", "content": "s"}, {"role": "user", "content": "u"},
                 {"role": "assistant", "content": null, "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": {"x": 1}}}]},
                 {"role": "tool", "content": "{\"y\": 2}"}, {"role": "assistant", "content": "a"}])"));
  CHECK(chat.tools.items().size() == 1);
  // The conversation's own system turn wins; an empty column is none.
  const std::string own =
      R"({"conversations": [{"from": "system", "value": "own"}, {"from": "human", "value": "u"}, {"from": "gpt", "value": "a"}], "system": "s", "tools": ""})";
  CHECK(spoken(sample(own).messages) == "system: own\nuser: u\nassistant: a\n");
  CHECK(sample(own).tools.is_null());
  // Several calls at once.
  const auto calls = sample(
      R"({"conversations": [{"from": "human", "value": "u"}, {"from": "function_call", "value": "[{\"name\": \"f\", \"arguments\": {}}, {\"name\": \"g\", \"arguments\": {}}]"}]})");
  CHECK(calls.messages.items()[1].at("tool_calls").items().size() == 2);
}

TEST_CASE("rows: in a CSV file lists of turns are JSON in a cell") {
  const auto chat = sample(
      R"({"messages": "[{\"role\": \"user\", \"content\": \"u\"}, {\"role\": \"assistant\", \"content\": \"a\"}]"})");
  CHECK(spoken(chat.messages) == "user: u\nassistant: a\n");
  CHECK(problem(R"({"messages": "hello"})").starts_with("messages: is text (\"hello\"), which is not JSON"));
  CHECK(problem(R"({"messages": "[{\"role\": \"user\"}]"})").starts_with("messages[0]: has no content"));
  CHECK(problem(R"({"messages": "\"[]\""})").starts_with("messages: is text"));
}

TEST_CASE("rows: alpaca joins instruction and input with a line break, after system and history") {
  CHECK(spoken(sample(R"({"instruction": "Add.", "input": "1 and 2", "output": "3"})").messages) ==
        "user: Add.\n1 and 2\nassistant: 3\n");
  CHECK(spoken(sample(R"({"instruction": "Add.", "input": "", "output": "3"})").messages) ==
        "user: Add.\nassistant: 3\n");
  CHECK(spoken(sample(R"({"instruction": "Add.", "input": null, "output": "3"})").messages) ==
        "user: Add.\nassistant: 3\n");
  CHECK(spoken(sample(R"({"instruction": "i", "output": "o", "system": "s", "history": [["q", "a"], ["r", "b"]]})")
                   .messages) == "system: s\nuser: q\nassistant: a\nuser: r\nassistant: b\nuser: i\nassistant: o\n");
  CHECK(problem(R"({"instruction": "i", "output": "o", "history": [["q"]]})").starts_with("history[0]: "));
}

TEST_CASE("rows: the columns of the Python original, Dolly, OpenOrca and plain pairs become conversations") {
  CHECK(spoken(sample(R"({"System": "s", "User": "u", "Assistant": "a"})").messages) ==
        "system: s\nuser: u\nassistant: a\n");
  CHECK(spoken(sample(R"({"System": "", "User": "u", "Assistant": "a"})").messages) == "user: u\nassistant: a\n");
  CHECK(spoken(sample(R"({"instruction": "i", "context": "c", "response": "r", "category": "x"})").messages) ==
        "user: i\nc\nassistant: r\n");
  CHECK(spoken(sample(R"({"id": "1", "system_prompt": "s", "question": "q", "response": "r"})").messages) ==
        "system: s\nuser: q\nassistant: r\n");
  CHECK(
      spoken(sample(R"({"context": "c", "question": "q", "answers": {"text": ["one", "two"], "answer_start": [0, 1]}})")
                 .messages) == "user: c\nq\nassistant: one\n");
  CHECK(
      convert(R"({"context": "c", "question": "q", "answers": {"text": [], "answer_start": []}})")[0].dropped_because ==
      "empty response");
  CHECK(spoken(sample(R"({"document": "d", "summary": "s"})").messages) == "user: d\nassistant: s\n");
  CHECK(spoken(sample(R"({"input": "i", "output": "o"})").messages) == "user: i\nassistant: o\n");
}

TEST_CASE("rows: one instance of Self-Instruct's seed tasks is one sample") {
  const auto outcomes = convert(
      R"({"instruction": "i", "instances": [{"input": "", "output": "a"}, {"input": "x", "output": "b"}, {"input": "y", "output": ""}]})");
  REQUIRE(outcomes[0].samples.size() == 2);
  CHECK(outcomes[0].dropped_because.empty());
  CHECK(spoken(outcomes[0].samples[0].messages) == "user: i\nassistant: a\n");
  CHECK(spoken(outcomes[0].samples[1].messages) == "user: i\nx\nassistant: b\n");
}

TEST_CASE("rows: data.task completion joins plain columns into text of which the answer is learnt") {
  const auto verbatim = sample(R"({"prompt": " Q: 1+1\nA: ", "completion": " 2 "})", with_task(DataTask::completion));
  CHECK(verbatim.kind == SampleKind::completion);
  CHECK(verbatim.prompt_text == " Q: 1+1\nA: ");
  CHECK(verbatim.completion_text == " 2 ");
  const auto alpaca =
      sample(R"({"instruction": "i", "input": "x", "output": "o", "system": "s"})", with_task(DataTask::completion));
  CHECK(alpaca.prompt_text == "s\ni\nx\n");
  CHECK(alpaca.completion_text == "o");
}

TEST_CASE("rows: data.task summarization and question_answering put the prompt into words") {
  const auto summarization = with_task(DataTask::summarization), questions = with_task(DataTask::question_answering);
  const std::string document = "user: Summarize the following document:\nd\nassistant: s\n";
  CHECK(spoken(sample(R"({"document": "d", "summary": "s"})", summarization).messages) == document);
  CHECK(spoken(sample(R"({"input": "d", "output": "s"})", summarization).messages) == document);
  CHECK(spoken(sample(R"({"prompt": "d", "completion": "s"})", summarization).messages) == document);
  CHECK(spoken(sample(R"({"context": "c", "question": "q", "answer": "a"})", questions).messages) ==
        "user: Context: c\n\nQuestion: q\nassistant: a\n");
  CHECK(spoken(sample(R"({"prompt": "q", "completion": "a"})", questions).messages) ==
        "user: Question: q\nassistant: a\n");
  // An instruction speaks for itself.
  CHECK(spoken(sample(R"({"instruction": "i", "output": "o"})", summarization).messages) == "user: i\nassistant: o\n");
}

TEST_CASE("rows: prompt and completion as messages are prompt and answer") {
  const auto both = sample(
      R"({"prompt": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "x"}, {"role": "user", "content": "v"}],
          "completion": [{"role": "assistant", "content": "a"}]})");
  CHECK(both.kind == SampleKind::completion);
  CHECK(both.is_in_message_form());
  CHECK(spoken(both.messages) == "user: u\nassistant: x\nuser: v\n");
  CHECK(spoken(both.chosen) == "assistant: a\n");
}

TEST_CASE("rows: preference pairs with a prompt, as TRL documents them") {
  const auto text = sample(R"({"prompt": "The sky is", "chosen": " blue.", "rejected": " green."})", kDpo);
  CHECK(text.kind == SampleKind::preference);
  CHECK_FALSE(text.is_in_message_form());
  CHECK(text.prompt_text == "The sky is");
  CHECK(text.completion_text == " blue.");
  CHECK(text.rejected_text == " green.");
  const auto chat = sample(
      R"({"prompt": [{"role": "user", "content": "What color is the sky?"}], "chosen": [{"role": "assistant", "content": "It is blue."}],
          "rejected": [{"role": "assistant", "content": "It is green."}]})",
      kDpo);
  CHECK(spoken(chat.messages) == "user: What color is the sky?\n");
  CHECK(spoken(chat.chosen) == "assistant: It is blue.\n");
  CHECK(spoken(chat.rejected) == "assistant: It is green.\n");
}

TEST_CASE("rows: preference pairs without a prompt share one, as TRL's extract_prompt finds it") {
  // TRL's documented examples.
  const auto text = sample(R"({"chosen": "The sky is blue.", "rejected": "The sky is green."})", kDpo);
  CHECK(text.prompt_text == "The sky is");
  CHECK(text.completion_text == " blue.");
  CHECK(text.rejected_text == " green.");
  const auto chat = sample(
      R"({"chosen": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "good"}],
          "rejected": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "bad"}]})",
      kDpo);
  CHECK(spoken(chat.messages) == "user: u\n");
  CHECK(spoken(chat.chosen) == "assistant: good\n");
  CHECK(spoken(chat.rejected) == "assistant: bad\n");
  // Where one is the start of the other, the last character (turn) belongs to the answer.
  const auto prefix = sample(R"({"chosen": "abc", "rejected": "abcdef"})", kDpo);
  CHECK(prefix.prompt_text == "ab");
  CHECK(prefix.completion_text == "c");
  CHECK(prefix.rejected_text == "cdef");
  // Characters stay whole: e with acute (C3 A9) and with grave (C3 A8) share a byte.
  const auto accents = sample("{\"chosen\": \"x\xC3\xA9\", \"rejected\": \"x\xC3\xA8\"}", kDpo);
  CHECK(accents.prompt_text == "x");
  CHECK(accents.completion_text == "\xC3\xA9");
  // A plain prompt beside whole conversations (UltraFeedback) is what they share already.
  const auto both = sample(
      R"({"prompt": "u", "chosen": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "good"}],
          "rejected": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "bad"}]})",
      kDpo);
  CHECK(spoken(both.messages) == "user: u\n");
  CHECK(spoken(both.chosen) == "assistant: good\n");
  // ... and the prompt where the conversations hold the answers alone.
  const auto answers = sample(R"({"prompt": "u", "chosen": [{"role": "assistant", "content": "good"}],
                                  "rejected": [{"role": "assistant", "content": "bad"}]})",
                              kDpo);
  CHECK(spoken(answers.messages) == "user: u\n");
  // A prompt in messages that the conversations repeat is there once.
  const auto repeated = sample(
      R"({"prompt": [{"role": "user", "content": "u"}],
          "chosen": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "good"}],
          "rejected": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "bad"}]})",
      kDpo);
  CHECK(spoken(repeated.messages) == "user: u\n");
  CHECK(spoken(repeated.chosen) == "assistant: good\n");
  CHECK(convert(R"({"chosen": "same", "rejected": "same"})", kDpo)[0].dropped_because ==
        "chosen and rejected are the same");
}

TEST_CASE("rows: dialogues in one text, as in hh-rlhf, are read as turns") {
  const auto pair = sample(
      R"({"chosen": "\n\nHuman: a\nb\n\nAssistant: c\n\nHuman: d\n\nAssistant: good", "rejected": "\n\nHuman: a\nb\n\nAssistant: c\n\nHuman: d\n\nAssistant: bad"})",
      kDpo);
  CHECK(spoken(pair.messages) == "user: a\nb\nassistant: c\nuser: d\n");
  CHECK(spoken(pair.chosen) == "assistant: good\n");
  CHECK(spoken(pair.rejected) == "assistant: bad\n");
  CHECK(
      problem("{\"chosen\": \"\\n\\nHuman: a\\n\\nAssistant: b\", \"rejected\": \"\\n\\nHuman: a\\n\\nAssistant: c\"}\n"
              "{\"chosen\": \"x\", \"rejected\": \"\\n\\nHuman: a\\n\\nAssistant: c\"}",
              kDpo) == "");  // mixed: not this format, but plain pairs
}

TEST_CASE("rows: ranking data of LLaMA-Factory and orca_dpo_pairs") {
  const auto turns = sample(
      R"({"conversations": [{"from": "system", "value": "s"}, {"from": "human", "value": "u"}], "chosen": {"from": "gpt", "value": "good"}, "rejected": {"from": "gpt", "value": "bad"}})",
      kDpo);
  CHECK(spoken(turns.messages) == "system: s\nuser: u\n");
  CHECK(spoken(turns.chosen) == "assistant: good\n");
  CHECK(spoken(turns.rejected) == "assistant: bad\n");
  const auto columns =
      sample(R"({"instruction": "i", "input": "x", "chosen": "good", "rejected": "bad", "system": "s"})", kDpo);
  CHECK(spoken(columns.messages) == "system: s\nuser: i\nx\n");
  CHECK(spoken(columns.chosen) == "assistant: good\n");
  const auto orca = sample(R"({"system": "", "question": "q", "chosen": "good", "rejected": "bad"})", kDpo);
  CHECK(spoken(orca.messages) == "user: q\n");
}

TEST_CASE("rows: for KTO a pair becomes two labelled answers, as TRL's unpair_preference_dataset") {
  const auto outcomes = convert(R"({"prompt": "The sky is", "chosen": " blue.", "rejected": " green."})", kKto);
  REQUIRE(outcomes[0].samples.size() == 2);
  const auto &good = outcomes[0].samples[0], &bad = outcomes[0].samples[1];
  CHECK(good.kind == SampleKind::labelled);
  CHECK(good.prompt_text == "The sky is");
  CHECK(good.completion_text == " blue.");
  CHECK(good.is_desirable);
  CHECK(bad.completion_text == " green.");
  CHECK_FALSE(bad.is_desirable);
  CHECK(bad.rejected_text.empty());
}

TEST_CASE("rows: labelled answers take every way to write a label") {
  const auto label = [](const std::string& text) {
    return sample(cat(R"({"prompt": "p", "completion": "c", "label": )", text, "}"), kKto).is_desirable;
  };
  for (const auto* yes : {"true", "1", "1.0", "\"true\"", "\"True\"", "\"1\""}) CHECK(label(yes));
  for (const auto* no : {"false", "0", "0.0", "\"false\"", "\"FALSE\"", "\"0\""}) CHECK_FALSE(label(no));
  CHECK(problem(R"({"prompt": "p", "completion": "c", "label": 2})", kKto) == "label: is a number (2)");
  CHECK(problem(R"({"prompt": "p", "completion": "c", "label": "good"})", kKto) == "label: is text (\"good\")");
  const auto text = sample(R"({"completion": "c", "label": true})", kKto);
  CHECK(text.kind == SampleKind::labelled);
  CHECK(text.prompt_text.empty());
  const auto chat = sample(
      R"({"prompt": [{"role": "user", "content": "u"}], "completion": [{"role": "assistant", "content": "a"}], "label": false})",
      kKto);
  CHECK(spoken(chat.messages) == "user: u\n");
  CHECK(spoken(chat.chosen) == "assistant: a\n");
  const auto turns = sample(
      R"({"messages": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}, {"role": "user", "content": "v"}, {"role": "assistant", "content": "b"}], "label": true})",
      kKto);
  CHECK(spoken(turns.messages) == "user: u\nassistant: a\nuser: v\n");
  CHECK(spoken(turns.chosen) == "assistant: b\n");
  CHECK(convert(R"({"messages": [{"role": "user", "content": "u"}], "label": true})", kKto)[0].dropped_because ==
        "ends without an assistant turn");
  CHECK(spoken(sample(R"({"instruction": "i", "input": "x", "output": "o", "kto_tag": false})", kKto).messages) ==
        "user: i\nx\n");
}

TEST_CASE("rows: prompts carry the row's other fields to the reward functions") {
  const auto text = sample(R"({"prompt": "p", "gold_answer": 4, "meta": {"k": [1]}})", kGrpo);
  CHECK(text.kind == SampleKind::prompt);
  CHECK(text.prompt_text == "p");
  CHECK(text.fields == json(R"({"gold_answer": 4, "meta": {"k": [1]}})"));
  const auto chat = sample(R"({"prompt": [{"role": "user", "content": "u"}], "tools": []})", kGrpo);
  CHECK(spoken(chat.messages) == "user: u\n");
  CHECK(chat.fields == Json::object());
  CHECK(convert(R"({"prompt": " "})", kGrpo)[0].dropped_because == "empty prompt");
}

TEST_CASE("rows: what teaches nothing is dropped with a reason, what is remarkable is noted") {
  const auto one = [](const std::string& turns) { return convert(cat("{\"messages\": ", turns, "}"))[0]; };
  CHECK(one(R"([{"role": "user", "content": "u"}])").dropped_because == "no assistant turn");
  CHECK(one(R"([{"role": "user", "content": "u"}, {"role": "assistant", "content": "  "}])").dropped_because ==
        "empty response");
  CHECK(convert(R"({"instruction": "i", "output": ""})")[0].dropped_because == "empty response");
  const auto repeated = one(
      R"([{"role": "user", "content": "u"}, {"role": "user", "content": "v"}, {"role": "assistant", "content": "a"}])");
  CHECK(repeated.samples.size() == 1);
  CHECK(repeated.notes == std::vector<std::string>{"two turns of one role in a row"});
  const auto open = one(
      R"([{"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}, {"role": "user", "content": "v"}])");
  CHECK(open.notes == std::vector<std::string>{"ends without an assistant turn"});
  const auto silent = one(
      R"([{"role": "user", "content": "u"}, {"role": "assistant", "content": ""}, {"role": "user", "content": "v"}, {"role": "assistant", "content": "a"}])");
  CHECK(silent.notes == std::vector<std::string>{"an assistant turn is empty"});
  const auto first = one(R"([{"role": "system", "content": "s"}, {"role": "assistant", "content": "a"}])");
  CHECK(first.notes == std::vector<std::string>{"begins with an assistant turn"});
  const auto tools = one(
      R"([{"role": "user", "content": "u"}, {"role": "assistant", "tool_calls": [{"name": "f"}]}, {"role": "tool", "content": "1"}, {"role": "tool", "content": "2"}])");
  CHECK(tools.samples.size() == 1);
  CHECK(tools.notes == std::vector<std::string>{"ends without an assistant turn"});
}

TEST_CASE("rows: a wrong row names file, line, field, what stands there and what may") {
  const auto outcomes = convert(
      "{\"messages\": [{\"role\": \"user\", \"content\": \"u\"}, {\"role\": \"assistant\", \"content\": \"a\"}]}\n"
      "{\"messages\": [{\"role\": \"user\", \"content\": \"u\"}, {\"role\": \"assistant\", \"content\": 3.5}]}");
  CHECK_FALSE(outcomes[0].problem.has_value());
  REQUIRE(outcomes[1].problem.has_value());
  const auto& wrong = *outcomes[1].problem;
  CHECK(wrong.code == "bad_row");
  CHECK(wrong.spot.file == "rows.jsonl");
  CHECK(wrong.spot.line == 2);
  CHECK(wrong.path == "messages[1].content");
  CHECK(wrong.message == "is a number (3.5)");
  CHECK(wrong.allowed == "text, or a list of parts {\"type\": \"text\", \"text\": ...}");
  CHECK(outcomes[1].samples.empty());
  CHECK(problem(R"({"messages": []})") == "messages: is an empty list");
  CHECK(problem(R"({"messages": [{"role": "critic", "content": "x"}]})") ==
        "messages[0].role: is \"critic\", which is no role");
  CHECK(convert(R"({"messages": [{"role": "assitant", "content": "x"}]})")[0].problem->hint ==
        "did you mean \"assistant\"?");
  CHECK(problem(R"({"messages": [{"role": 1, "content": "x"}]})") == "messages[0].role: is a number (1)");
  CHECK(problem(R"({"messages": [{"content": "x"}]})") ==
        "messages[0]: names no role; it is an object with \"content\"");
  CHECK(problem(R"({"messages": ["x"]})") == "messages[0]: is text (\"x\")");
  CHECK(problem(R"({"messages": [{"role": "user", "content": null}]})").starts_with("messages[0]: has no content"));
  CHECK(problem(R"({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}]})") ==
        "messages[0].content[0]: is a part of type \"image_url\"");
  CHECK(problem(R"({"conversations": [{"from": "human", "value": "u"}, {"from": "function_call", "value": "f x"}]})")
            .starts_with("conversations[1].value: is text (\"f x\"), which is not JSON"));
  CHECK(problem(R"({"instruction": "i", "output": ["o"]})") == "output: is a list of 1");
  CHECK(problem("{\"instruction\": \"i\", \"output\": \"o\"}\n{\"instruction\": \"i\", \"ouput\": \"o\"}") ==
        "output: is missing; the row has instruction, ouput");
  CHECK(problem("{\"text\": \"t\"}\n{\"text\": null}") == "text: is null");
  CHECK(problem(R"({"messages": [{"role": "user", "content": "u"}], "tools": [3]})") == "tools[0]: is a number (3)");
}

TEST_CASE("rows: Parquet has no lines; the row's number is told") {
  const auto good = test::rows(R"({"text": "a"})");
  const data::RowConverter converter(rules(), "f.parquet", good);
  formats::Row row;
  row.value = json(R"({"text": 5})");
  row.number = 41;
  const auto outcome = converter.convert(row, "f.parquet");
  REQUIRE(outcome.problem.has_value());
  CHECK(outcome.problem->spot.line == 0);
  CHECK(outcome.problem->message == "row 42: is a number (5)");
  CHECK(outcome.row == 41);
}

TEST_CASE("rows: data.clean_text applies to plain columns of SFT and to nothing else") {
  CHECK(sample("{\"text\": \"a  b \"}").text == "a b");
  CHECK(spoken(sample(R"({"instruction": "i  j", "output": " o "})").messages) == "user: i j\nassistant:  o\n");
  CHECK(
      spoken(sample(R"({"messages": [{"role": "user", "content": "u  v"}, {"role": "assistant", "content": "a  b "}]})")
                 .messages) == "user: u  v\nassistant: a  b \n");
  CHECK(sample(R"({"prompt": "p  q ", "chosen": "a  ", "rejected": "b"})", kDpo).completion_text == "a  ");
  auto as_is = rules();
  as_is.clean_text = false;
  CHECK(sample("{\"text\": \"a  b \"}", as_is).text == "a  b ");
}
