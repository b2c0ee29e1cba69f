// SentencePiece models: the check before the library (damaged and hostile files), and ids, spans and texts against
// sentencepiece 0.2.3 (shared data).
#include <algorithm>
#include <bit>
#include <cmath>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/pcg64.hpp"
#include "forgelm/core/text.hpp"
#include "support/shared_data.hpp"
#include "support/test.hpp"
#include "text/charsmap.hpp"
#include "text/protobuf_reader.hpp"
#include "text/sentencepiece_file.hpp"
#include "text/sentencepiece_model.hpp"

using namespace forgelm;
using namespace forgelm::text;

namespace {

// ---- A writer of models, right and wrong ones -----------------------------------------------------------------------

std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  return out + static_cast<char>(value);
}
std::string number(std::uint32_t field, std::uint64_t value) { return varint(field << 3) + varint(value); }
std::string bytes(std::uint32_t field, std::string_view value) {
  return varint((field << 3) | 2) + varint(value.size()) + std::string(value);
}
std::string fixed32(std::uint32_t field, std::uint32_t value) {
  std::string out = varint((field << 3) | 5);
  for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>((value >> shift) & 0xff);
  return out;
}
std::string piece(std::string_view text, float score, int type = 1) {
  return bytes(1, bytes(1, text) + fixed32(2, std::bit_cast<std::uint32_t>(score)) +
                      number(3, static_cast<std::uint64_t>(type)));
}
std::string u32(std::uint32_t value) {
  std::string out;
  for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>((value >> shift) & 0xff);
  return out;
}

const std::string kSmall = piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("</s>", 0, 3) + piece("a", -1) +
                           piece("b", -1) + piece("ab", -1.5) + piece("\xE2\x96\x81", -2) +
                           piece(
                               "\xE2\x96\x81"
                               "a",
                               -2.5);
const std::string kUnigram = bytes(2, number(3, 1));
const std::string kBpe = bytes(2, number(3, 2));

/// A double array of whole blocks, written unit by unit.
class Array {
 public:
  explicit Array(std::size_t num_blocks = 1) : units_(num_blocks * 256, 0x80000000u) {}
  /// A unit reached by `label` whose children stand at `base`.
  Array& node(std::uint32_t at, unsigned char label, std::uint32_t base, bool has_value) {
    const std::uint32_t offset = at ^ base;
    units_.at(at) = (offset << 10) | (has_value ? 0x100u : 0u) | label;
    return *this;
  }
  Array& value(std::uint32_t at, std::uint32_t offset) {
    units_.at(at) = 0x80000000u | offset;
    return *this;
  }
  std::string blob(std::string_view replacements) const {
    std::string array;
    for (const std::uint32_t unit : units_) array += u32(unit);
    return u32(static_cast<std::uint32_t>(array.size())) + array + std::string(replacements);
  }

 private:
  std::vector<std::uint32_t> units_;
};

std::string with_charsmap(std::string_view blob) { return kSmall + kUnigram + bytes(3, bytes(2, blob)); }

std::string problem_of(std::string_view file) {
  try {
    const SentencePieceFile model = read_sentencepiece_file(file, "m.model");
    const SentencePieceModel loaded(model, "m.model");
    return "accepted";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

std::vector<Piece> encode(const SentencePieceModel& model, std::string_view text) {
  const auto scratch = model.new_scratch();
  std::vector<Piece> pieces;
  model.tokenize(text, *scratch, pieces);
  return pieces;
}

std::vector<TokenId> ids_of(const std::vector<Piece>& pieces) {
  std::vector<TokenId> ids;
  for (const Piece& piece : pieces) ids.push_back(piece.id);
  return ids;
}

void check_golden(const std::string& folder, const std::string& file) {
  const auto path = test::shared_data("tokenizers/" + folder + "/" + file);
  if (path.empty()) FORGELM_SKIP("the shared data are not there");
  const std::string content = read_file(path);
  const SentencePieceModel model(read_sentencepiece_file(content, file), file);
  std::ifstream golden(path.parent_path() / ("golden-" + file + ".jsonl"));
  int num_rows = 0;
  std::string line;
  std::getline(golden, line);  // what it is
  while (std::getline(golden, line)) {
    const Json row = parse_json(line).value();
    const std::string& text = row.at("text").text();
    CAPTURE(folder, text);
    std::vector<TokenId> expected;
    for (const Json& id : row.at("ids").items()) expected.push_back(static_cast<TokenId>(id.integer()));
    const auto pieces = encode(model, text);
    REQUIRE(ids_of(pieces) == expected);
    REQUIRE(model.decode(expected) == row.at("decoded").text());
    // Spans go through the text in order, and what lies between them is white space only.
    std::size_t end = 0;
    for (const Piece& piece : pieces) {
      REQUIRE(piece.begin >= end);
      end = piece.end;
    }
    ++num_rows;
  }
  REQUIRE(num_rows >= 80);
}

}  // namespace

TEST_CASE("SentencePiece: Llama 2 gives sentencepiece's ids and texts") { check_golden("llama2", "tokenizer.model"); }
TEST_CASE("SentencePiece: Mistral v1 gives sentencepiece's ids and texts") {
  check_golden("mistral-v1", "tokenizer.model");
}
TEST_CASE("SentencePiece: Mistral v3 gives sentencepiece's ids and texts") {
  check_golden("mistral-v3", "tokenizer.model");
}
TEST_CASE("SentencePiece: T5 gives sentencepiece's ids and texts") { check_golden("t5-small", "spiece.model"); }

TEST_CASE("SentencePiece: a small model of each type encodes and decodes") {
  for (int type = 1; type <= 4; ++type) {
    const std::string file = kSmall + bytes(2, number(3, static_cast<std::uint64_t>(type)));
    const SentencePieceModel model(read_sentencepiece_file(file, "m"), "m");
    CAPTURE(type);
    const auto pieces = encode(model, "ab a");
    CHECK(model.decode(ids_of(pieces)).ends_with("a"));
    CHECK(model.num_ids() == 8);
    CHECK(model.id_of("ab") == 5);
    CHECK(model.token_of(3) == "a");
    CHECK(encode(model, "").empty());
  }
}

TEST_CASE("SentencePiece: fields may repeat, be unknown or stand in any order") {
  const std::string tail =
      bytes(3, number(3, 0)) + bytes(99, "extension") + number(98, 5) + varint((97 << 3) | 1) + "12345678";
  const SentencePieceFile model = read_sentencepiece_file(
      kUnigram + bytes(2, number(35, 0) + number(3, 2)) + tail + kSmall +
          bytes(2, bytes(44, " ?? ") + number(24, 1) + number(26, 1)) + bytes(4, "self test") + bytes(5, number(4, 0)),
      "m");
  CHECK(model.model_type == SentencePieceFile::ModelType::bpe);
  CHECK_FALSE(model.normalizer.add_dummy_prefix);
  CHECK(model.normalizer.remove_extra_whitespaces);
  CHECK(model.unk_surface == " ?? ");
  CHECK(model.treat_whitespace_as_suffix);
  CHECK(model.allow_whitespace_only_pieces);
  REQUIRE(model.denormalizer);
  CHECK_FALSE(model.denormalizer->remove_extra_whitespaces);
  CHECK(model.pieces.size() == 8);
  CHECK(model.control_id("</s>") == 2);
  CHECK_FALSE(model.control_id("a"));
  // What the library is given reads as the same again.
  const std::string canonical = model.canonical_bytes();
  const SentencePieceFile again = read_sentencepiece_file(canonical, "m");
  CHECK(again.canonical_bytes() == canonical);
  CHECK(again.pieces.size() == 8);
}

TEST_CASE("SentencePiece: names of special pieces are read from the trainer's settings") {
  const std::string names = bytes(2, bytes(45, "[UNK]") + bytes(46, "[BOS]") + bytes(47, "[EOS]") + bytes(48, "[PAD]"));
  const std::string file = kSmall + names;
  const SentencePieceFile model = read_sentencepiece_file(file, "m");
  CHECK(model.unk_piece == "[UNK]");
  CHECK(model.bos_piece == "[BOS]");
  CHECK(model.eos_piece == "[EOS]");
  CHECK(model.pad_piece == "[PAD]");
}

TEST_CASE("SentencePiece: a file that is not a message is refused with the byte") {
  const auto begins = [](std::string_view text) { return Catch::StartsWith(cat("m.model: ", text)); };
  CHECK_THAT(problem_of(""), begins("no piece is of the type unknown"));
  CHECK_THAT(problem_of("version https://git-lfs.github.com/spec/v1"), begins("byte "));
  CHECK_THAT(problem_of(std::string(1, '\0')), begins("byte 1: field number 0"));
  CHECK_THAT(problem_of("\x0b"), begins("byte 1: wire type 3"));
  CHECK_THAT(problem_of("\x08"), begins("byte 1: a number is cut off"));
  CHECK_THAT(problem_of("\x0d"
                        "ab"),
             begins("byte 1: a number of 4 bytes is cut off"));
  CHECK_THAT(problem_of(std::string("\x08") + std::string(10, '\xff')),
             begins("byte 11: a number has more than 64 bits"));
  CHECK_THAT(problem_of(std::string("\x08") + std::string(9, '\xff') + "\x02"),
             begins("byte 11: a number has more than"));
  CHECK_THAT(problem_of("\x0a\x05"
                        "abc"),
             begins("byte 2: field 1 claims 5 bytes, but 3 remain"));
  CHECK_THAT(problem_of(std::string("\x0a") + varint(~std::uint64_t{0}) + "abc"),
             begins("byte 11: field 1 claims 18446744073709551615"));
  CHECK_THAT(problem_of(number(1, 7)), begins("byte 0: field 1 has wire type 0, expected 2"));
  CHECK_THAT(problem_of(bytes(1, number(1, 3))), begins("byte 2: field 1 has wire type 0"));
  CHECK_THAT(problem_of(bytes(1, bytes(1, "a") + number(2, 1))), begins("byte 5: field 2 has wire type 0, expected 5"));
  CHECK_THAT(problem_of(bytes(1, bytes(3, "a"))), begins("byte 2: field 3 has wire type 2, expected 0"));
}

TEST_CASE("SentencePiece: a file cut off at any byte is refused or read, never more") {
  const std::string file =
      kSmall + kUnigram + bytes(3, bytes(2, Array().node(0, 0, 0, false).blob(std::string(1, '\0'))));
  for (std::size_t size = 0; size < file.size(); ++size) {
    const std::string cut = file.substr(0, size);
    const std::string problem = problem_of(cut);
    CAPTURE(size, problem);
    REQUIRE((problem == "accepted" || problem.starts_with("m.model: ")));
  }
}

TEST_CASE("SentencePiece: pieces that the library cannot have are refused by name") {
  const auto begins = [](std::string_view text) { return Catch::StartsWith(cat("m.model: ", text)); };
  using namespace std::string_literals;
  CHECK_THAT(problem_of(kSmall + piece("", 0)), begins("piece 8 \"\" is empty"));
  CHECK_THAT(problem_of(kSmall + bytes(1, "")), begins("piece 8 \"\" is empty"));
  CHECK_THAT(problem_of(kSmall + piece("a\0b"s, 0)), Catch::Contains("a text has a NUL"));
  CHECK_THAT(problem_of(kSmall + piece("\xff", 0)), Catch::Contains("a text is not UTF-8"));
  CHECK_THAT(problem_of(kSmall + piece("a", 0)), begins("piece 8 \"a\" was piece 3 already"));
  CHECK_THAT(problem_of(kSmall + piece("<s>", 0, 3)), begins("piece 8 \"<s>\" was piece 1 already"));
  CHECK(problem_of(kSmall + piece("<s>", 0)) == "accepted");  // a usual piece of a reserved name, as the library has it
  CHECK_THAT(problem_of(kSmall + piece("x", std::nanf(""))), begins("piece 8 \"x\" has the score nan"));
  CHECK_THAT(problem_of(kSmall + piece("x", std::numeric_limits<float>::infinity())),
             begins("piece 8 \"x\" has the score inf"));
  CHECK_THAT(problem_of(kSmall + piece("x", 0, 0)), Catch::Contains("piece type 0 is not known"));
  CHECK_THAT(problem_of(kSmall + piece("x", 0, 7)), Catch::Contains("piece type 7 is not known"));
  CHECK_THAT(problem_of(kSmall + piece("[UNK]", 0, 2)), begins("piece 8 \"[UNK]\" is a second unknown"));
  CHECK_THAT(problem_of(kSmall + piece("<0x41>", 0, 6)),
             begins("piece 8 \"<0x41>\" stands for a byte, but byte_fallback is off"));
  const std::string fallback = bytes(2, number(35, 1));
  CHECK_THAT(problem_of(kSmall + fallback + piece("<0x4G>", 0, 6)), begins("piece 8 \"<0x4G>\" stands for a byte, so"));
  CHECK_THAT(problem_of(kSmall + fallback + piece("<0x4>", 0, 6)), begins("piece 8 \"<0x4>\" stands for a byte, so"));
  CHECK_THAT(problem_of(kSmall + fallback + piece("<0x41>", 0, 6)), begins("byte_fallback is on, but not all"));
  CHECK_THAT(problem_of(kSmall + bytes(2, number(3, 5))), Catch::Contains("model_type 5 is not known"));
  CHECK_THAT(problem_of(piece("<unk>", 0, 2)), begins("no usual pieces"));
  CHECK_THAT(problem_of(kSmall + piece(std::string(1025, 'x'), 0)), Catch::Contains("has 1025 bytes; at most 1024"));
  std::string many = kSmall;
  for (int i = 0; i < 16500; ++i) many += piece(cat(std::string(1016, 'x'), 100000 + i), 0);
  CHECK_THAT(problem_of(many), begins("pieces of "));
  std::string bytes_model = kSmall + fallback;
  const std::string digits = "0123456789ABCDEF";
  for (std::size_t i = 0; i < 256; ++i) bytes_model += piece(cat("<0x", digits[i / 16], digits[i % 16], ">"), 0, 6);
  CHECK(problem_of(bytes_model) == "accepted");
  CHECK_THAT(problem_of(std::string(kMaxSentencePieceFileBytes + 1, 'x')), begins("67108865 bytes; at most"));
}

TEST_CASE("SentencePiece: user-defined pieces nested deeper than the library counts are refused") {
  std::string file = kSmall;
  for (std::size_t size = 1; size <= 64; ++size) file += piece(std::string(size, 'u'), 0, 4);
  CHECK(problem_of(file) == "accepted");
  file += piece(std::string(65, 'u'), 0, 4);
  CHECK_THAT(problem_of(file), Catch::StartsWith("m.model: more than 64 user-defined pieces begin"));
}

TEST_CASE("SentencePiece: a charsmap whose walk leaves it, does not end or is too costly is refused") {
  const std::string nul(1, '\0');
  const auto fault_of = [](std::string_view blob) { return find_charsmap_fault(blob).value_or("none"); };
  CHECK(fault_of("") == "none");
  CHECK(fault_of("abc") == "it is cut off");
  CHECK_THAT(fault_of(u32(1024) + std::string(1024, 'x')),
             Catch::StartsWith("its array claims 1024 bytes, but 1024 remain"));
  CHECK_THAT(fault_of(u32(0xffffffff) + "xx"), Catch::StartsWith("its array claims 4294967295"));
  CHECK_THAT(fault_of(u32(0) + "xx"), Catch::StartsWith("its array has 0 bytes"));
  CHECK_THAT(fault_of(u32(1020) + std::string(1021, '\0')), Catch::StartsWith("its array has 1020 bytes"));
  CHECK_THAT(fault_of(u32((4u << 20) + 1024) + std::string((4u << 20) + 2000, '\0')),
             Catch::Contains("at most 4194304"));
  CHECK(fault_of(Array().blob("x")) == "its last replacement has no end");
  // "A" becomes "b": the root's children at 1, A's value at its own base.
  const auto letter = [&](std::uint32_t base, std::uint32_t value) {
    Array array;
    array.node(0, 0, 1, false).node(1 ^ 'A', 'A', base, true);
    if (base < 256) array.value(base, value);
    return array;
  };
  CHECK(fault_of(letter(200, 0).blob("b" + nul)) == "none");
  CHECK(fault_of(letter(200, 2).blob("b" + nul)) == "a replacement at 2 of 2 bytes");
  CHECK_THAT(fault_of(letter(256, 0).blob("b" + nul)), Catch::Contains("leads to unit 256 of 256"));
  CHECK(fault_of(letter(200, 0).blob("\xff" + nul)) == "a replacement that is not UTF-8");
  CHECK_THAT(fault_of(letter(200, 0).blob(std::string(257, 'b') + nul)), Catch::Contains("a replacement of 257 bytes"));
  CHECK(fault_of(Array().node(0, 0, 1, false).node(1 ^ 'A', 'A', 1, false).blob(nul)) == "a loop");
  CHECK_THAT(fault_of(Array().node(0, 0, 1u << 20, false).blob(nul)), Catch::Contains("leads to unit 1048576"));
  // A chain of one letter: each node in a block of its own.
  const auto chain = [&](std::uint32_t length, bool has_values) {
    Array array(length + 2);
    std::uint32_t at = 0;
    for (std::uint32_t i = 0; i <= length; ++i) {
      const std::uint32_t base = (i + 1) * 256;
      array.node(at, i == 0 ? 0 : 'a', base, has_values && i > 0);
      array.value(base, 0);
      at = base ^ 'a';
    }
    return array.blob(nul);
  };
  CHECK(fault_of(chain(32, true)) == "none");
  CHECK(fault_of(chain(33, true)) == "more than 32 texts to replace that begin alike");
  CHECK(fault_of(chain(256, false)) == "none");
  CHECK(fault_of(chain(257, false)) == "a text of more than 256 bytes to replace");
  CHECK(problem_of(with_charsmap(letter(200, 0).blob("b" + nul))) == "accepted");
  CHECK_THAT(problem_of(with_charsmap(letter(200, 9).blob("b" + nul))),
             Catch::StartsWith("m.model: normalizer_spec.precompiled_charsmap is damaged: a replacement at 9"));
  CHECK_THAT(problem_of(kSmall + bytes(5, bytes(2, "abc"))),
             Catch::StartsWith("m.model: denormalizer_spec.precompiled_charsmap is damaged: it is cut off"));
  const std::string file = with_charsmap(letter(200, 0).blob("b" + nul));
  const SentencePieceModel model(read_sentencepiece_file(file, "m"), "m");
  CHECK(ids_of(encode(model, "aA")) == ids_of(encode(model, "ab")));
}

namespace {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_.next_up_to(bound - 1)); }
  bool coin() { return below(2) == 0; }
  std::string word(const std::vector<std::string>& letters, std::size_t max_size) {
    std::string result;
    for (std::size_t i = 0, size = 1 + below(max_size); i < size; ++i) result += letters[below(letters.size())];
    return result;
  }

 private:
  Pcg64 random_;
};

/// A model of random pieces; `type`: 1 Unigram, 2 BPE. Scores add up without rounding, so that the arithmetic of any
/// library gives the same.
std::string random_model(Dice& dice, std::uint64_t type) {
  const std::vector<std::string> letters = {"a", "b", "\xE2\x96\x81", "\xE2\x96\x81", "\xC3\xA9", "\xE4\xB8\xAD", "c"};
  std::string file = piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("a", -1);
  std::vector<std::string> known = {"<unk>", "<s>", "a"};
  for (std::size_t i = 0, count = dice.below(60); i < count; ++i) {
    const std::string text = dice.word(letters, 4);
    if (std::find(known.begin(), known.end(), text) != known.end()) continue;
    known.push_back(text);
    const int kind = type == 2 && dice.below(8) == 0 ? 4 : 1;
    file += piece(text, -static_cast<float>(dice.below(40)) / 8, kind);
  }
  const bool has_bytes = dice.coin();
  const std::string digits = "0123456789ABCDEF";
  for (std::size_t i = 0; has_bytes && i < 256; ++i) {
    file += piece(cat("<0x", digits[i / 16], digits[i % 16], ">"), 0, 6);
  }
  std::string normalizer = number(3, dice.coin()) + number(4, dice.coin()) + number(5, dice.below(4) != 0);
  if (dice.coin()) {  // "A" becomes "b", "AA" becomes " ", "B" becomes "c c"
    Array array(4);
    array.node(0, 0, 256, false).node(256 ^ 'A', 'A', 512, true).value(512, 0);
    array.node(512 ^ 'A', 'A', 768, true).value(768, 2).node(256 ^ 'B', 'B', 769, true).value(769, 4);
    normalizer += bytes(2, array.blob(std::string("b\0 \0c c\0", 8)));
  }
  return file + bytes(2, number(3, type) + number(24, dice.below(4) == 0) + number(35, has_bytes)) +
         bytes(3, normalizer);
}

}  // namespace

TEST_CASE("SentencePiece: our own way gives what the library gives, ids and spans, for random models and texts") {
  Dice dice(20261121);
  const std::vector<std::string> letters = {"a", "b", " ", "  ", "\xC3\xA9",     "\xE4\xB8\xAD",
                                            "c", "A", "B", "\n", "\xE2\x96\x81", "?"};
  for (int round = 0; round < 400; ++round) {
    const std::string file = random_model(dice, round % 2 == 0 ? 1 : 2);
    const SentencePieceModel model(read_sentencepiece_file(file, "random"), "random");
    const auto scratch = model.new_scratch();
    for (int i = 0; i < 30; ++i) {
      const std::string text = dice.word(letters, i % 5 == 0 ? 200 : 15);
      std::vector<Piece> ours;
      std::vector<Piece> theirs;
      model.tokenize(text, *scratch, ours);
      model.tokenize_by_library(text, theirs);
      CAPTURE(round, text, ids_of(ours), ids_of(theirs));
      REQUIRE(ours.size() == theirs.size());
      for (std::size_t at = 0; at < ours.size(); ++at) {
        REQUIRE(ours[at].id == theirs[at].id);
        REQUIRE(ours[at].begin == theirs[at].begin);
        REQUIRE(ours[at].end == theirs[at].end);
      }
    }
  }
}

TEST_CASE("SentencePiece: bytes changed at random are refused by our check or harmless to the library") {
  const auto path = test::shared_data("tokenizers/t5-small/spiece.model");
  std::string large = path.empty() ? std::string() : read_file(path);
  Pcg64 random(5);
  const std::string array =
      Array().node(0, 0, 1, false).node(1 ^ 'A', 'A', 200, true).value(200, 0).blob(std::string("b\0", 2));
  const std::string small = with_charsmap(array);
  int num_accepted = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string file = small;
    for (std::uint64_t i = 0, count = 1 + random.next_up_to(3); i < count; ++i) {
      file[random.next_up_to(file.size() - 1)] = static_cast<char>(random.next_up_to(255));
    }
    try {
      const SentencePieceModel model(read_sentencepiece_file(file, "m"), "m");
      for (const char* text : {"ab a b", "A\xC3\xA9 ", "\xE2\x96\x81"}) model.decode(ids_of(encode(model, text)));
      ++num_accepted;
    } catch (const ConfigError&) {
    }
  }
  CHECK(num_accepted > 100);
}
