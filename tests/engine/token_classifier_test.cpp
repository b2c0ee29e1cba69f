// Oracle: transformers 5.23.0 (tools/golden/token_classifiers/make.py says what
// the files are).
#include "forgelm/engine/token_classifier.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/encoder/encoder.hpp"
#include "engine/encoder/token_spans.hpp"
#include "engine/model/tensor_file.hpp"
#include "engine/model_support.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "support/temporary_directory.hpp"

using namespace forgelm;
using namespace forgelm::engine;
using namespace forgelm::test;

namespace {

namespace fs = std::filesystem;

const fs::path kGoldens = kSourceFolder / "tests/golden/token_classifiers";
constexpr const char* kModels[] = {"bert", "bert_tanh", "distilbert", "roberta", "xlm_roberta"};

std::unique_ptr<TokenClassifier> open(const fs::path& folder, std::int64_t overlap = 4, std::int64_t batch = 4096) {
  TokenClassifierRequest request;
  request.folder = folder;
  request.device = "cpu";
  request.overlap_tokens = overlap;
  request.max_batch_tokens = batch;
  return open_token_classifier(request);
}

/// What differs from the golden's spans, scores to 1e-4; empty when nothing
/// does.
std::string difference(const std::vector<LabelledSpan>& ours, const Json& theirs) {
  if (ours.size() != theirs.items().size()) return cat(ours.size(), " spans, expected ", theirs.items().size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const Json& expected = theirs.items()[i];
    const LabelledSpan& span = ours[i];
    if (span.label != expected.at("label").text() ||
        static_cast<std::int64_t>(span.begin) != expected.at("begin").integer() ||
        static_cast<std::int64_t>(span.end) != expected.at("end").integer() ||
        std::abs(span.score - expected.at("score").real()) > 1e-4)
      return cat("span ", i, ": ", span.label, " ", span.begin, ":", span.end, " ", span.score, ", expected ",
                 dump(expected));
  }
  return "";
}

void copy_model(const std::string& name, const fs::path& to) {
  for (const char* file : {"config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"})
    fs::copy_file(kGoldens / name / file, to / file);
}

/// Exchanges the one place where config.json says `from`.
void edit_config(const fs::path& folder, std::string_view from, std::string_view to) {
  std::string text = read_file(folder / "config.json");
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
  write_file_durably(folder / "config.json", text);
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string error_of(const fs::path& folder) {
  try {
    open(folder);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("Encoders give the logits of transformers, alone and padded in one batch") {
  const std::size_t num_sentences =
      parse_json(read_file(kGoldens / "MANIFEST.json")).value().at("sentences").items().size();
  for (const char* name : kModels) {
    INFO(name);
    const Encoder encoder(kGoldens / name, formats::read_encoder_config(kGoldens / name), at::kCPU);
    const auto golden = formats::SafetensorsReader::open(kGoldens / name / "logits.safetensors");
    std::vector<at::Tensor> all;
    std::vector<std::int64_t> lengths;
    for (std::size_t i = 0; i < num_sentences; ++i) {
      all.push_back(view_tensor(golden, cat(i, ".ids")).to(at::kLong));
      lengths.push_back(all.back().size(0));
    }
    const std::int64_t longest = *std::max_element(lengths.begin(), lengths.end());
    at::Tensor ids_BT = at::full({static_cast<std::int64_t>(all.size()), longest}, 3, at::kLong);
    for (std::size_t i = 0; i < all.size(); ++i)
      ids_BT[static_cast<std::int64_t>(i)].slice(0, 0, lengths[i]).copy_(all[i]);
    const at::Tensor batch = encoder.logits(ids_BT, lengths);
    for (std::size_t i = 0; i < all.size(); ++i) {
      INFO("sentence " << i);
      const at::Tensor expected = view_tensor(golden, cat(i));
      CHECK(distance(encoder.logits(all[i].unsqueeze(0), {lengths[i]})[0], expected) <= 1e-4);
      CHECK(distance(batch[static_cast<std::int64_t>(i)].slice(0, 0, lengths[i]), expected) <= 1e-4);
    }
  }
}

TEST_CASE(
    "Labelled places are those of transformers' pipeline, in whole texts "
    "and in windows, however batched") {
  for (const char* name : kModels) {
    for (const std::int64_t max_batch_tokens : {1, 200, 4096}) {
      std::vector<Json> whole;
      std::vector<std::string_view> texts;
      const std::vector<Json> rows = json_lines(kGoldens / name / "spans.jsonl");
      for (const Json& row : rows) {
        if (row.at("stride").is_null()) {
          whole.push_back(row);
          continue;
        }
        INFO(name << ", windows that share " << row.at("stride").integer());
        const auto model = open(kGoldens / name, row.at("stride").integer(), max_batch_tokens);
        const std::string& text = row.at("text").text();
        const std::string_view views[] = {text};
        CHECK(difference(model->classify(views).at(0), row.at("spans")) == "");
      }
      REQUIRE(whole.size() >= 8);
      for (const Json& row : whole) texts.push_back(row.at("text").text());
      const auto found = open(kGoldens / name, 4, max_batch_tokens)->classify(texts);
      for (std::size_t i = 0; i < whole.size(); ++i) {
        INFO(name << ": " << texts[i]);
        CHECK(difference(found.at(i), whole[i].at("spans")) == "");
      }
    }
  }
}

TEST_CASE("Texts without tokens have no labels") {
  const auto model = open(kGoldens / "bert");
  const std::string_view texts[] = {"", "   "};
  const auto found = model->classify(texts);
  REQUIRE(found.size() == 2);
  CHECK(found[0].empty());
  CHECK(found[1].empty());
  CHECK(model->classify({}).empty());
  CHECK(model->info().architecture == "BertForTokenClassification");
  CHECK(model->info().labels.size() == 9);
  CHECK(model->info().max_tokens == 72);
}

TEST_CASE("B begins a place, I and bare labels go on with one, O ends it") {
  const std::vector<std::string> labels = {"O", "B-PER", "I-PER", "LOC"};
  const auto token = [](std::size_t label, std::uint32_t begin) { return TokenLabel{label, 0.5F, {begin, begin + 1}}; };
  const auto spans =
      spans_of({token(2, 0), token(2, 1), token(1, 2), token(0, 3), token(2, 4), token(3, 5), token(3, 6)}, labels);
  const std::vector<LabelledSpan> expected = {
      {"PER", 0.5, 0, 2}, {"PER", 0.5, 2, 3}, {"PER", 0.5, 4, 5}, {"LOC", 0.5, 5, 7}};
  CHECK((spans == expected));
  const auto merged = merge_windows({{"A", 0.9, 4, 6}, {"B", 0.2, 0, 3}, {"C", 0.1, 2, 6}});
  CHECK((merged == std::vector<LabelledSpan>{{"C", 0.1, 2, 6}}));
}

TEST_CASE("A folder that holds no token classifier is refused by name") {
  const TemporaryDirectory folder;
  CHECK(contains(error_of(folder.path()), "no config.json"));
  copy_model("bert", folder.path());
  CHECK(error_of(folder.path()) == "");
  edit_config(folder.path(), "BertForTokenClassification", "DebertaV2ForTokenClassification");
  CHECK(contains(error_of(folder.path()), "DebertaV2ForTokenClassification"));
  CHECK(contains(error_of(folder.path()), "XLMRobertaForTokenClassification"));
  edit_config(folder.path(), "DebertaV2ForTokenClassification", "DistilBertForTokenClassification");
  CHECK(contains(error_of(folder.path()), "distilbert.embeddings.word_embeddings.weight is missing"));
  edit_config(folder.path(), "DistilBertForTokenClassification", "BertForTokenClassification");
  edit_config(folder.path(), "\"intermediate_size\": 56", "\"intermediate_size\": 55");
  CHECK(contains(error_of(folder.path()), "bert.encoder.layer.0.intermediate.dense.weight has shape [56, 32]"));
  edit_config(folder.path(), "\"intermediate_size\": 55", "\"intermediate_size\": 56");
  edit_config(folder.path(), "\"id2label\"", "\"labels\"");
  CHECK(contains(error_of(folder.path()), "id2label"));
  edit_config(folder.path(), "\"labels\"", "\"id2label\"");
  fs::remove(folder.path() / "tokenizer.json");
  CHECK(contains(error_of(folder.path()), "tokenizer"));
  fs::copy_file(kGoldens / "roberta/tokenizer.json", folder.path() / "tokenizer.json");
  CHECK(contains(error_of(folder.path()), "the tokenizer has ids up to"));
  CHECK_THROWS_AS(open(kGoldens / "bert", 70), ConfigError);
}
