// clean_text: its rules one by one, and where it agrees with the Python original's clean_string.
#include "forgelm/data/clean_text.hpp"

#include "support/test.hpp"

using forgelm::data::clean_text;
using forgelm::data::TextEnds;

TEST_CASE("clean_text: one line without tabs gives what the Python original gives") {
  // forgelm 0.11.1: clean_string(text, True) on these inputs gives these results.
  CHECK(clean_text("hello   world") == "hello world");
  CHECK(clean_text("hello ") == "hello");
  CHECK(clean_text("a\x01"
                   "b\x1b[0m c\x7f") == "ab[0m c");
  CHECK(clean_text("a\xC2\x85"
                   "b\xC2\x9F"
                   "c") == "abc");
  CHECK(clean_text("caf\xC3\xA9  \xC2\xA1") == "caf\xC3\xA9 \xC2\xA1");
  CHECK(clean_text("   ") == "");
  CHECK(clean_text("") == "");
  CHECK(clean_text("plain") == "plain");
}

TEST_CASE("clean_text: lines, empty lines and indentation stay, where the original makes one line of all") {
  CHECK(clean_text("def f():\n    return 1\n\n\nf()") == "def f():\n    return 1\n\n\nf()");
  CHECK(clean_text("  indented") == "  indented");
  CHECK(clean_text("\tx\n \t y") == "\tx\n \t y");
}

TEST_CASE("clean_text: blanks at the end of lines go, runs within become one space, one tab stays") {
  CHECK(clean_text("a  \nb\t\nc   d") == "a\nb\nc d");
  CHECK(clean_text("a\tb") == "a\tb");
  CHECK(clean_text("a \t b\t\tc") == "a b c");
  CHECK(clean_text("a\n   \nb") == "a\n\nb");
}

TEST_CASE("clean_text: line ends become line feeds, other control characters go") {
  CHECK(clean_text("a\r\nb\rc\vd\fe") == "a\nb\nc\nd\ne");
  CHECK(clean_text(std::string("a\0b", 3)) == "ab");
  CHECK(clean_text("a\xE2\x80\xA8"
                   "b") ==
        "a\xE2\x80\xA8"
        "b");  // U+2028 is no control character
}

TEST_CASE("clean_text: code fences keep their blanks") {
  const std::string code = "See  this:\n```py\nx   =  1  \n\n    y\n```\nand  more";
  CHECK(clean_text(code) == "See this:\n```py\nx   =  1  \n\n    y\n```\nand more");
  CHECK(clean_text("~~~\na  b\n```\nc  d\n~~~\ne  f") == "~~~\na  b\n```\nc  d\n~~~\ne f");
  CHECK(clean_text("````\na  b\n```\nc  d\n````\ne  f") == "````\na  b\n```\nc  d\n````\ne f");
  CHECK(clean_text("- item\n    ```\n    a  b\n    ```\nc  d") == "- item\n    ```\n    a  b\n    ```\nc d");
  CHECK(clean_text("```\nnever  closed") == "```\nnever  closed");
  CHECK(clean_text("```x``` a  b\nc  d") == "```x``` a b\nc d");
  CHECK(clean_text("``\na  b") == "``\na b");
  CHECK(clean_text("```\na\x01  b\r\n```") == "```\na  b\n```");
}

TEST_CASE("clean_text: empty lines around the text go, unless the ends are kept") {
  CHECK(clean_text("\n \n  a\n\n") == "  a");
  CHECK(clean_text("\n\n") == "");
  CHECK(clean_text("Q:  x\nA: ", TextEnds::kept) == "Q: x\nA: ");
  CHECK(clean_text(" 2  3\n", TextEnds::kept) == " 2 3\n");
  CHECK(clean_text("  ", TextEnds::kept) == "  ");
  CHECK(clean_text("a  \nb", TextEnds::kept) == "a\nb");
}

TEST_CASE("clean_text: cleaning twice changes nothing") {
  const char* parts[] = {" ", "  ", "\t", "\n", "\r", "\v", "```", "~~~~", "a", "\x01", "\xC2\x85", "\xC3\xA9", "`"};
  std::uint64_t state = 1;
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (int n = 0; n < 14; ++n) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      text += parts[(state >> 33) % std::size(parts)];
    }
    for (const auto ends : {TextEnds::trimmed, TextEnds::kept}) {
      const std::string once = clean_text(text, ends);
      INFO(text);
      REQUIRE(clean_text(once, ends) == once);
    }
  }
}
