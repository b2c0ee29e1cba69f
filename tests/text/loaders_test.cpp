// Loaders of tokenizer files other than tokenizer.json against sentencepiece 0.2.3, tiktoken 0.14.0 and tokenizers
// 0.23.3 (shared data), and against llama.cpp's own ids for the same vocabularies.
#include "text/loaders.hpp"

#include <fstream>
#include <string>
#include <vector>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/text.hpp"
#include "support/shared_data.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"
#include "text/tiktoken_file.hpp"

using namespace forgelm;
using namespace forgelm::text;

namespace {

std::vector<TokenId> ids_in(const Json& row, std::string_view key) {
  std::vector<TokenId> ids;
  for (const Json& id : row.at(key).items()) ids.push_back(static_cast<TokenId>(id.integer()));
  return ids;
}

/// All rows of a golden: ids without and with special tokens, and the decoded text.
void check_golden(const Tokenizer& tokenizer, const std::filesystem::path& golden) {
  std::ifstream file(golden);
  std::string line;
  std::getline(file, line);  // what it is
  int num_rows = 0;
  EncodeOptions plain;
  plain.add_special_tokens = false;
  plain.parse_special_tokens = false;
  plain.with_spans = true;
  EncodeOptions whole;
  whole.parse_special_tokens = false;
  while (std::getline(file, line)) {
    const Json row = parse_json(line).value();
    const std::string& text = row.at("text").text();
    CAPTURE(golden.string(), text);
    const std::vector<TokenId> ids = ids_in(row, "ids");
    const Encoding encoding = tokenizer.encode(text, plain);
    REQUIRE(encoding.ids == ids);
    REQUIRE(encoding.spans.size() == ids.size());
    for (const ByteSpan& span : encoding.spans) REQUIRE((span.begin <= span.end && span.end <= text.size()));
    if (row.find("ids_special")) REQUIRE(tokenizer.encode(text, whole).ids == ids_in(row, "ids_special"));
    REQUIRE(tokenizer.decode(ids) == row.at("decoded").text());
    StreamDecoder stream(tokenizer);
    std::string streamed;
    for (const TokenId id : ids) streamed += stream.push(id);
    REQUIRE(streamed + stream.finish() == row.at("decoded").text());
    ++num_rows;
  }
  REQUIRE(num_rows >= 80);
}

TokenizerConfig config_of(const std::filesystem::path& folder) { return read_tokenizer_config(folder); }

/// llama.cpp's ids: texts of NAME.gguf.inp, one line of ids each in NAME.gguf.out. Rows in `known` differ on purpose.
void check_llama_cpp(const Tokenizer& tokenizer, const std::string& name, const std::vector<std::size_t>& known = {}) {
  const auto path = test::shared_data(cat("tokenizers/ggml-vocab/ggml-vocab-", name, ".gguf.inp"));
  if (path.empty()) FORGELM_SKIP("the shared data are not there");
  const std::string texts = read_file(path);
  std::ifstream ids_file(path.string().substr(0, path.string().size() - 3) + "out");
  static constexpr std::string_view kBorder = "\n__ggml_vocab_test__\n";
  EncodeOptions plain;
  plain.add_special_tokens = false;
  std::size_t row = 0;
  std::string line;
  for (std::size_t begin = 0; std::getline(ids_file, line); ++row) {
    const std::size_t end = std::min(texts.find(kBorder, begin), texts.size());
    const std::string text = texts.substr(begin, end - begin);
    begin = end + kBorder.size();
    std::vector<TokenId> expected;
    std::istringstream numbers(line);
    for (TokenId id; numbers >> id;) expected.push_back(id);
    CAPTURE(name, row, text);
    if (std::find(known.begin(), known.end(), row) != known.end()) CHECK(tokenizer.encode(text, plain).ids != expected);
    else CHECK(tokenizer.encode(text, plain).ids == expected);
  }
  CHECK(row > 40);
}

std::string base64(std::string_view bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      bits = (bits << 8) | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    }
    for (std::size_t j = 0; j < 4; ++j) out += i + j <= bytes.size() ? kDigits[(bits >> (18 - 6 * j)) & 63] : '=';
  }
  return out;
}

/// A file of all bytes and these tokens.
std::string tiktoken_file(const std::vector<std::string>& tokens) {
  std::string file;
  for (int byte = 0; byte < 256; ++byte) file += cat(base64(std::string(1, static_cast<char>(byte))), " ", byte, "\n");
  int rank = 256;
  for (const std::string& token : tokens) file += cat(base64(token), " ", rank++, "\n");
  return file;
}

}  // namespace

TEST_CASE("load_sentencepiece: every golden, with the tokens that the files put around a text") {
  for (const char* name : {"llama2/tokenizer.model", "mistral-v1/tokenizer.model", "mistral-v3/tokenizer.model",
                           "t5-small/spiece.model"}) {
    const auto path = test::shared_data(cat("tokenizers/", name));
    if (path.empty()) FORGELM_SKIP("the shared data are not there");
    const auto tokenizer = load_sentencepiece(path, config_of(path.parent_path()));
    CHECK(tokenizer->kind() == TokenizerKind::sentencepiece);
    check_golden(*tokenizer, path.parent_path() / cat("golden-", path.filename().string(), ".jsonl"));
  }
}

TEST_CASE("load_tiktoken: every golden") {
  for (const char* name : {"llama3/tokenizer.model", "tiktoken-cl100k_base/cl100k_base.tiktoken",
                           "tiktoken-o200k_base/o200k_base.tiktoken"}) {
    const auto path = test::shared_data(cat("tokenizers/", name));
    if (path.empty()) FORGELM_SKIP("the shared data are not there");
    const auto tokenizer = load_tiktoken(path, {});
    CHECK(tokenizer->kind() == TokenizerKind::tiktoken);
    check_golden(*tokenizer, path.parent_path() / cat("golden-", path.filename().string(), ".jsonl"));
  }
}

TEST_CASE("load_vocab_and_merges: every golden, with what the class of tokenizer says") {
  for (const char* name : {"gpt2", "qwen2", "smollm2"}) {
    const auto folder = test::shared_data(cat("tokenizers/", name));
    if (folder.empty()) FORGELM_SKIP("the shared data are not there");
    const auto tokenizer = load_vocab_and_merges(folder / "vocab.json", folder / "merges.txt", config_of(folder));
    CHECK(tokenizer->kind() == TokenizerKind::vocab_and_merges);
    check_golden(*tokenizer, folder / "golden-vocab.json-and-merges.txt.jsonl");
  }
}

TEST_CASE("Loaders give llama.cpp's ids for the vocabularies that both have") {
  const auto root = test::shared_data("tokenizers");
  if (root.empty()) FORGELM_SKIP("the shared data are not there");
  check_llama_cpp(*load_vocab_and_merges(root / "gpt2/vocab.json", root / "gpt2/merges.txt", {}), "gpt-2");
  check_llama_cpp(
      *load_vocab_and_merges(root / "qwen2/vocab.json", root / "qwen2/merges.txt", config_of(root / "qwen2")), "qwen2");
  check_llama_cpp(*load_tiktoken(root / "llama3/tokenizer.model", {}), "llama-bpe");
  check_llama_cpp(*load_sentencepiece(root / "llama2/tokenizer.model", config_of(root / "llama2")), "llama-spm");
  check_llama_cpp(*Tokenizer::load(root / "falcon/tokenizer.json"), "falcon");
  check_llama_cpp(*Tokenizer::load(root / "phi-3-mini/tokenizer.json"), "phi-3");
}

TEST_CASE("load_sentencepiece: special tokens in the text, of the file and of the configuration") {
  const auto path = test::shared_data("tokenizers/llama2/tokenizer.model");
  if (path.empty()) FORGELM_SKIP("the shared data are not there");
  TokenizerConfig config;
  AddedToken start;
  start.content = "<|im_start|>";
  start.is_special = true;
  config.added_tokens.push_back(start);
  config.pad = SpecialToken{"[PAD]", std::nullopt};
  const auto tokenizer = load_sentencepiece(path, config);
  CHECK(tokenizer->config().bos->content == "<s>");
  CHECK(tokenizer->config().bos->id == 1);
  CHECK(tokenizer->config().eos->id == 2);
  CHECK(tokenizer->config().unk->id == 0);
  CHECK(tokenizer->config().pad->id == 32001);
  CHECK(tokenizer->id_of("<|im_start|>") == 32000);
  CHECK(tokenizer->vocab_size() == 32002);
  CHECK(tokenizer->is_special(1));
  CHECK_FALSE(tokenizer->is_special(300));
  EncodeOptions options;
  options.add_special_tokens = false;
  CHECK(tokenizer->encode("<|im_start|>Hello</s>", options).ids == std::vector<TokenId>{32000, 15043, 2});
  CHECK(tokenizer->encode("Hello").ids == std::vector<TokenId>{1, 15043});
  options.parse_special_tokens = false;
  CHECK(tokenizer->encode("</s>", options).ids == std::vector<TokenId>{1533, 29879, 29958});
  const std::vector<TokenId> ids = {32000, 15043, 2, 32001, 99999, -1};
  CHECK(tokenizer->decode(ids) == "<|im_start|>Hello</s>[PAD]");
  DecodeOptions skip;
  skip.skip_special_tokens = true;
  CHECK(tokenizer->decode(ids, skip) == "Hello");
  CHECK(tokenizer->digest().size() == 64);
  CHECK(tokenizer->digest() != load_sentencepiece(path, {})->digest());
  // Llama 3 calls its tiktoken file tokenizer.model.
  const auto llama3 = test::shared_data("tokenizers/llama3/tokenizer.model");
  CHECK(load_sentencepiece(llama3, {})->kind() == TokenizerKind::tiktoken);
}

TEST_CASE("load_tiktoken: special tokens of the known encodings") {
  const auto root = test::shared_data("tokenizers");
  if (root.empty()) FORGELM_SKIP("the shared data are not there");
  const auto llama3 = load_tiktoken(root / "llama3/tokenizer.model", {});
  CHECK(llama3->vocab_size() == 128256);
  CHECK(llama3->id_of("<|begin_of_text|>") == 128000);
  CHECK(llama3->id_of("<|reserved_special_token_3|>") == 128005);
  CHECK(llama3->id_of("<|start_header_id|>") == 128006);
  CHECK(llama3->id_of("<|eot_id|>") == 128009);
  CHECK(llama3->id_of("<|reserved_special_token_250|>") == 128255);
  CHECK(llama3->encode("hi<|eot_id|>").ids == std::vector<TokenId>{128000, 6151, 128009});
  TokenizerConfig config;
  AddedToken pad;
  pad.id = 128004;
  pad.content = "<|finetune_right_pad_id|>";
  pad.is_special = true;
  config.added_tokens.push_back(pad);  // as in Llama 3.1
  const auto llama31 = load_tiktoken(root / "llama3/tokenizer.model", config);
  CHECK(llama31->id_of("<|finetune_right_pad_id|>") == 128004);
  CHECK_FALSE(llama31->id_of("<|reserved_special_token_2|>"));
  const auto cl100k = load_tiktoken(root / "tiktoken-cl100k_base/cl100k_base.tiktoken", {});
  CHECK(cl100k->id_of("<|endofprompt|>") == 100276);
  CHECK(cl100k->config().eos->id == 100257);
  const auto o200k = load_tiktoken(root / "tiktoken-o200k_base/o200k_base.tiktoken", {});
  CHECK(o200k->id_of("<|endoftext|>") == 199999);
  CHECK(o200k->encode("<|endoftext|>").ids == std::vector<TokenId>{199999});
}

TEST_CASE(
    "load_tiktoken: the pattern comes from the name when the size is unknown, or the file is refused with a hint") {
  const test::TemporaryDirectory folder;
  const std::string bytes = tiktoken_file({"ab", "abc", "123"});
  write_file_durably(folder.path() / "mine.cl100k.tiktoken", bytes);
  write_file_durably(folder.path() / "mine.tiktoken", bytes);
  const auto tokenizer = load_tiktoken(folder.path() / "mine.cl100k.tiktoken", {});
  CHECK(tokenizer->encode("abc1234").ids == std::vector<TokenId>{257, 258, '4'});
  CHECK(tokenizer->encode("xab").ids == std::vector<TokenId>{'x', 256});
  CHECK(tokenizer->decode(std::vector<TokenId>{257, 258}) == "abc123");
  CHECK_THROWS_WITH(load_tiktoken(folder.path() / "mine.tiktoken", {}),
                    Catch::Contains("a tiktoken file of 259 tokens"));
  for (const auto& [num_tokens, name] : std::vector<std::pair<std::size_t, std::string>>{{50256, "r50k_base"},
                                                                                         {50280, "p50k_base"},
                                                                                         {100256, "cl100k_base"},
                                                                                         {199998, "o200k_base"},
                                                                                         {128000, "llama3"},
                                                                                         {151643, "qwen"}}) {
    CHECK(choose_tiktoken_encoding(num_tokens, "x", "x").name == name);
  }
}

TEST_CASE("load_tiktoken: a damaged file is refused with its line") {
  const auto problem_of = [](const std::string& bytes) -> std::string {
    try {
      read_tiktoken_file(bytes, "t.tiktoken");
      return "accepted";
    } catch (const ConfigError& error) {
      return error.what();
    }
  };
  const std::string good = tiktoken_file({});
  CHECK(problem_of(good) == "accepted");
  CHECK(problem_of(good + "\r\n\n") == "accepted");
  CHECK_THAT(problem_of(""), Catch::Contains("no token for byte 0"));
  CHECK_THAT(problem_of(good + "YWI=\n"), Catch::StartsWith("t.tiktoken:257: \"YWI=\" is not base64"));
  CHECK_THAT(problem_of(good + "YWI 256\n"), Catch::StartsWith("t.tiktoken:257: "));
  CHECK_THAT(problem_of(good + "Y*I= 256\n"), Catch::StartsWith("t.tiktoken:257: "));
  CHECK_THAT(problem_of(good + " 256\n"), Catch::StartsWith("t.tiktoken:257: "));
  CHECK_THAT(problem_of(good + "YWI= x\n"), Catch::StartsWith("t.tiktoken:257: "));
  CHECK_THAT(problem_of(good + "YWI= 256 7\n"), Catch::StartsWith("t.tiktoken:257: "));
  CHECK_THAT(problem_of(good + "YWI= -1\n"), Catch::StartsWith("t.tiktoken:257: "));
  CHECK_THAT(problem_of(good + "YWI= 4194304\n"), Catch::StartsWith("t.tiktoken:257: rank 4194304"));
  CHECK_THAT(problem_of(good + "YWI= 255\n"), Catch::StartsWith("t.tiktoken:257: the rank 255 stands twice"));
  CHECK_THAT(problem_of(good + "YQ== 256\n"), Catch::StartsWith("t.tiktoken:257: the token \"a\" stands twice"));
  CHECK_THAT(problem_of(good + base64(std::string(513, 'a')) + " 256\n"),
             Catch::StartsWith("t.tiktoken:257: a token of 513"));
  CHECK_FALSE(is_tiktoken_file(""));
  CHECK_FALSE(is_tiktoken_file("{\"a\": 1}\n"));
  CHECK_FALSE(is_tiktoken_file("YWI= 1"));
  CHECK(is_tiktoken_file("YWI= 1\nx"));
}

TEST_CASE("load_vocab_and_merges: what the files may not be") {
  const test::TemporaryDirectory folder;
  const auto vocab = folder.path() / "vocab.json";
  const auto merges = folder.path() / "merges.txt";
  const auto problem_of = [&](const std::string& vocab_bytes, const std::string& merges_bytes) -> std::string {
    write_file_durably(vocab, vocab_bytes);
    write_file_durably(merges, merges_bytes);
    try {
      load_vocab_and_merges(vocab, merges, {});
      return "accepted";
    } catch (const ConfigError& error) {
      return error.what();
    }
  };
  CHECK_THAT(problem_of("[", ""), Catch::Contains("vocab.json: line 1"));
  CHECK_THAT(problem_of("[]", ""), Catch::Contains("vocab.json: must be an object"));
  CHECK_THAT(problem_of("{}", "\xff"), Catch::Contains("merges.txt: not UTF-8"));
  CHECK_THAT(problem_of("{\"a\": 0}", "#version: 0.2\na b c\n"), Catch::Contains("merges[0]: \"a b c\" is not two"));
  CHECK_THAT(problem_of("{\"a\": 0}", ""), Catch::Contains("the vocabulary is not of GPT-2's kind"));
  CHECK_THROWS_AS(load_vocab_and_merges(folder.path() / "none.json", merges, {}), RunError);
}
