// What is learnt of a sample, counted by hand: tokens are bytes, so ids and ranges can be read off the texts.
#include "forgelm/data/example_builder.hpp"

#include "forgelm/core/text.hpp"
#include "support/byte_tokenizer.hpp"
#include "support/test.hpp"

namespace forgelm::data {
namespace {

using test::ByteTokenizer;
using Ranges = std::vector<TokenRange>;

std::shared_ptr<const text::ChatTemplate> plain_template(const text::Tokenizer& tokenizer) {
  return std::make_shared<const text::ChatTemplate>(text::ChatTemplate::choose("chatml", tokenizer, ""));
}

BuiltExamples build(const Sample& sample, ExampleRules rules = {}, bool adds_bos = true, bool adds_eos = false) {
  const auto tokenizer = std::make_shared<const ByteTokenizer>(adds_bos, adds_eos);
  return ExampleBuilder(tokenizer, plain_template(*tokenizer), rules).build(sample);
}

/// The text of the tokens that are learnt, parts separated by "|".
std::string learnt_text(const Sequence& sequence) {
  const ByteTokenizer tokenizer;
  std::vector<std::string> parts;
  for (const TokenRange& range : sequence.learnt)
    parts.push_back(tokenizer.decode(std::span(sequence.ids).subspan(range.begin, range.end - range.begin)));
  return join(parts, "|");
}

std::string whole_text(const Sequence& sequence) { return ByteTokenizer().decode(sequence.ids); }

Sample text_sample(std::string text) {
  Sample sample;
  sample.kind = SampleKind::text;
  sample.text = std::move(text);
  return sample;
}

Sample completion(std::string prompt, std::string answer) {
  Sample sample;
  sample.kind = SampleKind::completion;
  sample.prompt_text = std::move(prompt);
  sample.completion_text = std::move(answer);
  return sample;
}

Sample preference(std::string prompt, std::string chosen, std::string rejected) {
  Sample sample = completion(std::move(prompt), std::move(chosen));
  sample.kind = SampleKind::preference;
  sample.rejected_text = std::move(rejected);
  return sample;
}

Json message(const char* role, const char* content) { return Json::object({{"role", role}, {"content", content}}); }

const Sequence& only_sequence(const BuiltExamples& built) {
  REQUIRE(built.examples.size() == 1);
  REQUIRE(built.examples[0].sequences.size() == 1);
  return built.examples[0].sequences[0];
}

}  // namespace

TEST_CASE("The characters of a text are counted as it was before it was cut, once for all parts of it") {
  ExampleRules rules;
  CHECK(only_sequence(build(text_sample("Gr\u00fc\u00dfe"))).num_characters == 5 + 4);  // and </s>
  rules.add_eos = false;
  CHECK(only_sequence(build(text_sample("Gr\u00fc\u00dfe"), rules)).num_characters == 5);
  CHECK(only_sequence(build(completion("ask:", " yes"), rules)).num_characters == 8);
  rules.max_length = 4;
  CHECK(only_sequence(build(text_sample("abcdefghij"), rules)).num_characters == 10);
  rules.length_policy = config::LengthPolicy::split;
  const BuiltExamples parts = build(text_sample("abcdefghij"), rules);
  REQUIRE(parts.examples.size() > 2);
  std::uint32_t sum = 0;
  for (const Example& part : parts.examples) sum += part.sequences.front().num_characters;
  CHECK(sum == 10);
  CHECK(parts.examples.front().sequences.front().num_characters == 10);
}

TEST_CASE("A text is learnt whole, with one beginning and one end, its first token aside") {
  const BuiltExamples built = build(text_sample("abc"));
  const Sequence& sequence = only_sequence(built);
  CHECK(whole_text(sequence) == "<s>abc</s>");
  CHECK(sequence.learnt == Ranges{{1, 5}});
}

TEST_CASE("Without a beginning token nothing predicts the first byte, and it carries no loss") {
  const BuiltExamples built = build(text_sample("abc"), {}, false);
  CHECK(whole_text(only_sequence(built)) == "abc</s>");
  CHECK(learnt_text(only_sequence(built)) == "bc</s>");
}

TEST_CASE("An end token is never doubled, whoever writes it first") {
  CHECK(whole_text(only_sequence(build(text_sample("abc</s>")))) == "<s>abc</s>");
  CHECK(whole_text(only_sequence(build(text_sample("abc"), {}, true, true))) == "<s>abc</s>");
  ExampleRules rules;
  rules.add_eos = false;
  CHECK(whole_text(only_sequence(build(text_sample("abc"), rules))) == "<s>abc");
}

TEST_CASE("Of a prompt and its completion the completion is learnt, with the end") {
  for (const bool adds_eos : {false, true}) {
    const BuiltExamples built = build(completion("ask:", " yes"), {}, true, adds_eos);
    CHECK(whole_text(only_sequence(built)) == "<s>ask: yes</s>");
    CHECK(learnt_text(only_sequence(built)) == " yes</s>");
  }
}

TEST_CASE("train_on all learns the prompt too") {
  ExampleRules rules;
  rules.train_on = config::TrainOn::all;
  CHECK(learnt_text(only_sequence(build(completion("ask:", " yes"), rules))) == "ask: yes</s>");
}

TEST_CASE("A preference gives two sequences, each with its answer learnt and one end") {
  const BuiltExamples built = build(preference("q:", "good", "bad</s>"));
  REQUIRE(built.examples.size() == 1);
  const auto& sequences = built.examples[0].sequences;
  REQUIRE(sequences.size() == 2);
  CHECK(whole_text(sequences[0]) == "<s>q:good</s>");
  CHECK(learnt_text(sequences[0]) == "good</s>");
  CHECK(whole_text(sequences[1]) == "<s>q:bad</s>");
  CHECK(learnt_text(sequences[1]) == "bad</s>");
}

TEST_CASE("A labelled answer keeps its label, a prompt its fields") {
  Sample sample = completion("q:", "a");
  sample.kind = SampleKind::labelled;
  sample.is_desirable = false;
  CHECK(build(sample).examples.at(0).extra == R"({"label": false})");

  Sample prompt;
  prompt.kind = SampleKind::prompt;
  prompt.prompt_text = "2+2?";
  prompt.fields = Json::object({{"gold_answer", "4"}});
  const BuiltExamples built = build(prompt);
  CHECK(whole_text(only_sequence(built)) == "<s>2+2?");
  CHECK(only_sequence(built).learnt.empty());
  CHECK(built.examples[0].extra == R"({"gold_answer": "4"})");
}

TEST_CASE("Truncation cuts the end and invents none") {
  ExampleRules rules;
  rules.max_length = 8;
  const BuiltExamples built = build(completion("ask:", "abcdefgh"), rules);
  CHECK(built.is_truncated);
  CHECK(whole_text(only_sequence(built)) == "<s>ask:abc");
  CHECK(learnt_text(only_sequence(built)) == "abc");
  rules.max_length = 14;  // exactly as long as <s>, 12 bytes, </s>
  CHECK_FALSE(build(completion("ask:", "abcdefgh"), rules).is_truncated);
  rules.max_length = 5;  // the prompt alone
  const BuiltExamples nothing = build(completion("ask:", "abcdefgh"), rules);
  CHECK(nothing.examples.empty());
  CHECK(nothing.has_nothing_learnt);
  CHECK(nothing.dropped_because == "the answer lies beyond model.max_length");
}

TEST_CASE("A prompt that is too long keeps its end") {
  Sample prompt;
  prompt.kind = SampleKind::prompt;
  prompt.prompt_text = "0123456789";
  ExampleRules rules;
  rules.max_length = 4;
  CHECK(whole_text(only_sequence(build(prompt, rules))) == "6789");
}

TEST_CASE("Splitting learns every token once, in parts that are not too long") {
  ExampleRules rules;
  rules.length_policy = config::LengthPolicy::split;
  rules.max_length = 5;
  const BuiltExamples built = build(text_sample("abcdefghij"), rules);
  std::string learnt;
  for (const Example& example : built.examples) {
    CHECK(example.sequences[0].ids.size() <= 5);
    learnt += learnt_text(example.sequences[0]);
  }
  CHECK(learnt == "abcdefghij</s>");
  // Of "<s>0123456789ab</s>" the first two parts hold nothing that is learnt, and are left out.
  const BuiltExamples answer = build(completion("0123456789", "ab"), rules);
  REQUIRE(answer.examples.size() == 2);
  CHECK(learnt_text(answer.examples[0].sequences[0]) == "ab");
  CHECK(learnt_text(answer.examples[1].sequences[0]) == "</s>");
}

TEST_CASE("Too long rows are dropped or refused when the job says so") {
  ExampleRules rules;
  rules.max_length = 5;
  rules.length_policy = config::LengthPolicy::drop;
  CHECK(build(text_sample("abcdefgh"), rules).dropped_because == "longer than model.max_length");
  rules.length_policy = config::LengthPolicy::error;
  CHECK_THROWS_WITH(build(text_sample("abcdefgh"), rules), "this row has 10 tokens, and model.max_length is 5");
}

TEST_CASE("Bounds on the response count the tokens that are learnt") {
  ExampleRules rules;
  rules.min_response_tokens = 4;
  rules.max_response_tokens = 5;
  CHECK(build(completion("q", "ab"), rules).dropped_because == "response shorter than data.min_response_tokens");
  CHECK(build(completion("q", "abc"), rules).examples.size() == 1);
  CHECK(build(completion("q", "abcde"), rules).dropped_because == "response longer than data.max_response_tokens");
}

TEST_CASE("A model whose pad token is its end token learns to stop") {
  const BuiltExamples built = build(completion("q", "a"));
  const Sequence& sequence = only_sequence(built);
  REQUIRE(sequence.ids.back() == ByteTokenizer::kEos);
  CHECK(sequence.learnt.back().end == sequence.ids.size());
}

TEST_CASE("Of a conversation the assistant's turns are learnt with what ends them") {
  Sample sample;
  sample.kind = SampleKind::chat;
  sample.messages =
      Json::array({message("user", "Hi"), message("assistant", "Ho"), message("user", "A"), message("assistant", "B")});
  const BuiltExamples built = build(sample, {}, false);
  CHECK(learnt_text(only_sequence(built)) == "Ho<|im_end|>|B<|im_end|>");
}

TEST_CASE("Of a preference in messages only the answer is learnt, not what the assistant said before") {
  Sample sample;
  sample.kind = SampleKind::preference;
  sample.messages = Json::array({message("user", "Hi"), message("assistant", "Ho"), message("user", "A")});
  sample.chosen = Json::array({message("assistant", "good")});
  sample.rejected = Json::array({message("assistant", "bad")});
  const BuiltExamples built = build(sample, {}, false);
  REQUIRE(built.examples.size() == 1);
  CHECK(learnt_text(built.examples[0].sequences[0]) == "good<|im_end|>");
  CHECK(learnt_text(built.examples[0].sequences[1]) == "bad<|im_end|>");
}

}  // namespace forgelm::data
