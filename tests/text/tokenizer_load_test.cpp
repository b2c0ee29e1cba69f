// Tokenizer::load: which file of a folder, what stands beside it, the digest, and files that are wrong.
#include <filesystem>
#include <string>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/text/tokenizer.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"
#include "text/tokenizer_json.hpp"

using namespace forgelm;
using namespace forgelm::text;
using Catch::Matchers::Contains;

namespace {

std::string document(const std::string& parts = "", const std::string& added = "") {
  return cat(R"({"version":"1.0","added_tokens":[)", added, "],", parts,
             R"("model":{"type":"WordLevel","vocab":{"[UNK]":0,"a":1,"b":2,"a b":3,"</s>":4},"unk_token":"[UNK]"}})");
}

std::string error_of(const std::string& bytes) {
  try {
    make_pipeline(read_tokenizer_json(bytes, "t.json"), "t.json");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("a wrong tokenizer.json is refused with file and place") {
  CHECK_THAT(error_of("{"), Contains("t.json") && Contains("line 1"));
  CHECK_THAT(error_of("[]"), Contains("an object is needed"));
  CHECK_THAT(error_of(R"({"version":"2.0","model":{}})"), Contains("version"));
  CHECK_THAT(error_of(R"({"version":"1.0"})"), Contains("\"model\" is missing"));
  CHECK_THAT(error_of(document(R"("normalizer":{"type":"Nope"},)")),
             Contains("normalizer.type") && Contains("\"Nope\""));
  CHECK_THAT(error_of(document(R"("pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Whitespace"},
      {"type":"Split","pattern":{"Regex":"(a"},"behavior":"Isolated","invert":false}]},)")),
             Contains("pre_tokenizer.pretokenizers[1].pattern.Regex"));
  CHECK_THAT(error_of(document(
                 R"("pre_tokenizer":{"type":"Split","pattern":{"String":"a"},"behavior":"Gone","invert":false},)")),
             Contains("pre_tokenizer.behavior"));
  CHECK_THAT(error_of(document(R"("normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAA"},)")),
             Contains("normalizer.precompiled_charsmap"));
  CHECK_THAT(error_of(document(R"("normalizer":{"type":"Precompiled","precompiled_charsmap":"*"},)")),
             Contains("base64"));
  CHECK_THAT(error_of(document(R"("decoder":{"type":"Strip","content":"ab","start":1,"stop":0},)")),
             Contains("decoder.content"));
  CHECK_THAT(error_of(document(
                 R"("post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x","type_id":0}}],
      "pair":[],"special_tokens":{}},)")),
             Contains("post_processor.single[0].SpecialToken.id"));
  CHECK_THAT(error_of(document(R"("post_processor":{"type":"BertProcessing","sep":["x",77],"cls":["x",0]},)")),
             Contains("the token id 77 is beyond the vocabulary"));
  CHECK_THAT(error_of(document("", R"({"id":1,"content":5})")), Contains("added_tokens[0].content"));
  std::string nested = R"({"type":"NFC"})";
  for (int i = 0; i < 20; ++i) nested = cat(R"({"type":"Sequence","normalizers":[)", nested, "]}");
  CHECK_THAT(error_of(document(cat("\"normalizer\":", nested, ","))), Contains("nested deeper than 16"));
}

TEST_CASE("a normalizer that lets a text explode is stopped") {
  std::string steps;
  for (int i = 0; i < 40; ++i)
    steps += cat(i == 0 ? "" : ",", R"({"type":"Replace","pattern":{"String":"a"},"content":"aaaa"})");
  const auto tokenizer = make_pipeline(
      read_tokenizer_json(document(cat(R"("normalizer":{"type":"Sequence","normalizers":[)", steps, "]},")), "t"), "t");
  CHECK_THROWS_AS(tokenizer->encode("a a a"), RunError);
}

TEST_CASE("bytes that are not UTF-8 are encoded as U+FFFD, with spans of the bytes given") {
  const auto tokenizer = make_pipeline(
      read_tokenizer_json(
          document(
              R"("pre_tokenizer":{"type":"Split","pattern":{"String":"b"},"behavior":"Isolated","invert":false},)"),
          "t"),
      "t");
  EncodeOptions options;
  options.with_spans = true;
  const Encoding found = tokenizer->encode(
      "a\xFF\xE2\x82"
      "b",
      options);
  CHECK(found.ids == std::vector<TokenId>{0, 2});
  CHECK(found.spans == std::vector<ByteSpan>{{0, 4}, {4, 5}});
}

TEST_CASE("load reads a folder: the tokenizer, its configuration, templates and digest") {
  const test::TemporaryDirectory folder;
  write_file_durably(
      folder / "tokenizer.json",
      document(
          R"("pre_tokenizer":{"type":"WhitespaceSplit"},)",
          R"({"id":5,"content":"<x>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true})"));
  const auto plain = Tokenizer::load(folder.path());
  CHECK(plain->encode("a <x> b").ids == std::vector<TokenId>{1, 5, 2});
  CHECK(plain->digest().size() == 64);
  CHECK(plain->vocab_size() == 6);
  write_file_durably(folder / "tokenizer_config.json",
                     R"({"bos_token":"<x>","eos_token":{"content":"</s>"},"pad_token":null,
      "add_bos_token":true,"add_eos_token":true,"model_max_length":1000000000000000019884624838656,"tokenizer_class":"X",
      "added_tokens_decoder":{"6":{"content":"<y>","lstrip":true,"special":true}},
      "chat_template":[{"name":"default","template":"D"},{"name":"tool_use","template":"T"}]})");
  write_file_durably(folder / "chat_template.jinja", "own");
  const auto tokenizer = Tokenizer::load(folder / "tokenizer.json");
  CHECK(tokenizer->digest() != plain->digest());
  CHECK(tokenizer->encode("a  <y>b").ids == std::vector<TokenId>{5, 1, 6, 2, 4});
  REQUIRE(tokenizer->config().bos);
  CHECK(tokenizer->config().bos->id == 5);
  CHECK(tokenizer->config().eos->id == 4);
  CHECK_FALSE(tokenizer->config().pad);
  CHECK_FALSE(tokenizer->config().model_max_length);
  CHECK(*tokenizer->config().chat_template() == "own");
  CHECK(*tokenizer->config().chat_template("tool_use") == "T");
  CHECK(tokenizer->is_special(6));
  CHECK(tokenizer->token_of(6) == "<y>");
  write_file_durably(folder / "tokenizer_config.json", R"({"added_tokens_decoder":{"x":{"content":"<y>"}}})");
  CHECK_THROWS_WITH(Tokenizer::load(folder.path()),
                    Contains("tokenizer_config.json") && Contains("added_tokens_decoder.x"));
}

TEST_CASE("a folder without a tokenizer says what was looked for") {
  const test::TemporaryDirectory folder;
  CHECK_THROWS_WITH(Tokenizer::load(folder.path()), Contains("there is no tokenizer in this folder"));
}
