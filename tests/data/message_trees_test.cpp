// Message trees: which conversation a tree gives, in one row and over many. Expected paths are read off the trees.
#include <algorithm>

#include "data/sample_rows.hpp"
#include "support/test.hpp"

using namespace forgelm;

namespace {

std::string spoken(const data::RowOutcome& outcome) {
  if (outcome.problem) return cat("problem: ", outcome.problem->path, ": ", outcome.problem->message);
  if (outcome.samples.empty()) return cat("dropped: ", outcome.dropped_because);
  std::vector<std::string> turns;
  for (const auto& turn : outcome.samples.at(0).messages.items())
    turns.push_back(cat(turn.at("role").text().substr(0, 1), ":", turn.at("content").text()));
  return join(turns, " ");
}

std::vector<std::string> collect(const std::vector<formats::Row>& rows, std::size_t max_bytes = 1u << 20,
                                 std::uint64_t* num_rows = nullptr) {
  const data::RowConverter converter(test::rules(), "t.jsonl", rows);
  data::MessageTreeCollector collector(converter, max_bytes);
  std::vector<std::string> out;
  const auto take = [&](const std::vector<data::RowOutcome>& outcomes) {
    for (const auto& outcome : outcomes) {
      out.push_back(spoken(outcome));
      if (num_rows != nullptr) *num_rows += outcome.num_rows;
    }
  };
  for (const auto& row : rows) take(collector.add(row, "t.jsonl"));
  take(collector.finish());
  return out;
}

/// "id parent role text rank" words, "-" for null; with a tree's name in front when there are six.
std::vector<formats::Row> messages(const std::string& lines) {
  std::string json;
  const auto value = [](const std::string& word) { return word == "-" ? "null" : cat("\"", word, "\""); };
  for (const auto& line : split(lines, '\n')) {
    auto words = split(trim(line), ' ');
    if (words.size() < 5) continue;
    std::string tree;
    if (words.size() > 5) {
      tree = cat("\"message_tree_id\": ", value(words[0]), ", ");
      words.erase(words.begin());
    }
    json += cat("{", tree, "\"message_id\": ", value(words[0]), ", \"parent_id\": ", value(words[1]),
                ", \"role\": ", value(words[2]), ", \"text\": ", value(words[3]),
                ", \"rank\": ", words[4] == "-" ? "null" : words[4], "}\n");
  }
  return test::rows(json);
}

const std::string kTree =
    "1 - prompter hello -\n"
    "2 1 assistant second 1\n"
    "3 1 assistant first 0\n"
    "4 3 prompter more -\n"
    "5 4 assistant unranked -\n"
    "6 4 assistant best 0\n"
    "7 6 prompter thanks -\n"
    "8 2 prompter never -\n";

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("message trees: at every level the best-ranked reply, cut after the last assistant message") {
  std::uint64_t num_rows = 0;
  CHECK(collect(messages(kTree), 1u << 20, &num_rows) == Paths{"u:hello a:first u:more a:best"});
  CHECK(num_rows == 8);
  CHECK(collect(messages("1 - prompter q -\n2 1 assistant a -\n3 1 assistant b -\n")) == Paths{"u:q a:a"});
  CHECK(collect(messages("1 - prompter q -\n2 1 prompter r -\n")) == Paths{"dropped: no assistant turn"});
}

TEST_CASE("message trees: rows may come in any order, with and without the tree's name") {
  auto rows = messages(kTree);
  std::reverse(rows.begin(), rows.end());
  CHECK(collect(rows) == Paths{"u:hello a:first u:more a:best"});
  std::rotate(rows.begin(), rows.begin() + 3, rows.end());
  CHECK(collect(rows) == Paths{"u:hello a:first u:more a:best"});
  CHECK(collect(messages("t 2 1 assistant a 0\nu 3 - prompter r -\nt 1 - prompter q -\nu 4 3 assistant b 0\n")) ==
        Paths{"u:r a:b", "u:q a:a"});  // by their roots
}

TEST_CASE("message trees: messages that hang on nothing are dropped and counted") {
  std::uint64_t num_rows = 0;
  CHECK(collect(messages("1 - prompter q -\n2 1 assistant a 0\n4 9 assistant b 0\n5 4 prompter c -\n"), 1u << 20,
                &num_rows) == Paths{"u:q a:a", "dropped: its parent message is missing"});
  CHECK(num_rows == 4);
  // A circle hangs on nothing; a message that is its own parent neither.
  CHECK(collect(messages("1 2 prompter q -\n2 1 assistant a 0\n3 3 assistant b 0\n")) ==
        Paths{"dropped: its parent message is missing", "dropped: its parent message is missing"});
  CHECK(collect(messages("1 - prompter q -\n1 1 assistant a 0\n")) == Paths{"u:q a:a"});
}

TEST_CASE("message trees: deleted messages and those that failed in review are left out with their replies") {
  const std::string q = R"({"message_id": "1", "parent_id": null, "role": "prompter", "text": "q"})";
  const std::string a =
      R"({"message_id": "2", "parent_id": "1", "role": "assistant", "text": "a", "rank": 0, "deleted": true})";
  const std::string b =
      R"({"message_id": "3", "parent_id": "1", "role": "assistant", "text": "b", "rank": 1, "review_result": true})";
  const std::string c =
      R"({"message_id": "4", "parent_id": "1", "role": "assistant", "text": "c", "rank": 0.5, "review_result": false})";
  CHECK(collect(test::rows(join(std::vector<std::string>{q, a, b, c}, "\n"))) == Paths{"u:q a:b"});
  CHECK(collect(test::rows(
            "{\"message_id\": 1, \"parent_id\": null, \"role\": \"prompter\", \"text\": \"q\", \"deleted\": true}\n"
            "{\"message_id\": 2, \"parent_id\": 1, \"role\": \"assistant\", \"text\": \"a\"}")) ==
        Paths{"dropped: deleted or failed in review"});
}

TEST_CASE("message trees: a wrong row is a problem at once, and the rest goes on") {
  auto rows = messages("1 - prompter q -\n2 1 critic a 0\n3 1 assistant b 0\n");
  CHECK(collect(rows) == Paths{"problem: role: is \"critic\", which is no role of a message tree", "u:q a:b"});
}

TEST_CASE("message trees: memory is bounded; a row that comes too late for its tree is told") {
  std::string lines;
  for (int i = 0; i < 100; ++i)
    lines += cat("t", i, " ", i, " - prompter q", i, " -\nt", i, " r", i, " ", i, " assistant a", i, " 0\n");
  const auto all = collect(messages(lines), 256 * 20);
  REQUIRE(all.size() == 100);
  for (int i = 0; i < 100; ++i) CHECK(all[static_cast<std::size_t>(i)] == cat("u:q", i, " a:a", i));
  const auto late = collect(messages(lines + "t0 late 0 assistant b 0\n"), 256 * 20);
  CHECK(std::count(late.begin(), late.end(),
                   "problem: message_tree_id: belongs to a tree that ended long before: \"t0\"") == 1);
  std::string nameless;
  for (int i = 0; i < 100; ++i) nameless += cat(i, " - prompter q", i, " -\nr", i, " ", i, " assistant a", i, " 0\n");
  const auto without = collect(messages(nameless + "late 0 assistant b 0\n"), 256 * 20);
  CHECK(std::count(without.begin(), without.end(),
                   "problem: parent_id: belongs to a tree that ended long before: \"0\"") == 1);
  CHECK(without.size() == 101);
}

TEST_CASE("message trees: a tree in one row gives the same conversation") {
  const auto outcome = test::convert(R"({"message_tree_id": "t", "tree_state": "ready_for_export", "prompt":
      {"message_id": "1", "text": "hello", "role": "prompter", "replies": [
        {"text": "second", "role": "assistant", "rank": 1, "replies": []},
        {"text": "gone", "role": "assistant", "rank": 0, "deleted": true, "replies": []},
        {"text": "first", "role": "assistant", "rank": 0, "replies": [
          {"text": "more", "role": "prompter", "replies": [
            {"text": "unranked", "role": "assistant", "rank": null},
            {"text": "best", "role": "assistant", "rank": 0, "replies": [{"text": "thanks", "role": "prompter"}]}]}]}]}})");
  CHECK(spoken(outcome.at(0)) == "u:hello a:first u:more a:best");
  CHECK(
      test::problem(
          R"({"message_tree_id": "t", "prompt": {"text": "q", "role": "prompter", "replies": [{"text": 1, "role": "assistant"}]}})") ==
      "prompt.replies[0].text: is a number (1)");
}
