// The index over its records: what is registered is found, what is lost is made again, and what is wrong is refused.
#include "forgelm/registry/index.hpp"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>

#include "forgelm/core/failpoint.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"
#include "registry/sqlite.hpp"
#include "support/fake_environment.hpp"
#include "support/subprocess.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"
#include "support/thrown.hpp"

namespace forgelm::test {
namespace {

namespace fs = std::filesystem;
using registry::Database;
using registry::Dataset;
using registry::DatasetFile;
using registry::Index;
using registry::RunRow;

/// Processes that are forked must not draw the same ids.
class RandomEnvironment final : public FakeEnvironment {
 public:
  void random_bytes(void* data, std::size_t size_bytes) override { REQUIRE(::getentropy(data, size_bytes) == 0); }
};

/// A folder for an index, and a clock that moves by a second with every set that is made.
class Place {
 public:
  Place() : scope_(environment), log_(set_log_sink([](LogLevel, std::string_view) {})) {}
  ~Place() {
    set_log_sink(log_);
    failpoint::disarm_all();
  }

  fs::path db() const { return folder_ / "forgelm.db"; }
  Index open() const { return Index::open(db()); }
  Dataset set(const std::string& name, const std::string& version, const std::string& parent = "") {
    environment.now.microseconds += 1'000'000;
    Dataset out;
    out.name = name;
    out.version = version;
    out.path = "/data/" + name;
    out.is_directory = true;
    out.format = "jsonl";
    out.license = "CC-BY-4.0";
    out.tags = {"chat", name};
    out.parent = parent;
    out.pii_status = "none";
    out.audit_status = "passed";
    out.files = {{"train.jsonl", sha256_hex(name + version), 100, 7}, {"test.jsonl", sha256_hex("test" + name), 50, 3}};
    return out;
  }
  Dataset add(const std::string& name, const std::string& version, const std::string& parent = "") {
    return open().add(set(name, version, parent), {Json::object({{"report", name}})});
  }
  RunRow run(const std::string& id, const Dataset& set) const {
    RunRow row;
    row.id = id;
    row.state = "finished";
    row.trainer = "sft";
    row.base_model = "m";
    row.dataset_id = set.id;
    row.config_digest = "sha256:1";
    row.dir = "/runs/" + id;
    row.started = "2026-01-01T00:00:00+00:00";
    row.exit_code = 0;
    return row;
  }
  const fs::path& path() const { return folder_.path(); }

  RandomEnvironment environment;

 private:
  TemporaryDirectory folder_;
  ScopedEnvironment scope_;
  LogSink log_;
};

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::vector<std::string> refs(const std::vector<Dataset>& sets) {
  std::vector<std::string> out;
  for (const Dataset& set : sets) out.push_back(set.ref());
  return out;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("registry: what is registered is found again, with its files in order and its sums") {
  Place place;
  const Dataset added = place.add("chats", "1.0.0");
  const Dataset found = place.open().get("chats@1.0.0");
  CHECK(found == added);
  CHECK(found.num_rows == 10);
  CHECK(found.size_bytes == 150);
  CHECK(found.files.at(0).path == "test.jsonl");
  // What sha256sum prints for the files in the order of their names, hashed.
  CHECK(found.digest ==
        sha256_hex(cat(sha256_hex("testchats"), "  test.jsonl\n", sha256_hex("chats1.0.0"), "  train.jsonl\n")));
  CHECK(parse_json(read_file(found.audit_paths.at(0))).value() == Json::object({{"report", "chats"}}));
}

TEST_CASE("registry: a data set of one file has the digest of that file") {
  CHECK(registry::data_set_digest({{"a.jsonl", "ab", 1, 1}}, false) == "ab");
  CHECK(registry::data_set_digest({{"a.jsonl", "ab", 1, 1}}, true) == sha256_hex("ab  a.jsonl\n"));
}

TEST_CASE("registry: a name and a version are given once") {
  Place place;
  place.add("chats", "1.0.0");
  const std::string message = message_of<ConfigError>([&] { place.add("chats", "1.0.0"); });
  CHECK(contains(message, "chats@1.0.0 is registered already"));
  CHECK(contains(message, "another --version"));
  place.add("chats", "1.0.1");
  CHECK(place.open().versions("chats") == Names{"1.0.1", "1.0.0"});
}

TEST_CASE("registry: names that would leave the folder or hide in it are refused") {
  for (const char* name : {"", "..", ".hidden", "a/b", "a b", "-x", "a@b", "\xc3\xa9"})
    CHECK(registry::name_problem(name).has_value());
  for (const char* name : {"a", "Support-chats_2.jsonl", "0"}) CHECK_FALSE(registry::name_problem(name).has_value());
  CHECK(registry::name_problem(std::string(101, 'a')).has_value());
  CHECK_FALSE(registry::name_problem("1.0.0+build.5", true).has_value());
  CHECK(registry::name_problem("1.0.0+build.5", false).has_value());
  Place place;
  CHECK(contains(message_of<ConfigError>([&] { place.add("../x", "1"); }), "is no name of a data set"));
}

TEST_CASE("registry: an unknown name is told with the nearest, an unknown version with those there are") {
  Place place;
  place.add("support-chats", "1.0.0");
  place.add("support-chats", "1.1.0");
  Index index = place.open();
  CHECK(contains(message_of<ConfigError>([&] { index.get("suport-chats@1.0.0"); }), "did you mean support-chats?"));
  CHECK(contains(message_of<ConfigError>([&] { index.get("support-chats@2"); }), "registered: 1.1.0, 1.0.0"));
  CHECK(contains(message_of<ConfigError>([&] { index.get("a b"); }), "write NAME@VERSION"));
  CHECK(index.get("support-chats").version == "1.1.0");
}

TEST_CASE("registry: a list filters before it counts and pages") {
  Place place;
  for (int i = 0; i < 5; ++i) place.add(cat("chats-", i), "1");
  place.add("news", "1");
  Index index = place.open();
  const auto all = index.list({});
  CHECK(all.total == 6);
  CHECK(refs(all.items) == Names{"news@1", "chats-4@1", "chats-3@1", "chats-2@1", "chats-1@1", "chats-0@1"});
  const auto page = index.list({.name_part = "CHATS", .tag = {}, .limit = 2, .offset = 1});
  CHECK(page.total == 5);
  CHECK(refs(page.items) == Names{"chats-3@1", "chats-2@1"});
  const auto tagged = index.list({.name_part = {}, .tag = "chats-2", .limit = 1, .offset = 0});
  CHECK(tagged.total == 1);
  CHECK(refs(tagged.items) == Names{"chats-2@1"});
  // A filter is a text, whatever it looks like.
  CHECK(index.list({.name_part = "%", .tag = {}, .limit = 50, .offset = 0}).total == 0);
  CHECK(index.list({.name_part = {}, .tag = "' OR 1=1 --", .limit = 50, .offset = 0}).total == 0);
}

TEST_CASE("registry: lineage goes up to the first set and down to every run and model") {
  Place place;
  place.add("raw", "1");
  place.add("clean", "1", "raw@1");
  const Dataset masked = place.add("masked", "1", "clean");  // without a version: the last one
  CHECK(masked.parent == "clean@1");
  place.add("other", "1", "clean@1");
  {
    Index index = place.open();
    index.record_run(place.run("fg-1", masked));
    index.record_run(place.run("fg-2", index.get("raw@1")));
  }
  Database(place.db(), Database::Mode::write)
      .execute(
          "INSERT INTO models (id, name, version, stage, run_id, path, digest, created) VALUES ('m', 'bot', '1', "
          "'staging', 'fg-1', '/m', 'd', 't')");
  Index index = place.open();
  const auto lineage = index.lineage(index.get("clean@1"));
  CHECK(refs(lineage.ancestors) == Names{"raw@1"});
  CHECK(refs(lineage.descendants) == Names{"masked@1", "other@1"});
  REQUIRE(lineage.runs.size() == 1);
  CHECK(lineage.runs.front() == place.run("fg-1", masked));
  REQUIRE(lineage.models.size() == 1);
  CHECK(lineage.models.front().name == "bot");
  CHECK_FALSE(lineage.has_cycle);
  CHECK(index.lineage(index.get("raw@1")).runs.size() == 2);
}

TEST_CASE("registry: an unknown parent is refused before anything is written") {
  Place place;
  CHECK(contains(message_of<ConfigError>([&] { place.add("clean", "1", "raw@1"); }), "no data set \"raw\""));
  CHECK(place.open().list({}).total == 0);
  CHECK_FALSE(fs::exists(place.path() / "datasets" / "clean"));
}

TEST_CASE("registry: parents that lead round in a circle end the walk") {
  Place place;
  place.add("a", "1");
  place.add("b", "1", "a@1");
  place.add("c", "1", "b@1");
  Database(place.db(), Database::Mode::write)
      .execute("UPDATE datasets SET parent_id = (SELECT id FROM datasets WHERE name = 'c') WHERE name = 'a'");
  Index index = place.open();
  const auto lineage = index.lineage(index.get("b@1"));
  CHECK(lineage.has_cycle);
  CHECK(refs(lineage.ancestors) == Names{"a@1", "c@1"});
  CHECK(refs(lineage.descendants) == Names{"c@1", "a@1"});
}

TEST_CASE("registry: a set in use stays, one that nothing refers to goes with its record") {
  Place place;
  place.add("raw", "1");
  const Dataset clean = place.add("clean", "1", "raw@1");
  place.open().record_run(place.run("fg-1", clean));
  Index index = place.open();
  CHECK(contains(message_of<ConfigError>([&] { index.remove(index.get("raw@1")); }), "in use by data set clean@1"));
  CHECK(contains(message_of<ConfigError>([&] { index.remove(index.get("clean@1")); }), "in use by run fg-1"));
  const Dataset other = place.add("other", "1", "raw@1");
  index.remove(other);
  CHECK_FALSE(index.find("other", "1").has_value());
  CHECK_FALSE(fs::exists(place.path() / "datasets" / "other"));
  CHECK(fs::exists(place.path() / "datasets" / "raw" / "1" / "dataset.json"));
}

TEST_CASE("registry: an index made anew from the records equals the one before") {
  Place place;
  place.add("raw", "1");
  const Dataset clean = place.add("clean", "1.1", "raw@1");
  place.add("clean", "1.2", "clean@1.1");
  place.open().record_run(place.run("fg-1", clean));
  const auto everything = [&] {
    Index index = place.open();
    std::vector<Dataset> sets;
    for (const std::string& ref : refs(index.list({}).items)) sets.push_back(index.get(ref));
    return std::pair(sets, index.lineage(sets.back()).runs);
  };
  const auto before = everything();
  REQUIRE(before.first.size() == 3);
  REQUIRE(before.second.size() == 1);

  const auto report = registry::rebuild_index(place.db());
  CHECK(report.num_datasets == 3);
  CHECK(report.num_runs == 1);
  CHECK(report.problems.empty());
  CHECK_FALSE(report.kept.has_value());
  CHECK(everything() == before);

  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(fs::path(place.db()) += suffix);
  CHECK(everything() == before);  // a missing index is made by itself
}

TEST_CASE("registry: a rebuild leaves what is no data set as it is") {
  Place place;
  const Dataset set = place.add("raw", "1");
  place.open().record_run(place.run("fg-1", set));
  {
    Database database(place.db(), Database::Mode::write);
    database.execute("INSERT INTO metrics VALUES ('fg-1', 1, 'loss', 2.5); INSERT INTO chats VALUES ('c', 'm', '{}')");
  }
  registry::rebuild_index(place.db());
  Database database(place.db(), Database::Mode::write);
  CHECK(database.integer("SELECT count(*) FROM metrics") == 1);
  CHECK(database.integer("SELECT count(*) FROM chats") == 1);
}

TEST_CASE("registry: a damaged index is told with what to do, and a rebuild keeps it and makes another") {
  Place place;
  place.add("raw", "1");
  const std::string junk(8192, 'x');
  write_file_durably(place.db(), junk);
  for (const char* suffix : {"-wal", "-shm"}) fs::remove(fs::path(place.db()) += suffix);
  const std::string message = message_of<RunError>([&] { place.open().list({}); });
  CHECK(contains(message, place.db().native()));
  CHECK(contains(message, "not a database"));
  CHECK(contains(message, "forgelm data rebuild"));
  const auto report = registry::rebuild_index(place.db());
  CHECK(report.num_datasets == 1);
  REQUIRE(report.kept.has_value());
  CHECK(read_file(*report.kept) == junk);
  CHECK(place.open().list({}).total == 1);
}

TEST_CASE("registry: pages that were overwritten are found by a rebuild, and nothing is lost") {
  Place place;
  for (int i = 0; i < 40; ++i) place.add(cat("set-", i), "1");
  Database(place.db(), Database::Mode::write).integer("PRAGMA wal_checkpoint(TRUNCATE)");
  std::string bytes = read_file(place.db());
  REQUIRE(bytes.size() > 3 * 4096);
  std::fill(bytes.begin() + 4096, bytes.end(), '\x5a');
  write_file_durably(place.db(), bytes);
  const auto report = registry::rebuild_index(place.db());
  CHECK(report.kept.has_value());
  CHECK(place.open().list({}).total == 40);
}

TEST_CASE("registry: an index of a newer forgelm and another program's database are left alone") {
  Place place;
  place.add("raw", "1");
  Database(place.db(), Database::Mode::write).execute("PRAGMA user_version=99");
  CHECK(contains(message_of<RunError>([&] { place.open(); }), "newer forgelm (schema 99; this one knows 1)"));
  CHECK(contains(message_of<RunError>([&] { registry::rebuild_index(place.db()); }), "newer forgelm"));
  const fs::path other = place.path() / "other.db";
  Database(other, Database::Mode::create).execute("CREATE TABLE notes (text TEXT)");
  CHECK(contains(message_of<RunError>([&] { Index::open(other); }), "a database of another program"));
  CHECK(contains(message_of<RunError>([&] { registry::rebuild_index(other); }), "a database of another program"));
}

TEST_CASE("registry: the first migration makes every table of the schema, and all of them are strict") {
  Place place;
  place.open();
  Database database(place.db(), Database::Mode::write);
  CHECK(database.integer("PRAGMA user_version") == 1);
  CHECK(database.integer("SELECT journal_mode = 'wal' FROM pragma_journal_mode") == 1);
  for (const char* table :
       {"datasets", "dataset_files", "runs", "metrics", "checkpoints", "models", "evals", "queue", "chats"}) {
    INFO(table);
    registry::Statement row(database, "SELECT strict FROM pragma_table_list WHERE name = ?");
    row.bind(table);
    REQUIRE(row.step());
    CHECK(row.integer(0) == 1);
  }
  CHECK_THROWS_AS(database.execute("INSERT INTO metrics VALUES ('no such run', 1, 'loss', 1.0)"), RunError);
}

TEST_CASE("registry: a kill between the record and the row loses nothing") {
  Place place;
  place.add("raw", "1");
  place.environment.now.microseconds += 1'000'000;
  const ChildEnd end = run_in_child([&] {
    // The record's folder is in place and the parent's folder about to be synced.
    failpoint::arm("directory.sync_parent", failpoint::Action::kill);
    place.open().add(place.set("clean", "1", "raw@1"), {});
    return 0;
  });
  REQUIRE(end.was_killed);
  REQUIRE(fs::exists(place.path() / "datasets" / "clean" / "1" / "dataset.json"));
  Index index = place.open();
  CHECK(index.list({}).total == 1);
  CHECK(index.get("clean@1").parent == "raw@1");
  CHECK(index.list({}).total == 2);
}

TEST_CASE("registry: a kill before the record is in place leaves nothing, and the next registration clears up") {
  Place place;
  place.open();
  const ChildEnd end = run_in_child([&] {
    failpoint::arm("directory.rename", failpoint::Action::kill);
    place.open().add(place.set("clean", "1"), {});
    return 0;
  });
  REQUIRE(end.was_killed);
  CHECK_FALSE(place.open().find("clean", "1").has_value());
  place.add("clean", "1");
  const auto inside = fs::directory_iterator(place.path() / "datasets" / "clean");
  CHECK(std::distance(fs::begin(inside), fs::end(inside)) == 1);
}

TEST_CASE("registry: a full disk registers nothing, and the same again works") {
  Place place;
  place.open();
  failpoint::arm("durable.write", failpoint::Action::error, ENOSPC);
  CHECK_THROWS_AS(place.add("clean", "1"), RunError);
  CHECK(place.open().list({}).total == 0);
  place.add("clean", "1");
  CHECK(place.open().list({}).total == 1);
}

TEST_CASE("registry: processes and threads that register at once lose nothing and share no name") {
  Place place;
  constexpr int kProcesses = 4, kSets = 10;
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process)
    children.push_back(start_in_child([&] {
      // Every process tries the same names; each name has one winner.
      int num_added = 0;
      for (int i = 0; i < kSets; ++i) try {
          place.open().add(place.set(cat("set-", i), "1"), {});
          ++num_added;
        } catch (const ConfigError&) {
        }
      return num_added;
    }));
  int num_added = 0;
  for (const pid_t child : children) {
    const ChildEnd end = wait_for(child);
    REQUIRE(end.exit_code >= 0);
    REQUIRE(end.exit_code <= kSets);
    num_added += end.exit_code;
  }
  CHECK(num_added == kSets);
  CHECK(place.open().list({}).total == kSets);

  std::vector<std::thread> threads;
  std::atomic<int> num_failed = 0;
  const Dataset set = place.open().get("set-0@1");
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&, thread] {
      try {
        for (int i = 0; i < 10; ++i) place.open().record_run(place.run(cat("fg-", thread, "-", i), set));
      } catch (...) {
        ++num_failed;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(num_failed == 0);
  CHECK(place.open().lineage(set).runs.size() == 40);
}

TEST_CASE("registry: a record that was altered is named and left out, the others are taken") {
  Place place;
  place.add("raw", "1");
  place.add("clean", "1", "raw@1");
  const fs::path file = place.path() / "datasets" / "raw" / "1" / "dataset.json";
  std::string text = read_file(file);
  const std::string digest = sha256_hex("raw1");
  text.replace(text.find(digest), digest.size(), sha256_hex("something else"));
  write_file_durably(file, text);
  const auto report = registry::rebuild_index(place.db());
  CHECK(report.num_datasets == 1);
  REQUIRE(report.problems.size() == 2);
  CHECK(contains(report.problems[0], "its digest is not that of its files"));
  CHECK(contains(report.problems[1], "no record of its parent raw@1"));
  CHECK(place.open().get("clean@1").parent.empty());
}

TEST_CASE("registry: an index that nobody may write is read all the same") {
  if (::geteuid() == 0) FORGELM_SKIP("root may write everywhere");
  Place place;
  place.add("raw", "1");
  fs::permissions(place.path(), fs::perms::owner_read | fs::perms::owner_exec);
  CHECK(place.open().list({}).total == 1);
  const std::string message = message_of<RunError>([&] { place.add("clean", "1"); });
  fs::permissions(place.path(), fs::perms::owner_all);
  CHECK(contains(message, "readonly"));
  CHECK(contains(message, "FORGELM_DB"));
}

TEST_CASE("registry: the place of the index follows FORGELM_DB, FORGELM_HOME and the XDG folders") {
  Place place;
  auto& variables = place.environment.variables;
  CHECK(contains(message_of<ConfigError>([] { registry::index_path(); }), "set FORGELM_HOME"));
  variables["HOME"] = "/home/u";
  CHECK(registry::index_path() == "/home/u/.local/state/forgelm/forgelm.db");
  variables["XDG_STATE_HOME"] = "relative";  // the specification has it ignored
  CHECK(registry::index_path() == "/home/u/.local/state/forgelm/forgelm.db");
  variables["XDG_STATE_HOME"] = "/state";
  CHECK(registry::index_path() == "/state/forgelm/forgelm.db");
  variables["FORGELM_HOME"] = "/forgelm";
  CHECK(registry::index_path() == "/forgelm/forgelm.db");
  variables["FORGELM_DB"] = "/elsewhere/index.db";
  CHECK(registry::index_path() == "/elsewhere/index.db");
  variables["FORGELM_DB"] = "/elsewhere/";
  CHECK(contains(message_of<ConfigError>([] { registry::index_path(); }), "names no file"));
}

TEST_CASE("registry: looking where nothing is registered makes nothing") {
  Place place;
  CHECK_FALSE(Index::open_existing(place.path() / "none" / "forgelm.db").has_value());
  CHECK_FALSE(fs::exists(place.path() / "none"));
}

}  // namespace forgelm::test
