// The walk over a line's bytes against simdjson's walk over its values: same
// places, same texts.
#include "audit/json_strings.hpp"

#include <random>

#include "audit/json_line.hpp"
#include "audit/row_text.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/text.hpp"
#include "fuzz/json_strings_promise.hpp"
#include "support/fuzz_corpus.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using namespace forgelm::audit;

using Strings = std::vector<std::pair<std::string, std::string>>;

Strings by_bytes(std::string_view line) {
  Strings all;
  for_each_json_string(line, [&](const JsonString& string) {
    all.emplace_back(string.path, decode_json_string(line.substr(string.begin, string.end - string.begin)));
  });
  return all;
}

Strings by_values(std::string_view line) {
  JsonLineReader reader;
  const JsonLine read = reader.read(line, line.size());
  REQUIRE(read.state == LineState::row);
  Strings all;
  std::string path;
  for_each_string(read.value, path,
                  [&](const std::string& place, std::string_view text) { all.emplace_back(place, text); });
  return all;
}

TEST_CASE("strings of a line are found in its bytes as they are among its values") {
  for (const char* line : {
           R"({"text": "plain"})",
           R"(  {"a":"x","b":{"c":["y",{"d":"z"},[["w"]],1,null,"v"],"e":"u"},"f":"t"}  )",
           R"({"a": "quote \" backslash \\", "b\"c": "\/\b\f\n\r\t", "\u0061bc": "key by escape"})",
           R"({"a": "é ü 日本 😀", "b": "\u00e9\ud83d\ude00", "c": "\ud83d lone \ude00 \ud83d\u0041 end \ud83d"})",
           R"({"a": NaN, "b": -Infinity, "c": "{not, an: [object]}", "d": 1e5, "e": "]"})",
           R"({"a": "twice", "a": ["again"], "": "no name", "x": {"": {"": "deep"}}})",
           R"("a text alone")",
           R"(["a", ["b", "c"], {}, [], {"d": "e"}])",
           "{\"a\": \"bad \xff\xc3( bytes \xe2\x82\", \"b\": \"fine\"}",
       }) {
    INFO(line);
    CHECK(by_bytes(line) == by_values(line));
  }
}

/// A value of random shape and strings.
Json random_value(std::mt19937& random, int depth) {
  const auto pick = [&](unsigned count) { return static_cast<unsigned>(random() % count); };
  static constexpr std::string_view kPieces[] = {"a",  "\"", "\\", "/", "\n", "\x01", "é",
                                                 "日", "😀",  "{",  "]", ",",  ":"};
  std::string text;
  for (unsigned i = pick(6); i > 0; --i) text += kPieces[pick(std::size(kPieces))];
  switch (depth > 4 ? 4 + pick(3) : pick(7)) {
    case 0:
    case 1: {
      Json object = Json::object();
      for (unsigned i = pick(4); i > 0; --i) object.set(cat(text, i), random_value(random, depth + 1));
      return object;
    }
    case 2:
    case 3: {
      Json array = Json::array();
      for (unsigned i = pick(4); i > 0; --i) array.push(random_value(random, depth + 1));
      return array;
    }
    case 4: return pick(1000);
    default: return text;
  }
}

TEST_CASE("random lines hold the same strings by bytes and by values") {
  std::mt19937 random(7);
  for (int i = 0; i < 3000; ++i) {
    const Json value = Json::object({{"row", random_value(random, 0)}});
    const std::string line = dump(value, {.ensure_ascii = i % 2 == 0, .compact = i % 3 == 0});
    INFO(line);
    REQUIRE(by_bytes(line) == by_values(line));
  }
}

TEST_CASE("each character of a string's text is found among its bytes") {
  const std::string bytes = R"(a\u00e9é\ud83d\ude00😀\n\"z)";
  const std::string text = decode_json_string(bytes);
  CHECK(text == "aéé😀😀\n\"z");
  // The text's offset of each character, and where its bytes begin.
  const std::vector<std::pair<std::size_t, std::size_t>> places = {{0, 0},   {1, 1},   {3, 7},   {5, 9},  {9, 21},
                                                                   {13, 25}, {14, 27}, {15, 29}, {16, 30}};
  JsonStringCursor all(bytes);
  for (const auto& [in_text, in_bytes] : places) {
    CHECK(all.offset_of(in_text) == in_bytes);
    CHECK(JsonStringCursor(bytes).offset_of(in_text) == in_bytes);
  }
}

TEST_CASE("bytes that are no JSON line are walked over without harm") {
  for (const char* line :
       {"", "{", "}", "]]]", ",,,", "{\"a", "{\"a\\", "\"", "[\"a\\u12", "{\"a\":\"\\", "{{{{[[[[\"x\""}) {
    INFO(line);
    CHECK_NOTHROW(by_bytes(line));
  }
}

TEST_CASE("inputs that fuzzing of the walk over strings kept break no promise") {
  CHECK(test::replay_corpus("json_strings", test::broken_json_strings_promise) > 15);
}

}  // namespace
