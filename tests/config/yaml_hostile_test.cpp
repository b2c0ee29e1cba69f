// Files that are made to exhaust memory, stack or time. Every one is read in a process of its own that may take 256 MiB
// more than it had: the file is refused by the right code and at the right place, or read. Expected places are worked
// out from how the document is made, in the comment beside it.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <string>

#include "config/yaml_dump.hpp"
#include "forgelm/config/load.hpp"
#include "forgelm/config/yaml.hpp"
#include "forgelm/core/text.hpp"
#include "fuzz/invariants.hpp"
#include "support/test.hpp"

namespace {

using namespace std::string_literals;
using forgelm::cat;
using forgelm::Diagnostic;
using forgelm::config::read_job;
using forgelm::config::read_yaml;

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kLimitsMemory = false;  // the sanitizer's shadow alone takes terabytes of addresses
#elif defined(__has_feature)
constexpr bool kLimitsMemory = !__has_feature(address_sanitizer);
#else
constexpr bool kLimitsMemory = true;
#endif

/// What `work` returns when it runs in a child process with 256 MiB to spare, or how the child ended.
std::string in_small_process(const std::function<std::string()>& work) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    close(ends[0]);
    std::size_t num_pages = 0;
    std::ifstream("/proc/self/statm") >> num_pages;
    const rlim_t bytes = num_pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + (rlim_t{256} << 20);
    const rlimit limit{bytes, bytes};
    if (kLimitsMemory) setrlimit(RLIMIT_AS, &limit);
    std::string said;
    try {
      said = work();
    } catch (const std::bad_alloc&) {
      said = "out of memory";
    } catch (const std::exception& error) {
      said = cat("thrown: ", error.what());
    }
    const auto written = write(ends[1], said.data(), said.size());
    _exit(written == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::string said;
  char buffer[4096];
  for (ssize_t count = 0; (count = read(ends[0], buffer, sizeof buffer)) > 0;)
    said.append(buffer, static_cast<std::size_t>(count));
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  if (WIFSIGNALED(status)) return cat("killed by signal ", WTERMSIG(status));
  return said;
}

/// "code line:column" of the error, or "read, n warnings".
std::string verdict(const std::string& bytes) {
  return in_small_process([&] {
    const auto document = read_yaml(bytes, "hostile.yaml");
    if (!has_errors(document.diagnostics)) return cat("read, ", document.diagnostics.size(), " warnings");
    const Diagnostic& error = document.diagnostics.front();
    // Whoever reports it adds what it says; none of it may grow with the file.
    if (error.message.size() + error.allowed.size() + error.source_line.size() > 4000) return "too many words"s;
    return cat(error.code, " ", error.spot.line, ":", error.spot.column);
  });
}

std::string repeat(std::string_view text, std::size_t count) {
  std::string out;
  out.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

/// k0 to k<levels>: the first value, then lists of `width` aliases of the value before: width^levels copies at the end.
std::string alias_chain(const std::string& first, int levels, std::size_t width) {
  std::string out = cat("k0: &a0 ", first, "\n");
  for (int i = 1; i <= levels; ++i) out += cat("k", i, ": &a", i, " [", repeat(cat("*a", i - 1, ", "), width), "]\n");
  return out;
}

/// "x0: 1, x1: 1, ..." with names of one width, so that columns can be worked out.
std::string flow_keys(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += cat(i == 0 ? "" : ", ", "x", 10000 + i, ": 1");
  return out;
}

}  // namespace

TEST_CASE("yaml: nesting is refused at the 65th level, however deep it goes") {
  CHECK(verdict(std::string(1'000'000, '[')) == "yaml_limit 1:65");
  CHECK(verdict(std::string(1'000'000, '{')) == "yaml_limit 1:65");
  // Two characters for each level.
  CHECK(verdict(repeat("- ", 500'000)) == "yaml_limit 1:129");
  CHECK(verdict(repeat("? ", 500'000)) == "yaml_limit 1:129");
  CHECK(verdict(repeat("[{a: ", 200'000)) == "yaml_limit 1:161");  // level 65 opens after 32 times 5 characters
  std::string nested;
  for (std::size_t i = 0; i < 1400; ++i) nested += std::string(i, ' ') + "a:\n";
  CHECK(verdict(nested) == "yaml_limit 65:65");
}

TEST_CASE("yaml: aliases cannot make a small file large") {
  // 9^6 values: 1 + 9 + ... ; the 100,001st is inside the last list, and the place told is that of the copied value.
  CHECK(verdict(alias_chain("[x, x, x, x, x, x, x, x, x]", 6, 9)).substr(0, 13) == "yaml_limit 1:");
  // Half a megabyte of text, 59,049 times. The ninth copy exceeds 4 MiB; the value stands behind "k0: &a0 ".
  CHECK(verdict(alias_chain("\"" + std::string(500'000, 'x') + "\"", 5, 9)) == "yaml_limit 1:9");
  CHECK(verdict(alias_chain(std::string(4000, '9'), 5, 9)) == "yaml_limit 1:9");
  CHECK(verdict(alias_chain("!!binary " + std::string(400'000, 'A'), 5, 9)) == "yaml_limit 1:18");
  // A mapping that stands for the value of its last key is looked through 59,049 times. A collection's place is that of
  // its anchor, behind "k0: ".
  CHECK(verdict(alias_chain("!!str {" + flow_keys(40'000) + ", =: x}", 5, 9)) == "yaml_limit 1:5");
  // Line 1 defines, line n + 1 is the n-th alias, which stands in column 3.
  CHECK(verdict("- &a x\n" + repeat("- *a\n", 100'000)) == "yaml_limit 102:3");
  CHECK(verdict("&a [*a]") == "yaml_alias 1:5");
}

TEST_CASE("yaml: merge keys cannot make a small file large") {
  std::string doubling = "m0: &m0 {" + flow_keys(1000) + "}\n";
  for (int i = 1; i <= 40; ++i) doubling += cat("m", i, ": &m", i, " {<<: [*m", i - 1, ", *m", i - 1, "]}\n");
  // The mapping of 1000 keys doubles its pairs in each line; they are counted when they are merged.
  CHECK(verdict(doubling).substr(0, 11) == "yaml_limit ");
  // A chain merges each mapping once, and 90 of them fit.
  std::string chain = "m0: &m0 {x: 1}\n";
  for (int i = 1; i <= 90; ++i) chain += cat("m", i, ": &m", i, " {<<: *m", i - 1, "}\n");
  CHECK(verdict(chain) == "read, 0 warnings");
  CHECK(verdict("a: &a {<<: *a}") == "yaml_alias 1:12");
}

TEST_CASE("yaml: files, scalars, keys and values have limits of size") {
  CHECK(verdict(std::string(1u << 20, 'x')) == "read, 0 warnings");
  CHECK(verdict(std::string((1u << 20) + 1, 'x')) == "yaml_limit 1:1");
  CHECK(verdict("'" + std::string(1'000'000, 'x') + "'") == "read, 0 warnings");
  CHECK(verdict(repeat("a ", 500'000)) == "read, 0 warnings");
  CHECK(verdict("a: |\n" + repeat(" x\n", 300'000)) == "read, 0 warnings");
  CHECK(verdict(std::string(1025, 'k') + ": 1") == "yaml_limit 1:1");
  CHECK(verdict("a: 1\n? " + std::string(1'000'000, 'k') + "\n: 1") == "yaml_limit 2:3");
  std::string keys;
  for (int i = 10'000; i < 70'000; ++i) keys += cat("k", i, ": 1\n");
  // The root is one value and every line two: the 100,001st is the one in line 50,000, behind "k59999: ".
  CHECK(verdict(keys) == "yaml_limit 50000:9");
  CHECK(verdict("{" + flow_keys(49'000) + "}") == "read, 0 warnings");
  // The list is one value, each item ("x,") two characters: the 100,001st value is item 100,000.
  CHECK(verdict("[" + repeat("x,", 150'000) + "]") == "yaml_limit 1:200000");
  // Far too many are refused while they are scanned, at the token after 6 * (100,000 + 1), and each is one character.
  CHECK(verdict("[" + repeat("x,", 500'000) + "]") == "yaml_limit 1:600007");
}

TEST_CASE("yaml: a number costs no more than its digits") {
  CHECK(verdict("[" + repeat(std::string(4290, '9') + ",", 240) + "]") == "read, 0 warnings");
  CHECK(verdict("[" + repeat("0x" + std::string(3500, 'f') + ",", 290) + "]") == "read, 0 warnings");
  CHECK(verdict("a: " + std::string(1'000'000, '9')) == "yaml_scalar 1:4");
  CHECK(verdict("a: 0b" + std::string(1'000'000, '1')) == "yaml_scalar 1:4");
  CHECK(verdict("a: 1" + repeat(":59", 300'000)) == "yaml_scalar 1:4");
  CHECK(verdict("a: 1" + repeat(":59", 300'000) + ".5") == "yaml_scalar 1:4");
  CHECK(verdict("a: 1." + std::string(1'000'000, '9')) == "read, 0 warnings");
}

TEST_CASE("yaml: duplicate keys are told a hundred times, not a hundred thousand times") {
  // 49,000 keys, the first of which is not a duplicate; a hundred are listed, and one more tells of the rest.
  for (const char* separator : {",", "\n"}) {
    const bool is_flow = *separator == ',';
    const std::string bytes = (is_flow ? "{" : "") + repeat(cat("a: 1", separator), 49'000) + (is_flow ? "}" : "");
    CHECK(verdict(bytes) == "read, 101 warnings");
    const auto document = read_yaml(bytes, "hostile.yaml");
    REQUIRE(document.diagnostics.size() == 101);
    CHECK(document.diagnostics.back().message.find("48899 more keys") != std::string::npos);
    // Both places: the second key is the first duplicate; in one line each "a: 1," has five characters.
    CHECK(document.diagnostics.front().spot.line == (is_flow ? 1 : 2));
    CHECK(document.diagnostics.front().spot.column == (is_flow ? 7 : 1));
    CHECK(document.diagnostics.front().source_line.size() <= 403);
  }
}

TEST_CASE("yaml: bytes that are no text are refused where they stand") {
  CHECK(verdict("a: \0"s) == "yaml_character 1:4");
  CHECK(verdict(std::string(1'000'000, '\0')) == "yaml_character 1:1");
  CHECK(verdict("a: 1\n\x1b[2J") == "yaml_character 2:1");
  CHECK(verdict("ab: 1\ncd\xff") == "yaml_encoding 2:3");
  CHECK(verdict("\xc3\xa9: \xff") == "yaml_encoding 1:4");  // columns are code points
  CHECK(verdict(std::string(1'000'000, '\xff')) == "yaml_encoding 1:1");
  CHECK(verdict("a: \xc0\x80") == "yaml_encoding 1:4");      // overlong
  CHECK(verdict("a: \xed\xa0\x80") == "yaml_encoding 1:4");  // a surrogate
  CHECK(verdict("\xff\xfe"
                "a\0"s) == "yaml_encoding 1:1");
  CHECK(verdict("\xfe\xff\0a"s) == "yaml_encoding 1:1");
  CHECK(verdict("\xff\xfe\0\0a\0\0\0"s) == "yaml_encoding 1:1");
  CHECK(verdict("a\0:\0"s) == "yaml_character 1:2");  // UTF-16 without a mark
}

TEST_CASE("yaml: byte order marks and line breaks of every kind leave columns right") {
  CHECK(verdict("\xef\xbb\xbf"
                "a: [") == "yaml_syntax 1:4");
  CHECK(verdict("a: 1\r\nb: [") == "yaml_syntax 2:4");
  CHECK(verdict("a: 1\rb: [") == "yaml_syntax 2:4");
  CHECK(verdict("a: 1\xc2\x85"
                "b: [") == "yaml_syntax 2:4");
  CHECK(verdict("a: 1\xe2\x80\xa8"
                "b: [") == "yaml_syntax 2:4");
  CHECK(verdict(repeat("\xef\xbb\xbf", 300'000)) == "read, 0 warnings");  // all but the first are text
}

TEST_CASE("yaml: a mistake far into a large file is found at its place") {
  const std::string lines = repeat("# a comment line\n", 50'000);
  CHECK(verdict(lines + "a:\n\tb: 1") == "yaml_syntax 50002:1");  // a tab for indentation
  CHECK(verdict(lines + "a: b: c") == "yaml_syntax 50001:5");
  CHECK(verdict(lines + "a: 'b") == "yaml_syntax 50001:4");
  CHECK(verdict(lines + "a: [1, 2") == "yaml_syntax 50001:4");
  CHECK(verdict(lines + "a: *b") == "yaml_alias 50001:4");
  CHECK(verdict(lines + "a: !x b") == "yaml_tag 50001:4");
  CHECK(verdict(lines + "a: 1\n---\nb: 2") == "yaml_documents 50002:1");
  CHECK(verdict(lines + "a: !!int b") == "yaml_scalar 50001:10");
  CHECK(verdict(lines + "[a]: 1") == "yaml_key 50001:1");
  CHECK(verdict(lines + "a: \"\\q\"") == "yaml_syntax 50001:5");
  CHECK(verdict(lines + "a: @b") == "yaml_syntax 50001:4");
  CHECK(verdict(lines + "a: 1\n b: 2") == "yaml_syntax 50002:3");  // the ':' that would begin a mapping inside text
  // The same behind much text in one line.
  CHECK(verdict("[" + repeat("x,", 40'000) + "*b]") == "yaml_alias 1:80002");
}

TEST_CASE("yaml: patterns that invite quadratic work are read through once") {
  CHECK(verdict(repeat("#\n", 500'000)) == "read, 0 warnings");
  CHECK(verdict(std::string(1'000'000, ' ')) == "read, 0 warnings");
  CHECK(verdict(std::string(1'000'000, '\n')) == "read, 0 warnings");
  CHECK(verdict("a: |\n" + std::string(1'000'000, '\n')) == "read, 0 warnings");
  CHECK(verdict("a: >\n" + repeat(" x\n\n", 200'000)) == "read, 0 warnings");
  CHECK(verdict("a: 'x" + std::string(1'000'000, '\n') + "'") == "read, 0 warnings");
  CHECK(verdict("'" + repeat("''", 500'000) + "'") == "read, 0 warnings");
  CHECK(verdict("\"" + repeat("\\n", 500'000) + "\"") == "read, 0 warnings");
  CHECK(verdict("\"" + repeat("\\\n", 500'000) + "\"") == "read, 0 warnings");
  CHECK(verdict("'" + std::string(1'000'000, 'x')) == "yaml_syntax 1:1");
  CHECK(verdict("a" + repeat("\n---", 200'000)) == "yaml_documents 2:1");
  CHECK(verdict("a\n" + repeat("...\n", 200'000)) == "read, 0 warnings");
  CHECK(verdict("*" + std::string(1'000'000, 'a')) == "yaml_alias 1:1");
  // "[&", the name, " x, ": the second anchor stands 1 + 1 + 400,000 + 4 characters behind the beginning.
  const std::string name(400'000, 'a');
  CHECK(verdict("[&" + name + " x, &" + name + " y]") == "yaml_alias 1:400007");
  std::string anchors = "[";
  for (int i = 10'000; i < 90'000; ++i) anchors += cat("&a", i, " x,");
  CHECK(verdict(anchors + "*b]") == "yaml_alias 1:800002");  // ten characters for each
  CHECK(verdict("!<" + std::string(1'000'000, 'a') + "> x") == "yaml_tag 1:1");
  CHECK(verdict("!" + std::string(1'000'000, 'a') + " x") == "yaml_tag 1:1");
  CHECK(verdict("[" + repeat("!!str x,", 90'000) + "]") == "read, 0 warnings");
  std::string directives;
  for (int i = 0; i < 30'000; ++i) directives += cat("%TAG !a", i, "! tag:b,1:\n");
  CHECK(verdict(directives + "--- x") == "read, 0 warnings");
  // Lists that are seen to be keys only at their ends; the innermost, the first to be built, is the 31st bracket.
  CHECK(verdict("[" + repeat(repeat("[", 30) + "a" + repeat("]:1", 30) + ",", 1000) + "]") == "yaml_key 1:31");
}

TEST_CASE("yaml: a document that is cut off anywhere keeps every promise") {
  const std::string bytes =
      "%YAML 1.1\n--- # job\nmodel: &m {name: \"a\\u00e9\", n: [1, 0x2, .inf]}\n<<: *m\n? !!str k\n: >-\n  x\n\n  "
      "y\nd: "
      "2024-01-31\n\xc3\xa9: 'it''s'\n...\n";
  for (std::size_t length = 0; length <= bytes.size(); ++length) {
    INFO("the first " << length << " bytes");
    CHECK(forgelm::test::broken_yaml_promise(std::string_view(bytes).substr(0, length)) == "");
  }
}

TEST_CASE(
    "config: a job of one line with 49,000 unknown keys is refused with a hundred errors and the number of the rest") {
  const std::string bytes = "{" + flow_keys(49'000) + "}";
  const std::string said = in_small_process([&] {
    const auto loaded = read_job(bytes, "hostile.yaml");
    return cat(loaded.diagnostics.size(), " ", loaded.diagnostics.back().message);
  });
  // 49,000 unknown keys and the four sections that a job must have, a hundred of which are listed.
  CHECK(said == "101 48904 further problems are not listed");
}

TEST_CASE("config: the number of a pipeline's stages costs no memory for whole jobs") {
  const std::string said = in_small_process([&] {
    return read_job("pipeline: {stages: [" + repeat("{},", 20'000) + "]}", "hostile.yaml").ok() ? "read"s : "refused"s;
  });
  CHECK(said == "refused");
}
