// Lengths in tokens, with a tokenizer whose tokens are words, so that they can be counted by hand.
#include "forgelm/audit/token_lengths.hpp"

#include <fstream>

#include "forgelm/audit/audit.hpp"
#include "forgelm/core/text.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using namespace forgelm::audit;

class Project {
 public:
  Project() {
    std::filesystem::create_directories(folder_.path() / "model");
    const auto special = [](int id, std::string_view content) {
      return cat(R"({"id": )", id, R"(, "content": ")", content, R"(", "special": true, "single_word": false, )",
                 R"("lstrip": false, "rstrip": false, "normalized": false})");
    };
    write("model/tokenizer.json",
          cat(R"({"pre_tokenizer": {"type": "WhitespaceSplit"}, "added_tokens": [)", special(8, "<|im_end|>"), ", ",
              special(9, "</s>"), R"(], "model": {"type": "WordLevel", "unk_token": "w", "vocab": )",
              R"({"w": 0, "<|im_end|>": 8, "</s>": 9}}})"));
    write(
        "model/tokenizer_config.json",
        R"({"eos_token": "</s>", "model_max_length": 4, "chat_template": "{% for m in messages %}{{ '<|im_start|>' }})"
        R"({{ m['role'] + ' ' + m['content'] + '<|im_end|>' }}{% endfor %}"})");
  }
  void write(const std::string& name, std::string_view text) const { std::ofstream(folder_.path() / name) << text; }
  std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }

  TokensProfile tokens_of(std::string_view rows, std::shared_ptr<const TokenMeasure> measure,
                          int num_workers = 1) const {
    write("rows.jsonl", rows);
    AuditOptions options;
    options.input = path("rows.jsonl").native();
    options.tokens = std::move(measure);
    options.num_workers = num_workers;
    const AuditReport report = audit_data(options);
    REQUIRE(report.splits.at(0).error.empty());
    REQUIRE(report.splits[0].profile.tokens.has_value());
    return *report.splits[0].profile.tokens;
  }
  std::shared_ptr<const TokenMeasure> measure(std::optional<std::int64_t> max_length = std::nullopt) const {
    return std::make_shared<const TokenMeasure>(path("model"), max_length);
  }

 private:
  test::TemporaryDirectory folder_;
};

TEST_CASE("texts are as long as their words and the end token") {
  const Project project;
  const TokensProfile tokens = project.tokens_of(
      "{\"text\": \"a b c\"}\n{\"text\": \"a\"}\n{\"text\": \"a b c d e f\"}\n{\"text\": \" \"}\n", project.measure());
  CHECK(tokens.read_as == "text: text");
  CHECK(tokens.num_rows == 3);
  CHECK(tokens.num_rows_dropped == 1);
  CHECK(tokens.num_rows_as_text == 0);
  CHECK(tokens.num_tokens == 4 + 2 + 7);
  CHECK(tokens.min == 2);
  CHECK(tokens.p50 == 4);
  CHECK(tokens.p95 == 7);
  CHECK(tokens.max == 7);
  CHECK(tokens.mean == 4.3);
  CHECK(tokens.max_length == 4);  // the tokenizer's own
  CHECK(tokens.num_rows_over == 1);
  CHECK(tokens.num_tokens_lost == 3);
}

TEST_CASE("conversations go through the chat template, and what no row format takes is measured as text") {
  const Project project;
  // "<|im_start|>user", words, "<|im_end|>" for each turn.
  const TokensProfile tokens = project.tokens_of(
      R"({"messages": [{"role": "user", "content": "a b"}, {"role": "assistant", "content": "c"}]})"
      "\n"
      R"({"messages": [{"role": "user", "content": "a \ud800 b"}, {"role": "assistant", "content": "c"}]})"
      "\n"
      R"({"text": "a b c d e"})"
      "\n",
      project.measure(8));
  CHECK(tokens.read_as == "messages: messages");
  CHECK(tokens.num_rows == 3);
  CHECK(tokens.num_rows_as_text == 2);
  CHECK(tokens.max == 4 + 3);
  CHECK(tokens.num_tokens == 7 + 4 + 5);
  CHECK(tokens.num_rows_over == 0);
}

TEST_CASE("a pair is two sequences, and over the limit when one of them is") {
  const Project project;
  const TokensProfile tokens =
      project.tokens_of("{\"prompt\": \"a \", \"chosen\": \"b c d e f\", \"rejected\": \"b\"}\n", project.measure(4));
  CHECK(tokens.num_rows == 1);
  CHECK(tokens.num_sequences == 2);
  CHECK(tokens.num_tokens == 7 + 3);
  CHECK(tokens.num_rows_over == 1);
  CHECK(tokens.num_sequences_over == 1);
  CHECK(tokens.num_tokens_lost == 3);
}

TEST_CASE("a job gives tokenizer, columns and max_length") {
  const Project project;
  config::JobConfig job;
  job.model.name_or_path = project.path("model").native();
  job.model.max_length = 3;
  job.data.columns = Json::object({{"text", "body"}});
  job.data.train_on = config::TrainOn::all;
  const TokensProfile tokens = project.tokens_of("{\"body\": \"a b c\", \"text\": \"not this\"}\n",
                                                 std::make_shared<const TokenMeasure>(job, std::nullopt));
  CHECK(tokens.num_tokens == 4);
  CHECK(tokens.max_length == 3);
  CHECK(tokens.num_tokens_lost == 1);
}

TEST_CASE("lengths in tokens do not depend on the number of threads") {
  const Project project;
  std::string rows;
  for (int i = 0; i < 60000; ++i) {
    std::string words;
    for (int k = 0; k < i % 13; ++k) words += cat("word", k, " ");
    rows += cat(R"({"text": ")", words, R"(", "n": )", i, "}\n");
  }
  const TokensProfile one = project.tokens_of(rows, project.measure()),
                      three = project.tokens_of(rows, project.measure(), 3);
  std::uint64_t sum = 0;
  for (int i = 0; i < 60000; ++i)
    if (i % 13 > 0) sum += static_cast<std::uint64_t>(i % 13 + 1);
  CHECK(one.num_tokens == sum);
  CHECK(three.num_tokens == sum);
  CHECK(three.p50 == one.p50);
  CHECK(three.num_rows_over == one.num_rows_over);
}

TEST_CASE("a tokenizer that is not there is a mistake of the caller") {
  const Project project;
  CHECK_THROWS_AS(TokenMeasure(project.path("absent"), std::nullopt), ConfigError);
}

}  // namespace
