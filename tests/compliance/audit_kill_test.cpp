// Writers of the audit log that are killed, starved and crowded: nothing that was acknowledged is lost, and the log is
// usable again at once. tools/kill_audit runs more of each: FORGELM_KILLS, FORGELM_AUDIT_WRITES and
// FORGELM_SYSTEM_CALLS=all.
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>

#include "forgelm/compliance/audit_log.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/log.hpp"
#include "log_tools.hpp"
#include "support/subprocess.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"
#include "support/text_match.hpp"

namespace forgelm::compliance {
namespace {

namespace fs = std::filesystem;
using namespace test_tools;

/// In memory, where syncing costs nothing, unless FORGELM_AUDIT_PLACE=disk.
fs::path place() {
  const char* wanted = std::getenv("FORGELM_AUDIT_PLACE");
  return wanted != nullptr && std::string_view(wanted) == "disk" ? fs::temp_directory_path() : test::memory_directory();
}

int number_from(const char* variable, int otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::atoi(text);
}

/// Warnings of recoveries, of which there are many here, go nowhere.
class QuietLog {
 public:
  QuietLog() : sink_(set_log_sink([](LogLevel, std::string_view) {})) {}
  ~QuietLog() { set_log_sink(sink_); }

 private:
  LogSink sink_;
};

AuditEvent event_of(const std::string& tag, std::size_t padding) {
  return {"pipeline.initialized", Json::object({{"model", tag}, {"trainer_type", std::string(padding, 'x')}})};
}

/// The tags of all entries, each with how often it stands there.
std::map<std::string, int> tags_in(const fs::path& log) {
  std::map<std::string, int> tags;
  for (const auto& line : lines_of(read_file(log))) {
    const auto [start, length] = place_of(line, "model");
    if (start != std::string::npos) ++tags[line.substr(start, length)];
  }
  return tags;
}

/// Runs a writer until it is killed at a random moment; gives the tags that it said were on record.
std::vector<std::string> kill_a_writer(const fs::path& folder, const std::string& tag, std::mt19937_64& random) {
  constexpr std::size_t kPadding[] = {10, 3000, 30000, 300000};
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const std::size_t padding = kPadding[random() % 4];
  const pid_t child = test::start_in_child([&] {
    try {
      AuditLog log({.directory = folder});
      for (int i = 0;; ++i) {
        const std::string what = cat(tag, "-", i);
        log.record(event_of(what, padding));
        const std::string line = what + "\n";
        if (::write(ends[1], line.data(), line.size()) < 0) return 1;
      }
    } catch (const std::exception& error) {
      std::cerr << error.what() << "\n";
      return 2;
    }
  });
  ::close(ends[1]);
  // Half of the moments are counted from the start, half from the first entry on record, so that a busy machine does
  // not make them all come too early.
  std::string acknowledged;
  char buffer[4096];
  const bool waits = random() % 2 == 0;
  if (waits)
    if (const ssize_t got = ::read(ends[0], buffer, sizeof buffer); got > 0)
      acknowledged.append(buffer, static_cast<std::size_t>(got));
  ::usleep(static_cast<useconds_t>(random() % 10000));
  ::kill(child, SIGKILL);
  const auto end = test::wait_for(child);
  INFO("the writer ended by itself, with exit code " << end.exit_code);
  REQUIRE(end.was_killed);
  for (ssize_t got; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    acknowledged.append(buffer, static_cast<std::size_t>(got));
  ::close(ends[0]);
  return acknowledged.empty() ? std::vector<std::string>() : lines_of(acknowledged);
}

TEST_CASE("audit_kill: writers killed at any moment lose nothing that was acknowledged") {
  const QuietLog quiet;
  const int num_kills = number_from("FORGELM_KILLS", 100);
  constexpr int kKillsOfOneLog = 50;
  std::mt19937_64 random(7);
  int num_acknowledged = 0, num_torn = 0, num_behind = 0, num_recovered = 0;
  for (int first = 0; first < num_kills; first += kKillsOfOneLog) {
    const test::TemporaryDirectory folder(place());
    const fs::path log = folder / kAuditLogName;
    std::set<std::string> acknowledged;
    for (int kill = first; kill < std::min(first + kKillsOfOneLog, num_kills); ++kill) {
      for (auto& tag : kill_a_writer(folder.path(), cat("k", kill), random)) acknowledged.insert(std::move(tag));
      if (!fs::exists(log)) continue;
      const auto result = verify_audit_file(log, {});
      INFO("kill " << kill << ": " << (result.errors.empty() ? "" : result.errors.front()));
      REQUIRE((result.is_valid() || result.is_without_evidence || result.verdict == AuditVerdict::torn_tail));
      if (result.verdict == AuditVerdict::torn_tail) ++num_torn;
      for (const auto& warning : result.warnings)
        if (warning.find("wrote the rest without it") != std::string::npos) ++num_behind;
    }
    AuditLog({.directory = folder.path()}).record(event_of("last", 0));
    const auto result = verify_audit_file(log, {});
    INFO((result.errors.empty() ? "" : result.errors.front()));
    REQUIRE(result.is_valid());
    const auto tags = tags_in(log);
    for (const auto& tag : acknowledged) {
      INFO(tag);
      REQUIRE(tags.count(tag) == 1);
      REQUIRE(tags.at(tag) == 1);
    }
    num_acknowledged += static_cast<int>(acknowledged.size());
    for (const auto& line : lines_of(read_file(log)))
      num_recovered += line.find("audit.recovered") != std::string::npos;
    for (const auto& entry : fs::directory_iterator(folder.path())) {
      INFO(entry.path());
      CHECK(entry.path().extension() != ".tmp");
      CHECK(entry.path().extension() != ".torn");
    }
  }
  std::cout << num_kills << " kills, " << num_acknowledged << " entries acknowledged, none lost; " << num_torn
            << " torn tails, " << num_behind << " checkpoints behind, " << num_recovered << " recoveries recorded\n";
  CHECK(num_acknowledged >= num_kills / 4);
  if (num_kills >= 1000) CHECK(num_torn + num_recovered > 0);
}

TEST_CASE("audit_writers: eight writers at once make one chain") {
  constexpr int kNumWriters = 8;
  const int num_entries = number_from("FORGELM_AUDIT_WRITES", 100);
  const test::TemporaryDirectory folder(place());
  const auto start = std::chrono::steady_clock::now();
  std::vector<pid_t> children;
  for (int writer = 0; writer < kNumWriters; ++writer)
    children.push_back(test::start_in_child([&] {
      AuditLog log({.directory = folder.path()});
      for (int i = 0; i < num_entries; ++i) log.record(event_of(cat("w", writer, "-", i), 10));
      return 0;
    }));
  for (const pid_t child : children) CHECK(test::wait_for(child).exit_code == 0);
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const auto result = verify_audit_file(folder / kAuditLogName, {});
  INFO((result.errors.empty() ? "" : result.errors.front()));
  CHECK(result.is_valid());
  CHECK(result.num_entries == static_cast<std::uint64_t>(kNumWriters * num_entries));
  CHECK(result.warnings.empty());
  for (const auto& [tag, count] : tags_in(folder / kAuditLogName)) CHECK(count == 1);
  std::cout << kNumWriters << " writers of " << num_entries << " entries: " << seconds << " s\n";
}

// ---- system calls ---------------------------------------------------------------------------------------------------

struct Call {
  std::string name;
  int ordinal = 0;  ///< counted from 1 over the life of the process
};

/// strace's words for what goes wrong with a call, and from then on.
std::string injection(const Call& call, const std::string& fault, bool keeps_firing) {
  return cat("-e inject=", call.name, ":", fault, ":when=", call.ordinal, keeps_firing ? "+" : "");
}

class Straced {
 public:
  explicit Straced(fs::path folder) : folder_(std::move(folder)) {}

  test::ProcessResult run(const std::string& options, const std::string& tag) {
    // LeakSanitizer does not work under a tracer.
    const std::string program = cat("ASAN_OPTIONS=detect_leaks=0 timeout -s KILL 20 strace -qq -o trace ", options, " ",
                                    FORGELM_BINARY_DIR, "/bin/audit_writer log 2 ", tag, " 40");
    return test::run_script(program, folder_.native());
  }

  /// The calls of an undisturbed run from its "begin" on, those that touch files.
  std::vector<Call> calls() {
    std::map<std::string, int> ordinals;
    std::vector<Call> found;
    bool has_begun = false;
    for (const auto& line : test::lines_of(read_file(folder_ / "trace"))) {
      const std::size_t open = line.find('(');
      if (open == std::string::npos) continue;
      const std::string name = line.substr(0, open);
      const int ordinal = ++ordinals[name];
      if (has_begun && line.find("write(1, ") != 0) found.push_back({name, ordinal});
      if (line.find("\"begin\\n\"") != std::string::npos) has_begun = true;
    }
    return found;
  }

 private:
  fs::path folder_;
};

/// Puts a folder with a log of three entries into `folder`; with `is_torn` its last write was unfinished.
void prepare(const fs::path& folder, bool is_torn) {
  fs::remove_all(folder / "log");
  AuditLog log({.directory = folder / "log"});
  for (int i = 0; i < 3; ++i) log.record(event_of(cat("before-", i), 10));
  if (is_torn) AppendFile(folder / "log" / kAuditLogName).append(R"({"timestamp": "2026-11-21T00:10)");
}

TEST_CASE("audit_calls: a failure or a kill at any system call of an append leaves a log that goes on") {
  const QuietLog quiet;
  const test::TemporaryDirectory folder(place());
  Straced straced(folder.path());
  constexpr const char* kTraced = "-e trace=%file,%desc";
  const char* setting = std::getenv("FORGELM_SYSTEM_CALLS");
  const bool tries_all = setting != nullptr && std::string_view(setting) == "all";
  prepare(folder.path(), false);
  if (test::run_script("command -v strace && strace -qq -o trace true", folder.path().native()).exit_code != 0)
    FORGELM_SKIP("strace is not there, or may not trace");
  struct Fault {
    const char* words;
    bool keeps_firing;
  };
  constexpr Fault kFaults[] = {{"error=ENOSPC", false}, {"error=ENOSPC", true}, {"error=EIO", false},
                               {"error=EIO", true},     {"error=EINTR", false}, {"signal=KILL", false}};
  int num_runs = 0, num_failed = 0, num_killed = 0;
  for (const bool is_torn : {false, true}) {
    prepare(folder.path(), is_torn);
    REQUIRE(straced.run(kTraced, "clean").exit_code == 0);
    const auto calls = straced.calls();
    REQUIRE(calls.size() > 40);
    std::mt19937_64 random(3);
    for (const Call& call : calls) {
      for (const Fault& fault : kFaults) {
        if (!tries_all && random() % 32 != 0) continue;
        const std::string injected = injection(call, fault.words, fault.keeps_firing);
        INFO(injected << (is_torn ? ", after a torn write" : ""));
        prepare(folder.path(), is_torn);
        const auto run = straced.run(cat(kTraced, " ", injected), "under");
        ++num_runs;
        const bool was_killed = run.exit_code == 128 + SIGKILL;
        num_killed += was_killed;
        num_failed += run.exit_code == 2 || run.exit_code == 1;
        INFO(run.err);
        REQUIRE((was_killed ? std::string_view(fault.words) == "signal=KILL" : run.exit_code <= 3));
        // The cause is gone: the next writer goes on, and what was acknowledged is there.
        AuditLog({.directory = folder / "log"}).record(event_of("after", 10));
        const auto result = verify_audit_file(folder / "log" / kAuditLogName, {});
        INFO((result.errors.empty() ? "" : result.errors.front()));
        REQUIRE(result.is_valid());
        const auto tags = tags_in(folder / "log" / kAuditLogName);
        for (const auto& tag : test::lines_of(run.out))
          if (tag != "begin") REQUIRE(tags.count(tag) == 1);
        for (int i = 0; i < 3; ++i) REQUIRE(tags.at(cat("before-", i)) == 1);
        REQUIRE(tags.at("after") == 1);
        // What failed was not recorded by half: an error means that the entry is not there, or is there once.
        for (const auto& [tag, count] : tags) REQUIRE(count == 1);
      }
    }
  }
  std::cout << num_runs << " disturbed runs: " << num_failed << " ended with an error, " << num_killed
            << " were killed; the log went on after each\n";
  CHECK(num_failed > 0);
  CHECK(num_killed > 0);
}

}  // namespace
}  // namespace forgelm::compliance
