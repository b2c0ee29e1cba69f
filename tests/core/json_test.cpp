// Json against CPython's json (tests/golden/json, made by tools/golden/json/make.py) and the reader's limits.
#include "forgelm/core/json.hpp"

#include <bit>
#include <cmath>
#include <fstream>
#include <limits>

#include "forgelm/core/text.hpp"
#include "support/test.hpp"

using forgelm::dump;
using forgelm::Json;
using forgelm::JsonStyle;
using forgelm::parse_json;

namespace {

std::vector<std::string> golden_lines(const std::string& name) {
  std::ifstream in(FORGELM_SOURCE_DIR "/tests/golden/json/" + name);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  REQUIRE(lines.size() > 100);
  return lines;
}

std::string bytes_of_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(static_cast<unsigned char>(std::stoul(hex.substr(i, 2), nullptr, 16)));
  return bytes;
}

std::string failure_of(const std::string& text, const forgelm::JsonLimits& limits = {}) {
  const auto result = parse_json(text, limits);
  REQUIRE_FALSE(result.ok());
  return result.error().message;
}

}  // namespace

TEST_CASE("json: floats are written as Python's repr, byte for byte") {
  for (const auto& line : golden_lines("floats.jsonl")) {
    const Json row = parse_json(line).value();
    const auto bits = static_cast<std::uint64_t>(std::stoull(row.at("bits").text(), nullptr, 16));
    CHECK(forgelm::python_float_repr(std::bit_cast<double>(bits)) == row.at("repr").text());
  }
}

TEST_CASE("json: a float's text reads back as the same bits") {
  for (const auto& line : golden_lines("floats.jsonl")) {
    const Json row = parse_json(line).value();
    const double value =
        std::bit_cast<double>(static_cast<std::uint64_t>(std::stoull(row.at("bits").text(), nullptr, 16)));
    if (!std::isfinite(value)) continue;
    const Json back = parse_json(dump(Json(value))).value();
    CHECK(std::bit_cast<std::uint64_t>(back.real()) == std::bit_cast<std::uint64_t>(value));
  }
}

TEST_CASE("json: strings of any script, and bytes that are not UTF-8, are escaped as json.dumps escapes them") {
  for (const auto& line : golden_lines("strings.jsonl")) {
    const Json row = parse_json(line).value();
    const Json text(bytes_of_hex(row.at("hex").text()));
    CHECK(dump(text) == row.at("ascii").text());
    CHECK(dump(text, {.ensure_ascii = false}) == row.at("unicode").text());
  }
}

TEST_CASE("json: nested values in every style are json.dumps' text, byte for byte") {
  for (const auto& line : golden_lines("values.jsonl")) {
    const Json row = parse_json(line).value();
    CHECK(dump(row) == line);
    JsonStyle style;
    for (const auto& [key, value] : row.at("style").members()) {
      if (key == "indent") style.indent = static_cast<int>(value.integer());
      else if (key == "sort_keys") style.sort_keys = value.boolean();
      else if (key == "ensure_ascii") style.ensure_ascii = value.boolean();
      else if (key == "compact") style.compact = value.boolean();
      else FAIL("unknown style " + key);
    }
    CHECK(dump(row.at("value"), style) == row.at("text").text());
  }
}

TEST_CASE("json: non-finite floats are written as strings") {
  const double inf = std::numeric_limits<double>::infinity();
  CHECK(dump(Json::array({std::nan(""), inf, -inf})) == R"(["nan", "inf", "-inf"])");
}

TEST_CASE("json: members keep the order in which they came, and a second value replaces the first in its place") {
  Json object;
  object.set("z", 1).set("a", 2).set("z", 3);
  CHECK(dump(object) == R"({"z": 3, "a": 2})");
  CHECK(dump(Json::object({{"k", 1}, {"b", 2}, {"k", 3}})) == R"({"k": 3, "b": 2})");
  Json list;
  list.push("x").push(nullptr).push(true);
  CHECK(dump(list) == R"(["x", null, true])");
}

TEST_CASE("json: accessors name the kind wanted and the kind found") {
  CHECK_THROWS_WITH(Json("x").integer(), "JSON: expected integer, found text");
  CHECK_THROWS_WITH(Json(1).items(), "JSON: expected array, found integer");
  CHECK_THROWS_WITH(Json(1.5).integer(), "JSON: expected integer, found real");
  CHECK_THROWS_WITH(Json::object({{"a", 1}, {"b", 2}}).at("c"), R"(JSON: no member "c"; present: "a", "b")");
  CHECK_THROWS_WITH(Json(true).set("a", 1), "JSON: expected object, found boolean");
  CHECK(Json(7).real() == 7.0);
  CHECK(Json().find("a") == nullptr);
}

TEST_CASE("json: integers beyond int64 become reals, those within stay exact") {
  CHECK(parse_json("9223372036854775807").value().integer() == std::numeric_limits<std::int64_t>::max());
  CHECK(parse_json("-9223372036854775808").value().integer() == std::numeric_limits<std::int64_t>::min());
  CHECK(parse_json("9223372036854775808").value() == Json(9223372036854775808.0));
  CHECK(parse_json("123456789012345678901234567890").value().kind() == Json::Kind::real);
  CHECK(Json(std::numeric_limits<std::uint64_t>::max()) == Json(18446744073709551615.0));
}

TEST_CASE("json: what is not JSON is refused with its line and column") {
  CHECK_THAT(failure_of("{\"a\": 1,\n  x}"), Catch::StartsWith("line 2, column 3: "));
  CHECK_THAT(failure_of("[1, 2"), Catch::StartsWith("line 1, column 6: ") && Catch::Contains("end of input"));
  CHECK_THAT(failure_of(""), Catch::StartsWith("line 1, column 1: "));
  CHECK_THAT(failure_of("[1] 2"), Catch::StartsWith("line 1, column 5: "));
  CHECK_THAT(failure_of("\"\xC3\xA9\xC3\xA9\" x"), Catch::StartsWith("line 1, column 6: "));  // columns are code points
  CHECK_THAT(failure_of("\"a\nb\""), Catch::Contains("line 1, column 3: "));
  CHECK_THAT(failure_of("1e999"), Catch::Contains("the number \"1e999\" is out of range"));
  CHECK_THAT(failure_of(std::string("1\0[", 3)), Catch::StartsWith("line 1, column 2: a NUL byte"));
  for (const char* bad : {"{'a': 1}",
                          "[1,]",
                          "{\"a\":1,}",
                          "nan",
                          "NaN",
                          "Infinity",
                          "01",
                          "+1",
                          ".5",
                          "1.",
                          "0x1",
                          "tru",
                          "// c\n1",
                          "\"\\ud800\"",
                          "\"\\x41\"",
                          "\"\xff\"",
                          "\"\xed\xa0\x80\"",
                          "{\"a\" 1}",
                          "{1: 2}",
                          "]",
                          "\"a"}) {
    INFO(bad);
    CHECK_FALSE(parse_json(bad).ok());
  }
}

TEST_CASE("json: a message stays short when the bad token is long") {
  const std::string message = failure_of("[\"" + std::string(1 << 20, 'x') + "\n\"]");
  CHECK(message.size() < 300);
}

TEST_CASE("json: a bad token that holds the words of a message is quoted like any other") {
  const std::string text = "{\"a\": \"'; expected , _tiegw\xe8\"}";  // what a fuzzer found
  const std::string message = failure_of(text);
  CHECK(forgelm::is_valid_utf8(message));
  CHECK_THAT(message, Catch::Contains("\\xe8"));
  const std::string long_one = failure_of("[\"'; expected " + std::string(100000, 'x') + "\xff");
  CHECK(long_one.size() < 200);
  CHECK(forgelm::is_valid_utf8(long_one));
}

TEST_CASE("json: a key that appears twice is refused at its second place, in small and large objects") {
  CHECK(failure_of("{\"a\": 1,\n \"b\\\"\": 2, \"a\": 3}") ==
        "line 2, column 12: the key \"a\" appears twice in one object");
  CHECK(failure_of("{\"a\":1,\"\\u0061\":2}") == "line 1, column 8: the key \"a\" appears twice in one object");
  std::string large = "{";
  for (int i = 0; i < 1000; ++i) large += "\"k" + std::to_string(i) + "\": 0, ";
  CHECK(parse_json(large + "\"other\": 0}").value().members().size() == 1001);
  CHECK_THAT(failure_of(large + "\"k7\": 0}"), Catch::Contains("the key \"k7\" appears twice"));
  CHECK_THAT(failure_of(large + "\"k999\": 0}"), Catch::Contains("the key \"k999\" appears twice"));
  CHECK(parse_json("[{\"a\": 1}, {\"a\": {\"a\": 2}}]").ok());
}

TEST_CASE("json: depth and size are limited") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(parse_json(nested(64)).ok());
  CHECK_THAT(failure_of(nested(65)), Catch::StartsWith("line 1, column 65: nested deeper than 64 levels"));
  CHECK_THAT(failure_of(std::string(3000000, '[')), Catch::Contains("nested deeper than 64 levels"));
  CHECK(parse_json("[1]", {.max_depth = 1}).ok());
  CHECK_FALSE(parse_json("{\"a\": []}", {.max_depth = 1}).ok());
  CHECK(parse_json("5", {.max_depth = 0}).ok());
  CHECK_THAT(failure_of("[1, 2]", {.max_bytes = 5}), Catch::Contains("has 6 bytes; at most 5 are read"));
  CHECK(parse_json("[1,2]", {.max_bytes = 5}).ok());
}

TEST_CASE("json: a byte order mark is skipped and does not count as a column") {
  CHECK(parse_json("\xEF\xBB\xBF[1]").ok());
  CHECK_THAT(failure_of("\xEF\xBB\xBF[x]"), Catch::StartsWith("line 1, column 2: "));
}

TEST_CASE("json: taking the value of a failed parse throws the reason") {
  CHECK_THROWS_AS(parse_json("{").value(), forgelm::RunError);
}
