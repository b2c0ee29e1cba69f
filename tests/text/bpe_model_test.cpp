// BPE against the obvious quadratic version on random vocabularies and words, and what a file may hold.
#include "text/bpe_model.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "forgelm/core/error.hpp"
#include "forgelm/core/pcg64.hpp"
#include "forgelm/core/text.hpp"
#include "support/test.hpp"

using namespace forgelm;
using namespace forgelm::text;

namespace {

using Pair = std::pair<std::string, std::string>;

/// A model file's content and the slow way to use it.
struct RandomBpe {
  std::vector<std::string> alphabet;
  std::map<std::string, TokenId> vocab;
  std::vector<Pair> merges;
  bool has_unk = false;
  bool fuse_unk = false;
  bool ignore_merges = false;

  Json json() const {
    Json vocab_json = Json::object();
    for (const auto& [token, id] : vocab) vocab_json.set(token, id);
    Json merges_json = Json::array();
    for (const auto& [left, right] : merges) merges_json.push(Json::array({left, right}));
    Json model = Json::object({{"type", "BPE"}, {"vocab", vocab_json}, {"merges", merges_json}});
    model.set("fuse_unk", fuse_unk).set("ignore_merges", ignore_merges);
    if (has_unk) model.set("unk_token", "<unk>");
    return model;
  }

  std::vector<std::pair<TokenId, std::size_t>> encode(const std::string& word) const {
    if (ignore_merges && vocab.count(word)) return {{vocab.at(word), word.size()}};
    struct Part {
      std::string token;
      std::size_t size;
    };
    std::vector<Part> parts;
    bool follows_unk = false;
    for (std::size_t at = 0; at < word.size();) {
      const std::size_t size = decode_utf8(word, at).num_bytes;
      const std::string character = word.substr(at, size);
      at += size;
      if (vocab.count(character)) {
        parts.push_back({character, size});
        follows_unk = false;
      } else if (has_unk) {
        if (follows_unk && fuse_unk) parts.back().size += size;
        else parts.push_back({"<unk>", size});
        follows_unk = true;
      }
    }
    while (true) {
      std::size_t best = merges.size();
      std::size_t place = 0;
      for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
        for (std::size_t rank = merges.size(); rank-- > 0;) {  // the last of equal pairs counts
          if (merges[rank] != Pair{parts[i].token, parts[i + 1].token}) continue;
          if (rank < best) {
            best = rank;
            place = i;
          }
          break;
        }
      }
      if (best == merges.size()) break;
      parts[place].token += parts[place + 1].token;
      parts[place].size += parts[place + 1].size;
      parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(place) + 1);
    }
    std::vector<std::pair<TokenId, std::size_t>> result;
    for (const Part& part : parts) result.emplace_back(vocab.at(part.token), part.size);
    return result;
  }
};

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_.next_up_to(bound - 1)); }

 private:
  Pcg64 random_;
};

RandomBpe random_bpe(Dice& dice) {
  RandomBpe model;
  static const std::vector<std::string> kLetters = {
      "a", "b", "c", "\xC4\xA0", "\xE2\x96\x81", "\xE4\xB8\xAD", "\xF0\x9F\x98\x80", "z"};
  model.has_unk = dice.below(2) == 0;
  model.fuse_unk = dice.below(2) == 0;
  model.ignore_merges = dice.below(4) == 0;
  const std::size_t num_letters = 2 + dice.below(4);
  std::vector<std::string> tokens;
  for (std::size_t i = 0; i < num_letters; ++i) {
    const std::string& letter = kLetters[dice.below(kLetters.size())];
    if (model.vocab.emplace(letter, static_cast<TokenId>(model.vocab.size())).second) tokens.push_back(letter);
  }
  model.alphabet = tokens;
  if (model.has_unk) {
    model.vocab.emplace("<unk>", static_cast<TokenId>(model.vocab.size()));
    if (dice.below(3) == 0) tokens.push_back("<unk>");
  }
  for (std::size_t i = 0, count = dice.below(30); i < count; ++i) {
    const Pair pair{tokens[dice.below(tokens.size())], tokens[dice.below(tokens.size())]};
    if (pair.first.size() + pair.second.size() > 40) continue;
    if (model.vocab.emplace(pair.first + pair.second, static_cast<TokenId>(model.vocab.size())).second) {
      tokens.push_back(pair.first + pair.second);
    }
    model.merges.push_back(pair);
  }
  // Merges in any order: a part may have a higher rank than the whole.
  for (std::size_t i = model.merges.size(); i > 1; --i) std::swap(model.merges[i - 1], model.merges[dice.below(i)]);
  return model;
}

std::string random_word(const RandomBpe& model, Dice& dice, std::size_t max_characters) {
  std::string word;
  for (std::size_t i = 0, count = 1 + dice.below(max_characters); i < count; ++i) {
    word += dice.below(12) == 0 ? std::string("?") : model.alphabet[dice.below(model.alphabet.size())];
  }
  return word;
}

std::vector<std::pair<TokenId, std::size_t>> encode(const Model& model, const std::string& word,
                                                    ModelScratch& scratch) {
  std::vector<Piece> pieces;
  model.tokenize(word, scratch, pieces);
  std::vector<std::pair<TokenId, std::size_t>> result;
  for (const Piece& piece : pieces) result.emplace_back(piece.id, piece.end - piece.begin);
  return result;
}

}  // namespace

TEST_CASE("BPE gives what merging by looking at all pairs gives, for short and long words, cached or not") {
  Dice dice(20261121);
  for (int round = 0; round < 300; ++round) {
    const RandomBpe oracle = random_bpe(dice);
    const auto model = read_model(oracle.json(), "random.json");
    const auto scratch = model->new_scratch();
    for (int i = 0; i < 20; ++i) {
      const std::string word = random_word(oracle, dice, i % 4 == 0 ? 150 : 12);
      CAPTURE(word, dump(oracle.json()));
      const auto expected = oracle.encode(word);
      REQUIRE(encode(*model, word, *scratch) == expected);
      REQUIRE(encode(*model, word, *scratch) == expected);
    }
  }
}

TEST_CASE("BPE: cutting a text before U+2581 changes nothing where the model says so") {
  Dice dice(7);
  const std::string mark = "\xE2\x96\x81";
  int num_cuttable = 0;
  int num_not = 0;
  for (int round = 0; round < 5000; ++round) {
    const RandomBpe oracle = random_bpe(dice);
    if (!oracle.vocab.count(mark)) continue;
    const auto model = read_model(oracle.json(), "random.json");
    if (!model->may_cut_before(U'\u2581')) {
      ++num_not;
      continue;
    }
    ++num_cuttable;
    const auto scratch = model->new_scratch();
    for (int i = 0; i < 10; ++i) {
      const std::string text = random_word(oracle, dice, 60);
      std::vector<std::pair<TokenId, std::size_t>> cut;
      for (std::size_t begin = 0; begin < text.size();) {
        std::size_t end = begin + 1;
        while (end < text.size() &&
               !(text.compare(end, 3, mark) == 0 && text.compare(end - std::min<std::size_t>(end, 3), 3, mark) != 0))
          ++end;
        const auto part = encode(*model, text.substr(begin, end - begin), *scratch);
        cut.insert(cut.end(), part.begin(), part.end());
        begin = end;
      }
      CAPTURE(text, dump(oracle.json()));
      REQUIRE(cut == oracle.encode(text));
    }
  }
  CHECK(num_cuttable > 50);
  CHECK(num_not > 50);
}
