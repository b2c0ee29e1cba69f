// tokenizer.json files of real models against tokenizers 0.23.3: ids with and without special tokens, decoding at once
// and in steps (shared data). And small files for each part, with spans (tests/golden/tokenizers).
#include <filesystem>
#include <string>
#include <vector>

#include "forgelm/core/files.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/text/tokenizer.hpp"
#include "support/shared_data.hpp"
#include "support/test.hpp"
#include "text/pipeline_tokenizer.hpp"
#include "text/tokenizer_json.hpp"

using namespace forgelm;
using namespace forgelm::text;

namespace {

std::vector<Json> read_lines(const std::filesystem::path& path) {
  std::vector<Json> rows;
  for (const std::string& line : split(read_file(path), '\n'))
    if (!line.empty()) rows.push_back(parse_json(line).value());
  return rows;
}

std::vector<TokenId> ids_of(const Json& json) {
  std::vector<TokenId> ids;
  for (const Json& id : json.items()) ids.push_back(static_cast<TokenId>(id.integer()));
  return ids;
}

std::string decode_in_steps(const Tokenizer& tokenizer, const std::vector<TokenId>& ids, const DecodeOptions& options) {
  StreamDecoder decoder(tokenizer, options);
  std::string text;
  for (const TokenId id : ids) {
    const std::string part = decoder.push(id);
    CHECK(is_valid_utf8(part));
    text += part;
  }
  return text + decoder.finish();
}

/// The file alone, without what stands beside it.
std::shared_ptr<Tokenizer> load_alone(const std::filesystem::path& path) {
  return make_pipeline(read_tokenizer_json(read_file(path), path.string()), path.string());
}

void check_goldens(const std::string& name) {
  const auto folder = test::shared_data("tokenizers/" + name);
  if (folder.empty()) FORGELM_SKIP("shared data tokenizers/" + name + " is absent");
  const auto tokenizer = load_alone(folder / "tokenizer.json");
  const auto rows = read_lines(folder / "golden-tokenizer.json.jsonl");
  REQUIRE(rows.size() > 10);
  for (const Json& row : rows) {
    const Json* text = row.find("text");
    if (text == nullptr) continue;  // the header
    INFO(quote(text->text()));
    const auto ids = ids_of(row.at("ids"));
    EncodeOptions options;
    options.add_special_tokens = false;
    CHECK(tokenizer->encode(text->text(), options).ids == ids);
    options.with_spans = true;
    const Encoding with_spans = tokenizer->encode(text->text(), options);
    CHECK(with_spans.ids == ids);
    CHECK(with_spans.spans.size() == ids.size());
    if (const Json* special = row.find("ids_special")) CHECK(tokenizer->encode(text->text()).ids == ids_of(*special));
    CHECK(tokenizer->decode(ids) == row.at("decoded").text());
    CHECK(decode_in_steps(*tokenizer, ids, {}) == row.at("decoded").text());
  }
}

}  // namespace

TEST_CASE("falcon's tokenizer.json gives the reference's ids and text") { check_goldens("falcon"); }
TEST_CASE("GPT-2's tokenizer.json gives the reference's ids and text") { check_goldens("gpt2"); }
TEST_CASE("GPT-NeoX's tokenizer.json gives the reference's ids and text") { check_goldens("gpt-neox-20b"); }
TEST_CASE("Llama 2's tokenizer.json gives the reference's ids and text") { check_goldens("llama2"); }
TEST_CASE("Phi-3's tokenizer.json gives the reference's ids and text") { check_goldens("phi-3-mini"); }
TEST_CASE("SmolLM2's tokenizer.json gives the reference's ids and text") { check_goldens("smollm2"); }
TEST_CASE("T5's tokenizer.json gives the reference's ids and text") { check_goldens("t5-small"); }

TEST_CASE("each part of a tokenizer.json gives the reference's ids, spans and text") {
  const auto rows = read_lines(std::filesystem::path(FORGELM_SOURCE_DIR) / "tests/golden/tokenizers/parts.jsonl");
  std::shared_ptr<Tokenizer> tokenizer;
  std::string name;
  int num_checked = 0;
  for (const Json& row : rows) {
    if (const Json* json = row.find("tokenizer")) {
      name = row.at("name").text();
      INFO(name);
      tokenizer = make_pipeline(read_tokenizer_json(dump(*json), name), name);
      continue;
    }
    INFO(name);
    REQUIRE(tokenizer != nullptr);
    ++num_checked;
    if (const Json* ids = row.find("decode")) {
      const DecodeOptions options{row.at("skip_special").boolean()};
      CHECK(tokenizer->decode(ids_of(*ids), options) == row.at("text").text());
      CHECK(decode_in_steps(*tokenizer, ids_of(*ids), options) == row.at("text").text());
      continue;
    }
    INFO(quote(row.at("text").text()));
    EncodeOptions options;
    options.with_spans = true;
    options.add_special_tokens = row.at("special").boolean();
    options.parse_special_tokens = row.find("no_parse") == nullptr;
    options.truncate = true;
    Encoding found;
    if (const Json* second = row.find("pair"))
      dynamic_cast<const PipelineTokenizer&>(*tokenizer)
          .encode_pair(row.at("text").text(), second->text(), options, found);
    else tokenizer->encode(row.at("text").text(), options, found);
    CHECK(found.ids == ids_of(row.at("ids")));
    std::vector<std::int64_t> spans;
    for (const ByteSpan& span : found.spans) {
      spans.push_back(span.begin);
      spans.push_back(span.end);
    }
    std::vector<std::int64_t> wanted;
    for (const Json& place : row.at("spans").items()) wanted.push_back(place.integer());
    CHECK(spans == wanted);
    Encoding plain;
    options.with_spans = false;
    if (row.find("pair") == nullptr) {
      tokenizer->encode(row.at("text").text(), options, plain);
      CHECK(plain.ids == found.ids);
    }
  }
  CHECK(num_checked > 500);
}
