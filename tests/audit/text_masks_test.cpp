// What the masks of a text say equals walking it character by character.
#include "audit/text_masks.hpp"

#include <random>

#include "forgelm/core/text.hpp"
#include "forgelm/text/characters.hpp"
#include "support/test.hpp"

namespace forgelm::audit {
namespace {

std::string random_text(std::mt19937& random) {
  static constexpr char32_t kCharacters[] = {U'a',  U'Z',  U'7',   U'_',   U' ',   U'\n', U'\'',
                                             U'.',  0x1C,  0x1F,   0x85,   0xA0,   0xDF,  0x130,
                                             0x3A3, 0x660, 0x2019, 0x2028, 0x4E2D, 0x301, 0x1F600};
  std::string text;
  for (std::size_t length = random() % 300; length > 0; --length) {
    // Long runs of ASCII, as texts have them.
    const std::size_t among = random() % 8 == 0 ? std::size(kCharacters) : 8;
    append_utf8(text, kCharacters[random() % among]);
  }
  return text;
}

TEST_CASE("masks of a text are what walking it finds") {
  std::mt19937 random(11);
  TextMasks masks;
  std::size_t num_words = 0;
  for (int i = 0; i < 4000; ++i) {
    const std::string text = random_text(random);
    INFO(quote(text));
    masks.read(text);
    std::size_t num_characters = 0;
    std::vector<std::string> words;
    bool is_in_word = false;
    for (std::size_t at = 0; at < text.size();) {
      const DecodedCodePoint decoded = decode_utf8(text, at);
      REQUIRE(masks.first_characters(num_characters).size() == at);
      ++num_characters;
      for (std::size_t byte = at; byte < at + decoded.num_bytes; ++byte) {
        REQUIRE(masks.starts.test(byte) == (byte == at));
        REQUIRE(masks.words.test(byte) == text::is_word(decoded.value));
        REQUIRE(masks.letters.test(byte) == (byte == at && text::is_alphabetic(decoded.value)));
        REQUIRE(masks.spaces.test(byte) == (byte == at && text::is_space(decoded.value)));
        REQUIRE(masks.breaks.test(byte) == (byte == at && text::is_line_break(decoded.value)));
      }
      if (text::is_word(decoded.value)) {
        if (!is_in_word) words.emplace_back();
        words.back() += text.substr(at, decoded.num_bytes);
      }
      is_in_word = text::is_word(decoded.value);
      at += decoded.num_bytes;
    }
    CHECK(masks.num_characters() == num_characters);
    CHECK(masks.num_words(0, text.size()) == words.size());
    std::size_t next = 0;
    masks.for_each_word([&](std::string_view word) {
      REQUIRE(next < words.size());
      REQUIRE(word == text::lower(words[next++]));
    });
    CHECK(next == words.size());
    num_words += next;
  }
  CHECK(num_words > 10000);
}

}  // namespace
}  // namespace forgelm::audit
