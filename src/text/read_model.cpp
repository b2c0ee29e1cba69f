// read_model: the "model" object of a tokenizer.json. Oracle: tokenizers 0.23.3 (models/*/serialization.rs), which also
// settles what an old file without "type" is: BPE, WordPiece, WordLevel, Unigram, in this order, by the keys present.
#include <stdexcept>
#include <utility>

#include "bpe_model.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "model.hpp"
#include "unigram_model.hpp"
#include "vocabulary.hpp"
#include "word_models.hpp"

namespace forgelm::text {

namespace {

/// The model object with the names that messages need.
class ModelReader {
 public:
  ModelReader(const Json& model, const std::string& file) : model_(model), file_(file) {}

  std::unique_ptr<const Model> read() const;

 private:
  [[noreturn]] void fail(const std::string& place, const std::string& problem, std::string hint = {}) const {
    throw ConfigError(cat(file_, ": model", place, ": ", problem), std::move(hint));
  }
  bool has(std::string_view key, Json::Kind kind) const {
    const Json* value = model_.find(key);
    return value != nullptr && value->kind() == kind;
  }
  std::string guess_type() const;
  const Json& required(std::string_view key, Json::Kind kind) const;
  std::optional<std::string> optional_text(std::string_view key) const;
  bool optional_boolean(std::string_view key) const;
  Vocabulary read_vocabulary() const;
  std::vector<BpeMerge> read_merges(const Vocabulary& vocabulary, std::size_t prefix_size) const;
  void check_dropout() const;
  void check_lengths(const Vocabulary& vocabulary) const;
  std::unique_ptr<const Model> read_bpe() const;
  std::unique_ptr<const Model> read_unigram() const;
  std::unique_ptr<const Model> read_word_piece() const;
  std::unique_ptr<const Model> read_word_level() const;

  const Json& model_;
  const std::string& file_;
};

const Json& ModelReader::required(std::string_view key, Json::Kind kind) const {
  const Json* value = model_.find(key);
  if (value == nullptr) fail(cat(".", key), cat("missing; it must be a JSON ", to_string(kind)));
  if (value->kind() != kind) fail(cat(".", key), cat("is ", to_string(value->kind()), ", must be ", to_string(kind)));
  return *value;
}

std::optional<std::string> ModelReader::optional_text(std::string_view key) const {
  const Json* value = model_.find(key);
  if (value == nullptr || value->is_null()) return std::nullopt;
  return required(key, Json::Kind::text).text();
}

bool ModelReader::optional_boolean(std::string_view key) const {
  const Json* value = model_.find(key);
  if (value == nullptr || value->is_null()) return false;
  return required(key, Json::Kind::boolean).boolean();
}

Vocabulary ModelReader::read_vocabulary() const {
  const Json::Object& members = required("vocab", Json::Kind::object).members();
  if (members.size() > kMaxTokens) {
    fail(".vocab", cat(members.size(), " tokens; at most ", kMaxTokens, " are read"));
  }
  std::size_t num_bytes = 0;
  for (const auto& [token, id] : members) num_bytes += token.size();
  Vocabulary vocabulary;
  vocabulary.reserve(members.size(), num_bytes);
  for (const auto& [token, id] : members) {
    if (id.kind() != Json::Kind::integer || id.integer() < 0 || id.integer() > kMaxTokenId) {
      fail(cat(".vocab[", quote(token, 40), "]"),
           cat("the id is ", dump(id), ", must be an integer from 0 to ", kMaxTokenId));
    }
    vocabulary.add(token, static_cast<TokenId>(id.integer()));
  }
  return vocabulary;
}

std::vector<BpeMerge> ModelReader::read_merges(const Vocabulary& vocabulary, std::size_t prefix_size) const {
  const Json::Array& items = required("merges", Json::Kind::array).items();
  if (items.size() > kMaxMerges) fail(".merges", cat(items.size(), " merges; at most ", kMaxMerges, " are read"));
  std::vector<BpeMerge> merges;
  merges.reserve(items.size());
  std::string joined;
  const bool are_pairs = !items.empty() && items.front().kind() == Json::Kind::array;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Json& item = items[i];
    std::string_view left;
    std::string_view right;
    const auto place = [&] { return cat(".merges[", i, "]"); };
    if (are_pairs) {
      const bool is_pair = item.kind() == Json::Kind::array && item.items().size() == 2 &&
                           item.items()[0].kind() == Json::Kind::text && item.items()[1].kind() == Json::Kind::text;
      if (!is_pair) fail(place(), "must be an array of two tokens, as the first merge is");
      left = item.items()[0].text();
      right = item.items()[1].text();
    } else {
      if (item.kind() != Json::Kind::text)
        fail(place(), cat("is ", to_string(item.kind()), ", must be \"left right\""));
      const std::string_view line = item.text();
      if (line.starts_with("#version")) continue;
      const std::size_t space = line.find(' ');
      if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos) {
        fail(place(), cat(quote(line, 40), " is not two tokens with one space between them"));
      }
      left = line.substr(0, space);
      right = line.substr(space + 1);
    }
    BpeMerge merge;
    const auto id_of = [&](std::string_view token) {
      const auto id = vocabulary.find(token);
      if (!id) fail(place(), cat("the token ", quote(token, 40), " is not in model.vocab"));
      return *id;
    };
    merge.left = id_of(left);
    merge.right = id_of(right);
    if (right.size() < prefix_size) {
      fail(place(), cat("the right part ", quote(right, 40), " is shorter than continuing_subword_prefix"));
    }
    joined.assign(left).append(right.substr(prefix_size));
    merge.merged = id_of(joined);
    merge.rank = static_cast<std::uint32_t>(merges.size());
    merges.push_back(merge);
  }
  return merges;
}

void ModelReader::check_dropout() const {
  const Json* dropout = model_.find("dropout");
  if (dropout == nullptr || dropout->is_null()) return;
  if (!dropout->is_number()) fail(".dropout", cat("is ", to_string(dropout->kind()), ", must be a number or null"));
  if (dropout->real() != 0.0) {
    fail(".dropout", cat("is ", dump(*dropout), ", which makes every encoding random; only 0 or null is supported"),
         "set it to null in the file: the vocabulary stays as it is, and equal texts get equal tokens");
  }
}

std::unique_ptr<const Model> ModelReader::read_bpe() const {
  check_dropout();
  BpeParts parts;
  parts.vocabulary = read_vocabulary();
  parts.unk_token = optional_text("unk_token");
  parts.continuing_subword_prefix = optional_text("continuing_subword_prefix").value_or("");
  parts.end_of_word_suffix = optional_text("end_of_word_suffix").value_or("");
  parts.fuse_unk = optional_boolean("fuse_unk");
  parts.byte_fallback = optional_boolean("byte_fallback");
  parts.ignore_merges = optional_boolean("ignore_merges");
  parts.merges = read_merges(parts.vocabulary, parts.continuing_subword_prefix.size());
  return std::make_unique<BpeModel>(std::move(parts));
}

void ModelReader::check_lengths(const Vocabulary& vocabulary) const {
  for (const Vocabulary::Entry& entry : vocabulary.entries()) {
    if (entry.size <= kMaxPieceBytes) continue;
    fail(".vocab", cat("the token ", quote(vocabulary.text_of(entry), 40), " has ", entry.size, " bytes; at most ",
                       kMaxPieceBytes, " are read"));
  }
}

std::unique_ptr<const Model> ModelReader::read_unigram() const {
  const Json::Array& items = required("vocab", Json::Kind::array).items();
  if (items.size() > kMaxTokens) fail(".vocab", cat(items.size(), " pieces; at most ", kMaxTokens, " are read"));
  UnigramParts parts;
  parts.scores.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool is_pair = items[i].kind() == Json::Kind::array && items[i].items().size() == 2 &&
                         items[i].items()[0].kind() == Json::Kind::text && items[i].items()[1].is_number();
    if (!is_pair) fail(cat(".vocab[", i, "]"), "must be an array of a piece and its score");
    parts.vocabulary.add(items[i].items()[0].text(), static_cast<TokenId>(i));
    parts.scores.push_back(items[i].items()[1].real());
  }
  check_lengths(parts.vocabulary);
  parts.byte_fallback = optional_boolean("byte_fallback");
  if (const Json* unk = model_.find("unk_id"); unk != nullptr && !unk->is_null()) {
    const std::int64_t id = required("unk_id", Json::Kind::integer).integer();
    if (id < 0 || static_cast<std::uint64_t>(id) >= items.size()) {
      fail(".unk_id", cat("is ", id, "; model.vocab has ", items.size(), " pieces"));
    }
    parts.unk_id = static_cast<TokenId>(id);
  }
  return std::make_unique<UnigramModel>(std::move(parts));
}

std::unique_ptr<const Model> ModelReader::read_word_piece() const {
  WordPieceParts parts;
  parts.unk_token = required("unk_token", Json::Kind::text).text();
  parts.continuing_subword_prefix = required("continuing_subword_prefix", Json::Kind::text).text();
  const std::int64_t max_chars = required("max_input_chars_per_word", Json::Kind::integer).integer();
  if (max_chars < 0) fail(".max_input_chars_per_word", cat("is ", max_chars, ", must not be negative"));
  parts.max_input_chars_per_word = static_cast<std::size_t>(max_chars);
  parts.vocabulary = read_vocabulary();
  check_lengths(parts.vocabulary);
  return std::make_unique<WordPieceModel>(std::move(parts));
}

std::unique_ptr<const Model> ModelReader::read_word_level() const {
  std::string unk_token = required("unk_token", Json::Kind::text).text();
  return std::make_unique<WordLevelModel>(read_vocabulary(), std::move(unk_token));
}

std::string ModelReader::guess_type() const {
  if (has("vocab", Json::Kind::array)) return "Unigram";
  if (has("vocab", Json::Kind::object)) {
    if (has("merges", Json::Kind::array)) return "BPE";
    if (has("unk_token", Json::Kind::text)) {
      const bool is_word_piece = model_.find("continuing_subword_prefix") && model_.find("max_input_chars_per_word");
      return is_word_piece ? "WordPiece" : "WordLevel";
    }
  }
  fail(".type", "missing, and the other keys are not those of BPE, Unigram, WordPiece or WordLevel");
}

std::unique_ptr<const Model> ModelReader::read() const {
  if (model_.kind() != Json::Kind::object) fail("", cat("is ", to_string(model_.kind()), ", must be object"));
  const std::string type = model_.find("type") ? required("type", Json::Kind::text).text() : guess_type();
  try {
    if (type == "BPE") return read_bpe();
    if (type == "Unigram") return read_unigram();
    if (type == "WordPiece") return read_word_piece();
    if (type == "WordLevel") return read_word_level();
  } catch (const std::length_error& error) {
    fail(".vocab", error.what());
  }
  fail(".type", cat(quote(type), " is not known; it must be BPE, Unigram, WordPiece or WordLevel"));
}

}  // namespace

std::unique_ptr<const Model> read_model(const Json& model, const std::string& file) {
  return ModelReader(model, file).read();
}

}  // namespace forgelm::text
