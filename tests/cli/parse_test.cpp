// From words to values, on a table of the test's own that has every kind of option; what forgelm's own table makes of a
// command line is told in tests/cases/cli.
#include "cli/parse.hpp"

#include "forgelm/core/log.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using namespace forgelm::cli;
using Words = std::vector<std::string>;
using Texts = std::vector<std::string>;

constexpr OptionSpec kOptions[] = {
    {.name = "MODEL", .kind = OptionKind::text, .doc = "", .is_positional = true, .is_required = true},
    {.name = "FILES", .kind = OptionKind::path, .doc = "", .is_positional = true, .is_repeated = true},
    {.name = "output", .kind = OptionKind::path, .doc = "", .short_name = 'o'},
    {.name = "verbose", .doc = "", .short_name = 'v'},
    {.name = "threshold", .kind = OptionKind::real, .doc = "", .default_text = "0.5", .at_least = 0, .at_most = 1},
    {.name = "workers", .kind = OptionKind::integer, .doc = "", .at_least = 1},
    {.name = "offset", .kind = OptionKind::integer, .doc = ""},
    {.name = "tag", .kind = OptionKind::text, .doc = "", .is_repeated = true},
    {.name = "resume", .kind = OptionKind::text, .doc = "", .default_text = "auto", .is_value_optional = true},
};
constexpr CommandSpec kCommand = {.name = "try", .summary = "Try", .details = "", .options = kOptions};

constexpr OptionSpec kExclusive[] = {
    {.name = "pending", .doc = "", .is_required = true, .one_of = "what"},
    {.name = "show", .kind = OptionKind::text, .doc = "", .is_required = true, .one_of = "what"},
};
constexpr CommandSpec kExclusiveCommand = {.name = "pick", .summary = "Pick", .details = "", .options = kExclusive};

Texts values_of(const Words& words, const char* name) {
  const auto values = read_values(kCommand, words);
  const auto found = values.find(name);
  return found == values.end() ? Texts{"(not given)"} : found->second;
}

std::string failure_of(const CommandSpec& command, const Words& words) {
  try {
    read_values(command, words);
  } catch (const UsageError& error) {
    CHECK(error.command() == command.name);
    return error.what();
  }
  return "(no failure)";
}
std::string failure_of(const Words& words) { return failure_of(kCommand, words); }

}  // namespace

TEST_CASE("parse: an option takes its value from the word behind it, behind '=', or behind its letter") {
  for (const Words& words :
       {Words{"m", "--output", "a"}, Words{"m", "--output=a"}, Words{"--output", "a", "m"}, Words{"m", "-o", "a"},
        Words{"m", "-oa"}, Words{"m", "-o=a"}, Words{"-vo", "a", "m"}, Words{"-vo=a", "m"}}) {
    CHECK(values_of(words, "output") == Texts{"a"});
    CHECK(values_of(words, "MODEL") == Texts{"m"});
  }
}

TEST_CASE("parse: a value is taken as it is") {
  for (const char* value :
       {"a b", "{}", "[a,b]", "a=b", "=", "a,b", "\"q\"", "++", "%%", "/x", "@f", "-0.5", "-.5", "-7", "-"})
    CHECK(values_of({"m", "--tag", value}, "tag") == Texts{value});
  CHECK(values_of({"m", "--tag=-x"}, "tag") == Texts{"-x"});
  CHECK(values_of({"m", "--tag="}, "tag") == Texts{""});
  CHECK(values_of({"m", "--tag=", "next"}, "FILES") == Texts{"next"});
  CHECK(values_of({"m", "--tag", ""}, "tag") == Texts{""});
}

TEST_CASE("parse: the last one holds, and a repeated option keeps all") {
  CHECK(values_of({"m", "--output", "a", "--output=b"}, "output") == Texts{"b"});
  CHECK(values_of({"m", "--tag", "a", "--tag=b", "--tag", "a"}, "tag") == Texts{"a", "b", "a"});
  CHECK(values_of({"m", "-v", "--verbose"}, "verbose") == Texts{"true"});
}

TEST_CASE("parse: a repeated option takes one word each time") {
  CHECK(values_of({"--tag", "a", "m", "f"}, "tag") == Texts{"a"});
  CHECK(values_of({"--tag", "a", "m", "f"}, "MODEL") == Texts{"m"});
}

TEST_CASE("parse: arguments fill their places in order, and a repeated one takes the rest") {
  CHECK(values_of({"m", "a", "-v", "b", "[c]"}, "FILES") == Texts{"a", "b", "[c]"});
  CHECK(values_of({"m"}, "FILES") == Texts{"(not given)"});
}

TEST_CASE("parse: behind '--' nothing is an option") {
  CHECK(values_of({"-v", "--", "--output", "-o"}, "MODEL") == Texts{"--output"});
  CHECK(values_of({"-v", "--", "--output", "-o"}, "FILES") == Texts{"-o"});
  CHECK(values_of({"--", "m", "--"}, "FILES") == Texts{"--"});
  CHECK(values_of({"m", "--"}, "FILES") == Texts{"(not given)"});
}

TEST_CASE("parse: an optional value may be left out") {
  CHECK(values_of({"m", "--resume"}, "resume") == Texts{"auto"});
  CHECK(values_of({"m", "--resume", "-v"}, "resume") == Texts{"auto"});
  CHECK(values_of({"m", "--resume", "--", "f"}, "resume") == Texts{"auto"});
  CHECK(values_of({"m", "--resume", "--", "f"}, "FILES") == Texts{"f"});
  CHECK(values_of({"m", "--resume", "here"}, "resume") == Texts{"here"});
  CHECK(values_of({"m"}, "resume") == Texts{"(not given)"});
  const Arguments without(kCommand, read_values(kCommand, {"m"}));
  CHECK_FALSE(without.maybe_text("resume"));
}

TEST_CASE("parse: long options may be cut short where that is unique") {
  CHECK(values_of({"m", "--thr", "0.25"}, "threshold") == Texts{"0.25"});
  CHECK(values_of({"m", "--w=2"}, "workers") == Texts{"2"});
  CHECK(values_of({"m", "--output", "x"}, "output") == Texts{"x"});  // although "--output-format" begins with it
  CHECK(failure_of({"m", "--o", "x"}) == "--o may mean --output, --offset, --output-format");
}

TEST_CASE("parse: values are checked against their spec") {
  CHECK(failure_of({"m", "--threshold", "1.5"}) == "--threshold: expected a number, 0 to 1, got \"1.5\"");
  CHECK(failure_of({"m", "--threshold", "nan"}) == "--threshold: expected a number, 0 to 1, got \"nan\"");
  CHECK(failure_of({"m", "--workers", "0"}) == "--workers: expected an integer, 1 or more, got \"0\"");
  CHECK(failure_of({"m", "--workers", "2.0"}) == "--workers: expected an integer, 1 or more, got \"2.0\"");
  CHECK(failure_of({"m", "--workers", "99999999999999999999"}) ==
        "--workers: expected an integer, 1 or more, got \"99999999999999999999\"");
  CHECK(failure_of({"m", "--output", ""}) == "--output: expected the path of a file, got \"\"");
  CHECK(failure_of({"m", "--tag", "ok", "--color", "red"}) ==
        "--color: expected one of auto, always, never, got \"red\"");
}

TEST_CASE("parse: what is missing or too much is named") {
  CHECK(failure_of({}) == "MODEL is missing: text");
  CHECK(failure_of({"m", "--output"}) == "--output needs a value: the path of a file");
  CHECK(failure_of({"m", "--output", "-v"}) == "--output needs a value, got the option \"-v\"");
  CHECK(failure_of({"m", "--verbose=1"}) == "--verbose takes no value, got \"1\"");
  CHECK(failure_of({"m", "-vx"}) == "forgelm try has no option \"-x\"");
  CHECK(failure_of(kExclusiveCommand, {"extra", "--pending"}) == "forgelm pick does not take \"extra\"");
}

TEST_CASE("parse: options that exclude each other, one of which is needed") {
  CHECK(failure_of(kExclusiveCommand, {}) == "one of --pending, --show is needed");
  CHECK(failure_of(kExclusiveCommand, {"--pending", "--show", "x"}) == "--pending and --show exclude each other");
  CHECK(failure_of(kExclusiveCommand, {"--show", "x"}) == "(no failure)");
}

TEST_CASE("parse: help is answered whatever is missing") { CHECK(failure_of({"--help"}) == "(no failure)"); }

TEST_CASE("arguments: values as their kind, and defaults") {
  const Arguments given(kCommand, read_values(kCommand, {"m", "--workers", "+4", "--threshold", "1e-1", "--log-level",
                                                         "ERROR", "--offset", "-3"}));
  CHECK(given.integer("workers") == 4);
  CHECK(given.real("threshold") == 0.1);
  CHECK(given.integer("offset") == -3);
  CHECK(given.choice<LogLevel>("log-level") == LogLevel::ERROR);
  CHECK(given.choice<OutputFormat>("output-format") == OutputFormat::text);
  CHECK_FALSE(given.flag("verbose"));
  CHECK(given.texts("tag").empty());
  const Arguments plain(kCommand, read_values(kCommand, {"m"}));
  CHECK(plain.real("threshold") == 0.5);
  CHECK_FALSE(plain.is_given("threshold"));
  CHECK_FALSE(plain.maybe_integer("workers"));
}

TEST_CASE("arguments: asking for what the spec does not declare is a mistake of ours") {
  const Arguments plain(kCommand, read_values(kCommand, {"m"}));
  CHECK_THROWS_AS(plain.flag("nonsense"), std::logic_error);
  CHECK_THROWS_AS(plain.flag("output"), std::logic_error);
  CHECK_THROWS_AS(plain.text("verbose"), std::logic_error);
  CHECK_THROWS_AS(plain.text("output"), std::logic_error);
  CHECK_THROWS_AS(plain.integer("threshold"), std::logic_error);
  CHECK_THROWS_AS(plain.texts("output"), std::logic_error);
}

TEST_CASE("parse: the output format is found before the rest makes sense") {
  CHECK(early_value({"--nonsense", "--output-format", "json"}, "output-format") == "json");
  CHECK(early_value({"--output-format=github", "--output-format", "json"}, "output-format") == "json");
  CHECK(early_value({"--output-f=json"}, "output-format") == "json");
  CHECK(early_value({"--output", "json"}, "output-format").empty());
  CHECK(early_value({"--", "--output-format", "json"}, "output-format").empty());
}
