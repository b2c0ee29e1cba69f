#include "forgelm/core/text.hpp"

#include "support/test.hpp"

using namespace forgelm;

TEST_CASE("text: cat joins texts, characters, integers, booleans and doubles") {
  CHECK(cat("a", std::string("b"), std::string_view("c"), 'd', 1, -2L, std::size_t{3}, true, 0.1, 1e-5, 2.0f) ==
        "abcd1-23true0.11e-052.0");
  CHECK(cat() == "");
  CHECK(cat(std::int64_t{-9223372036854775807} - 1, std::uint64_t{18446744073709551615u}) ==
        "-922337203685477580818446744073709551615");
  CHECK(join(std::vector<std::string>{"a", "b"}, ", ") == "a, b");
  CHECK(join(std::vector<int>{1, 2, 3}, "/") == "1/2/3");
  CHECK(join(std::vector<std::string>{}, ", ") == "");
}

TEST_CASE("text: every code point goes to UTF-8 and back") {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    std::string bytes;
    append_utf8(bytes, c);
    const DecodedCodePoint point = decode_utf8(bytes, 0);
    const bool is_surrogate = c >= 0xD800 && c <= 0xDFFF;
    if (!point.is_valid || point.value != (is_surrogate ? kReplacementCharacter : c) || point.num_bytes != bytes.size())
      FAIL("code point " << static_cast<unsigned>(c));
  }
}

TEST_CASE("text: overlong forms, surrogates, values out of range and cut sequences are not UTF-8") {
  for (const char* bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3", "\xe2\x82", "\xf0\x9f\x98"}) {
    CHECK(find_invalid_utf8(bad) == 0);
    CHECK(find_invalid_utf8(std::string("ok\xC3\xA9") + bad) == 4);
    for (std::size_t length = 0; length < 40; ++length) {
      CHECK(find_invalid_utf8(std::string(length, 'a') + bad) == length);
      CHECK(find_invalid_utf8(std::string(length, 'a') + bad + std::string(20, 'b')) == length);
    }
  }
  CHECK(is_valid_utf8(""));
  CHECK(is_valid_utf8(std::string("\0\x7f\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF", 15)));
}

TEST_CASE("text: bad parts are replaced and counted as maximal subparts") {
  CHECK(to_valid_utf8("a\xf0\x9f\x98z") == "a\xEF\xBF\xBDz");                      // one cut sequence
  CHECK(to_valid_utf8("\xed\xa0\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // no byte of a surrogate fits
  CHECK(num_code_points("a\xC3\xA9\xF0\x9F\x98\x80") == 3);
  CHECK(num_code_points("\xf0\x9f\x98z") == 2);
  CHECK(to_code_points("\xC3\xA9\xff") == U"\u00e9\ufffd");
  CHECK(prefix_code_points("\xC3\xA9\xC3\xA9z", 2) == "\xC3\xA9\xC3\xA9");
  CHECK(prefix_code_points("ab", 9) == "ab");
}

TEST_CASE("text: ASCII helpers leave other bytes alone") {
  CHECK(ascii_lower("AbZ\xC3\x89[@") == "abz\xC3\x89[@");
  CHECK(ascii_upper("abz{`") == "ABZ{`");
  CHECK(equals_ignoring_ascii_case("HeLLo", "hEllO"));
  CHECK_FALSE(equals_ignoring_ascii_case("a", "ab"));
  CHECK(trim(" \t\r\n a b \v\f") == "a b");
  CHECK(trim(" \n ") == "");
  CHECK(split("a,,b,", ',') == std::vector<std::string>{"a", "", "b", ""});
  CHECK(split("", ',') == std::vector<std::string>{""});
}

TEST_CASE("text: wrapping keeps words whole and in order") {
  CHECK(wrap("one two three", 7) == std::vector<std::string>{"one two", "three"});
  CHECK(wrap("one two three", 6) == std::vector<std::string>{"one", "two", "three"});
  CHECK(wrap("  a\n  longest-word b ", 3) == std::vector<std::string>{"a", "longest-word", "b"});
  CHECK(wrap(" \n", 10).empty());
}

TEST_CASE("text: a quoted value stays on one line and cannot steer a terminal") {
  CHECK(quote("a\nb\t\"c\\") == "\"a\\nb\\t\\\"c\\\\\"");
  CHECK(quote("\x1b[31mred\r") == "\"\\u{1b}[31mred\\u{d}\"");
  CHECK(quote("\xE2\x80\xAEgpj.exe") == "\"\\u{202e}gpj.exe\"");  // right-to-left override
  CHECK(quote("\xC2\x9B") == "\"\\u{9b}\"");                      // C1 control sequence introducer
  CHECK(quote("\xff\xC3") == "\"\\xff\\xc3\"");
  CHECK(quote("g\xC3\xBCn") == "\"g\xC3\xBCn\"");
  CHECK(quote("abcdef", 3) == "\"abc\"... (6 characters)");
  CHECK(quote("\xC3\xA9\xC3\xA9", 2) == "\"\xC3\xA9\xC3\xA9\"");
}
