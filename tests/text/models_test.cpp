// Every kind of model against tokenizers 0.23.3 (tests/golden/tokenizer_models), and Unigram and WordPiece against the
// obvious slow versions on random vocabularies.
#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/pcg64.hpp"
#include "forgelm/core/text.hpp"
#include "support/test.hpp"
#include "text/model.hpp"
#include "text/vocabulary.hpp"

using namespace forgelm;
using namespace forgelm::text;

namespace {

struct Encoded {
  std::vector<std::int64_t> ids;
  std::vector<std::pair<std::int64_t, std::int64_t>> spans;
  bool operator==(const Encoded&) const = default;
};

Encoded encode(const Model& model, ModelScratch& scratch, std::string_view word) {
  std::vector<Piece> pieces = {{7, 8, 9}};  // what stands there before must stay
  model.tokenize(word, scratch, pieces);
  REQUIRE((pieces.at(0).id == 7 && pieces[0].begin == 8 && pieces[0].end == 9));
  Encoded result;
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    result.ids.push_back(pieces[i].id);
    result.spans.emplace_back(pieces[i].begin, pieces[i].end);
  }
  return result;
}

Encoded expected_of(const Json& row) {
  Encoded result;
  const auto size = static_cast<std::int64_t>(row.at("text").text().size());
  for (const Json& id : row.at("ids").items()) result.ids.push_back(id.integer());
  for (const Json& span : row.at("spans").items()) {
    // The reference's spans leave the word where a suffix is spelled in bytes; ours end with it.
    result.spans.emplace_back(std::min(span.items()[0].integer(), size), std::min(span.items()[1].integer(), size));
  }
  return result;
}

Json word_piece_json(const std::map<std::string, TokenId>& vocab) {
  Json members = Json::object();
  for (const auto& [token, id] : vocab) members.set(token, id);
  return Json::object({{"type", "WordPiece"},
                       {"unk_token", "[UNK]"},
                       {"continuing_subword_prefix", "##"},
                       {"max_input_chars_per_word", 50},
                       {"vocab", members}});
}

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_.next_up_to(bound - 1)); }
  std::string word(const std::vector<std::string>& letters, std::size_t max_size) {
    std::string result;
    for (std::size_t i = 0, size = 1 + below(max_size); i < size; ++i) result += letters[below(letters.size())];
    return result;
  }

 private:
  Pcg64 random_;
};

const std::vector<std::string> kLetters = {"a", "b", "c", "\xC3\xA9", "\xE4\xB8\xAD", "\xF0\x9F\x98\x80"};

}  // namespace

TEST_CASE("Models: every kind gives what tokenizers gives, ids and spans") {
  std::ifstream file(std::string(FORGELM_SOURCE_DIR) + "/tests/golden/tokenizer_models/models.jsonl");
  int num_models = 0;
  for (std::string line; std::getline(file, line);) {
    const Json row = parse_json(line).value();
    const std::string& name = row.at("name").text();
    CAPTURE(name, dump(row.at("model")));
    ++num_models;
    if (row.at("words").is_null()) {
      REQUIRE_THROWS_AS(read_model(row.at("model"), name), ConfigError);
      continue;
    }
    const auto model = read_model(row.at("model"), name);
    const auto scratch = model->new_scratch();
    for (int round = 0; round < 2; ++round) {  // the second time from the cache
      for (const Json& word : row.at("words").items()) {
        const std::string& text = word.at("text").text();
        CAPTURE(text);
        if (word.at("ids").is_null()) REQUIRE_THROWS_AS(encode(*model, *scratch, text), RunError);
        else REQUIRE(encode(*model, *scratch, text) == expected_of(word));
      }
    }
  }
  REQUIRE(num_models > 100);
}

TEST_CASE("Unigram gives the best path of plain Viterbi over all pieces") {
  Dice dice(11);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::pair<std::string, double>> pieces = {{"<unk>", 0.0}};
    std::map<std::string, std::size_t> ids;
    for (std::size_t i = 0, count = 3 + dice.below(40); i < count; ++i) {
      const std::string piece = dice.word(kLetters, 4);
      if (ids.emplace(piece, pieces.size()).second)
        pieces.emplace_back(piece, -static_cast<double>(dice.below(1000)) / 97);
    }
    Json vocab = Json::array();
    double worst = 0.0;
    for (const auto& [piece, score] : pieces) {
      vocab.push(Json::array({piece, score}));
      worst = std::min(worst, score);
    }
    const auto model = read_model(Json::object({{"type", "Unigram"}, {"unk_id", 0}, {"vocab", vocab}}), "random");
    const auto scratch = model->new_scratch();
    for (int i = 0; i < 10; ++i) {
      const std::string word = dice.word(kLetters, i == 0 ? 200 : 20);
      std::vector<std::size_t> ends;  // of characters, from 0
      for (std::size_t at = 0; at < word.size(); at += decode_utf8(word, at).num_bytes) ends.push_back(at);
      ends.push_back(word.size());
      struct Best {
        double score = 0.0;
        std::size_t from = 0;
        std::size_t id = 0;
        bool is_reached = false;
      };
      std::vector<Best> best(ends.size());
      for (std::size_t from = 0; from + 1 < ends.size(); ++from) {
        for (std::size_t to = from + 1; to < ends.size() && to <= from + 4; ++to) {
          const auto found = ids.find(word.substr(ends[from], ends[to] - ends[from]));
          if (found == ids.end() && to > from + 1) continue;
          const double score = best[from].score + (found == ids.end() ? worst - 10.0 : pieces[found->second].second);
          if (!best[to].is_reached || score > best[to].score) {
            best[to] = {score, from, found == ids.end() ? 0 : found->second, true};
          }
        }
      }
      Encoded expected;
      for (std::size_t to = ends.size() - 1; to > 0; to = best[to].from) {
        const auto id = static_cast<std::int64_t>(best[to].id);
        if (id == 0 && !expected.ids.empty() && expected.ids.back() == 0) {
          expected.spans.back().first = static_cast<std::int64_t>(ends[best[to].from]);
        } else {
          expected.ids.push_back(id);
          expected.spans.emplace_back(ends[best[to].from], ends[to]);
        }
      }
      std::reverse(expected.ids.begin(), expected.ids.end());
      std::reverse(expected.spans.begin(), expected.spans.end());
      CAPTURE(word, dump(vocab));
      REQUIRE(encode(*model, *scratch, word) == expected);
    }
  }
}

TEST_CASE("WordPiece takes the longest piece each time, or gives the word up") {
  Dice dice(12);
  for (int round = 0; round < 200; ++round) {
    std::map<std::string, TokenId> vocab = {{"[UNK]", 0}};
    for (std::size_t i = 0, count = 3 + dice.below(60); i < count; ++i) {
      vocab.emplace((dice.below(2) ? "##" : "") + dice.word(kLetters, 3), static_cast<TokenId>(vocab.size()));
    }
    const auto model = read_model(word_piece_json(vocab), "random");
    const auto scratch = model->new_scratch();
    for (int i = 0; i < 20; ++i) {
      const std::string word = dice.word(kLetters, i == 0 ? 60 : 8);
      Encoded expected;
      bool is_known = num_code_points(word) <= 50;
      for (std::size_t begin = 0; is_known && begin < word.size();) {
        std::size_t end = word.size();
        while (end > begin && !vocab.count((begin ? "##" : "") + word.substr(begin, end - begin))) --end;
        is_known = end > begin;
        if (!is_known) break;
        expected.ids.push_back(vocab.at((begin ? "##" : "") + word.substr(begin, end - begin)));
        expected.spans.emplace_back(begin, end);
        begin = end;
      }
      if (!is_known) expected = {{0}, {{0, static_cast<std::int64_t>(word.size())}}};
      CAPTURE(word);
      REQUIRE(encode(*model, *scratch, word) == expected);
    }
  }
}

TEST_CASE("Models: tokens and ids in both directions, with holes and shared ids") {
  const Json vocab = Json::object({{"a", 3}, {"b", 0}, {"both", 3}, {"", 5}});
  const auto model = read_model(Json::object({{"unk_token", "b"}, {"vocab", vocab}}), "file");
  CHECK(model->num_ids() == 6);
  CHECK(model->id_of("a") == 3);
  CHECK(model->id_of("both") == 3);
  CHECK(model->id_of("none") == std::nullopt);
  CHECK(model->token_of(3) == "both");
  CHECK(model->token_of(0) == "b");
  CHECK(model->token_of(1).empty());
  CHECK(model->token_of(6).empty());
  CHECK(model->token_of(-1).empty());
}

TEST_CASE("Models: what a file may not hold is refused by name") {
  const auto problem_of = [](const char* text) -> std::string {
    try {
      read_model(parse_json(text).value(), "tokenizer.json");
      return "accepted";
    } catch (const ConfigError& error) {
      return error.what();
    }
  };
  const auto begins = [](std::string_view text) { return Catch::StartsWith(cat("tokenizer.json: model", text)); };
  CHECK_THAT(problem_of(R"([])"), begins(": is array, must be object"));
  CHECK_THAT(problem_of(R"({"type": 1})"), begins(".type: is integer"));
  CHECK_THAT(problem_of(R"({"type": "Word2Vec"})"), begins(".type: \"Word2Vec\" is not known"));
  CHECK_THAT(problem_of(R"({})"), begins(".type: missing"));
  CHECK_THAT(problem_of(R"({"vocab": {}})"), begins(".type: missing"));
  CHECK_THAT(problem_of(R"({"type": "BPE"})"), begins(".vocab: missing"));
  CHECK_THAT(problem_of(R"({"type": "BPE", "vocab": []})"), begins(".vocab: is array"));
  CHECK_THAT(problem_of(R"({"type": "BPE", "vocab": {"a": -1}, "merges": []})"), begins(".vocab[\"a\"]: the id is -1"));
  CHECK_THAT(problem_of(R"({"type": "BPE", "vocab": {"a": 4194304}, "merges": []})"), begins(".vocab[\"a\"]"));
  CHECK_THAT(problem_of(R"({"type": "BPE", "vocab": {"a": 1.5}, "merges": []})"), begins(".vocab[\"a\"]"));
  CHECK_THAT(problem_of(R"({"type": "BPE", "vocab": {"a": 0}, "merges": [["a", "a"]]})"),
             begins(".merges[0]: the token \"aa\" is not"));
  CHECK_THAT(problem_of(R"({"type": "BPE", "vocab": {"a": 0}, "merges": [["a"]]})"),
             begins(".merges[0]: must be an array of two"));
  CHECK_THAT(problem_of(R"({"type": "BPE", "vocab": {"a": 0}, "merges": [1]})"), begins(".merges[0]: is integer"));
  CHECK_THAT(problem_of(R"({"type": "BPE", "vocab": {"a": 0, "aa": 1}, "merges": ["a a", ["a", "a"]]})"),
             begins(".merges[1]: is array"));
  CHECK_THAT(problem_of(R"({"type": "BPE", "vocab": {"a": 0}, "merges": ["aa"]})"),
             begins(".merges[0]: \"aa\" is not two"));
  CHECK_THAT(
      problem_of(R"({"type": "BPE", "vocab": {"a": 0}, "merges": [["a","a"]], "continuing_subword_prefix": "##"})"),
      begins(".merges[0]: the right part"));
  CHECK_THAT(problem_of(R"({"type": "BPE", "vocab": {}, "merges": [], "dropout": 0.1})"),
             begins(".dropout: is 0.1, which makes"));
  CHECK_THAT(problem_of(R"({"type": "BPE", "vocab": {}, "merges": [], "dropout": "a"})"), begins(".dropout: is text"));
  CHECK_THAT(problem_of(R"({"type": "BPE", "vocab": {}, "merges": [], "fuse_unk": 1})"),
             begins(".fuse_unk: is integer"));
  CHECK_THAT(problem_of(R"({"type": "BPE", "vocab": {}, "merges": [], "unk_token": 1})"),
             begins(".unk_token: is integer"));
  CHECK_THAT(problem_of(R"({"type": "Unigram", "vocab": [["a"]]})"), begins(".vocab[0]: must be an array of a piece"));
  CHECK_THAT(problem_of(R"({"type": "Unigram", "vocab": [["a", 0]], "unk_id": 1})"),
             begins(".unk_id: is 1; model.vocab has 1"));
  CHECK_THAT(problem_of(R"({"type": "Unigram", "vocab": [["a", 0]], "unk_id": -1})"), begins(".unk_id"));
  CHECK_THAT(
      problem_of(
          R"({"type": "WordPiece", "vocab": {}, "unk_token": "a", "continuing_subword_prefix": "", "max_input_chars_per_word": -1})"),
      begins(".max_input_chars_per_word: is -1"));
  const std::string long_token(1025, 'x');
  CHECK_THAT(problem_of(cat(R"({"type": "Unigram", "vocab": [[")", long_token, R"(", 0]]})").c_str()),
             begins(".vocab: the token"));
}

TEST_CASE("Models: long words of one letter take n log n steps, not n squared") {
  // Would take minutes if it were quadratic.
  Json vocab = Json::object();
  Json merges = Json::array();
  std::string token = "a";
  vocab.set(token, 0);
  for (int i = 1; i < 16; ++i) {
    merges.push(Json::array({token, token}));
    token += token;
    vocab.set(token, i);
  }
  const auto model = read_model(Json::object({{"vocab", vocab}, {"merges", merges}}), "powers");
  const auto scratch = model->new_scratch();
  const std::string word((std::size_t{1} << 20) + 5, 'a');
  const Encoded encoded = encode(*model, *scratch, word);
  REQUIRE(encoded.ids.size() == 34);  // 32 of 2^15, then 4 and 1
  CHECK(encoded.ids[31] == 15);
  CHECK(encoded.ids[32] == 2);
  CHECK(encoded.ids[33] == 0);
}

TEST_CASE("Models: a cache that is full is emptied and goes on") {
  Dice dice(13);
  const Json vocab = Json::object({{"[UNK]", 0}, {"a", 1}, {"##a", 2}, {"##b", 3}, {"b", 4}, {"##ab", 5}});
  const auto model = read_model(Json::object({{"type", "WordPiece"},
                                              {"unk_token", "[UNK]"},
                                              {"continuing_subword_prefix", "##"},
                                              {"max_input_chars_per_word", 100},
                                              {"vocab", vocab}}),
                                "small");
  const auto shared = model->new_scratch();
  for (int i = 0; i < 150'000; ++i) {
    const std::string word = dice.word({"a", "b"}, 40);
    std::vector<Piece> pieces;
    model->tokenize(word, *shared, pieces);
    std::size_t end = 0;
    bool is_whole = true;
    for (const Piece& piece : pieces) {
      is_whole = is_whole && piece.begin == end;
      end = piece.end;
    }
    if (!is_whole || end != word.size()) FAIL(word);
    if (i % 1000 == 0) {
      const auto fresh = model->new_scratch();
      REQUIRE(encode(*model, *shared, word) == encode(*model, *fresh, word));
    }
  }
}
