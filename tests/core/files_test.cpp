// Files: what a reader sees after every failure and every death of a writer. The loops arm the k-th passage of each
// failpoint for k = 1, 2, ... until nothing fires any more, so that no step is left out.
#include "forgelm/core/files.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <set>

#include "forgelm/core/error.hpp"
#include "forgelm/core/failpoint.hpp"
#include "support/subprocess.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

using namespace forgelm;
namespace fs = std::filesystem;

namespace {

struct DisarmAtEnd {
  ~DisarmAtEnd() { failpoint::disarm_all(); }
};

/// Runs `work` in a child that is killed, or given EIO, at the k-th passage of the failpoint. False when it was over
/// before that.
template <class Work>
bool fails_in_child(std::string_view failpoint, bool is_kill, int k, Work work) {
  const auto end = test::run_in_child([&] {
    failpoint::arm(failpoint, is_kill ? failpoint::Action::kill : failpoint::Action::error, EIO, k);
    try {
      work();
    } catch (const RunError& error) {
      return error.kind() == RunErrorKind::io ? 7 : 8;
    }
    return 0;
  });
  if (!end.was_killed && end.exit_code == 0) return false;
  CHECK((is_kill ? end.was_killed : end.exit_code == 7));
  return true;
}

std::set<std::string> names_in(const fs::path& directory) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.insert(entry.path().filename().native());
  return names;
}

mode_t permissions_of(const fs::path& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

std::string field_of(const RunError& error, const std::string& name) {
  for (const auto& [key, value] : error.fields())
    if (key == name) return value;
  return "(none)";
}

const std::string kOld(10000, 'o');
const std::string kNew(12345, 'n');

/// Several writes and a write into the middle, so that kills fall between them.
void write_new(const fs::path& path) {
  DurableFile file(path);
  file.write(std::string_view(kNew).substr(0, 5000));
  file.write("?");
  file.write(std::string_view(kNew).substr(5001));
  file.write_at(5000, "n");
  file.commit();
}

}  // namespace

TEST_CASE("files: what is written is what is read, in one piece or in many") {
  const test::TemporaryDirectory directory;
  const std::string bytes = std::string("a\0b\n\xff", 5) + std::string(3000000, 'x');
  write_file_durably(directory / "file", bytes);
  CHECK(read_file(directory / "file") == bytes);
  write_new(directory / "file");
  CHECK(read_file(directory / "file") == kNew);
  write_file_durably(directory / "empty", "");
  CHECK(read_file(directory / "empty").empty());
  CHECK(names_in(directory.path()) == std::set<std::string>{"empty", "file"});
}

TEST_CASE("files: a bare file name is a file in the current directory") {
  const test::TemporaryDirectory directory;
  const auto end = test::run_in_child([&] {
    if (::chdir(directory.path().c_str()) != 0) return 1;
    write_file_durably("bare", kNew);
    return read_file("bare") == kNew ? 0 : 2;
  });
  CHECK(end.exit_code == 0);
}

TEST_CASE("files: reading says what is wrong, and stops at its bound") {
  const test::TemporaryDirectory directory;
  write_file_durably(directory / "five", "12345");
  CHECK(read_file(directory / "five", 5) == "12345");
  CHECK_THROWS_WITH(read_file(directory / "five", 4), Catch::Contains("five holds more than the 4 bytes"));
  CHECK_THROWS_AS(read_file("/dev/zero", 100000), RunError);  // says it holds nothing, and never ends
  CHECK_FALSE(read_file("/proc/self/stat").empty());
  CHECK_THROWS_WITH(read_file(directory / "none"), Catch::Contains("none: No such file or directory (ENOENT)"));
  CHECK_FALSE(read_file_if_exists(directory / "none").has_value());
  CHECK_THROWS_WITH(read_file(directory.path()), Catch::Contains("(EISDIR)"));
  CHECK_THROWS_WITH(read_file_if_exists(directory / "five/below"), Catch::Contains("(ENOTDIR)"));
}

TEST_CASE("files: until commit nothing is visible, and without it nothing stays") {
  const test::TemporaryDirectory directory;
  write_file_durably(directory / "file", kOld);
  {
    DurableFile file(directory / "file");
    file.write(kNew);
    CHECK(read_file(directory / "file") == kOld);
    CHECK(file.size_bytes() == kNew.size());
    CHECK(file.temporary_path().parent_path() == directory.path());
  }
  CHECK(read_file(directory / "file") == kOld);
  CHECK(names_in(directory.path()) == std::set<std::string>{"file"});
  DurableFile file(directory / "file");
  CHECK_THROWS_AS(file.write_at(0, "not written yet"), RunError);
  CHECK_THROWS_AS(file.commit(), RunError);
  CHECK(read_file(directory / "file") == kOld);
}

TEST_CASE("files: a new file gets its mode less the umask, an existing one keeps its permissions") {
  const test::TemporaryDirectory directory;
  const mode_t before = ::umask(027);
  write_file_durably(directory / "new", "x", 0666);
  write_file_durably(directory / "secret", "x", 0600);
  ::umask(before);
  CHECK(permissions_of(directory / "new") == 0640);
  CHECK(permissions_of(directory / "secret") == 0600);
  REQUIRE(::chmod((directory / "secret").c_str(), 0604) == 0);
  write_file_durably(directory / "secret", "y", 0777);
  CHECK(permissions_of(directory / "secret") == 0604);
  DurableFile file(directory / "secret");
  CHECK(permissions_of(file.temporary_path()) == 0604);
}

TEST_CASE("files: a symbolic link at the path is replaced, one at the temporary name is never followed") {
  const test::TemporaryDirectory directory;
  write_file_durably(directory / "target", kOld);
  fs::create_symlink("target", directory / "link");
  write_file_durably(directory / "link", kNew);
  CHECK(read_file(directory / "target") == kOld);
  CHECK(read_file(directory / "link") == kNew);
  CHECK_FALSE(fs::is_symlink(directory / "link"));

  // The names that this process takes next, all laid with links to the target.
  std::string probe;
  { probe = DurableFile(directory / "file").temporary_path().native(); }
  const std::size_t dash = probe.rfind('-');
  const int next = std::stoi(probe.substr(dash + 1)) + 1;
  for (int i = next; i < next + 3; ++i)
    fs::create_symlink("target", probe.substr(0, dash + 1) + std::to_string(i) + ".tmp");
  write_file_durably(directory / "file", kNew);
  CHECK(read_file(directory / "target") == kOld);
  CHECK(read_file(directory / "file") == kNew);
}

TEST_CASE("files: killed at any step, a writer leaves the old file or the new one, and the next writer cleans up") {
  std::size_t num_kills = 0;
  for (const bool existed : {false, true}) {
    for (const auto name : failpoint::names("durable.")) {
      for (int k = 1;; ++k) {
        INFO(name << "@" << k << (existed ? ", replacing" : ", creating"));
        const test::TemporaryDirectory directory;
        if (existed) write_file_durably(directory / "file", kOld);
        const auto end = test::run_in_child([&] {
          failpoint::arm(name, failpoint::Action::kill, 0, k);
          write_new(directory / "file");
          return 0;
        });
        if (!end.was_killed) {
          REQUIRE(end.exit_code == 0);
          break;
        }
        ++num_kills;
        const auto seen = read_file_if_exists(directory / "file");
        const bool is_renamed = name == "durable.sync_directory" || name == "durable.done";
        if (is_renamed) CHECK(seen == kNew);
        else if (existed) CHECK(seen == kOld);
        else CHECK_FALSE(seen.has_value());
        write_file_durably(directory / "file", "next");
        CHECK(read_file(directory / "file") == "next");
        CHECK(names_in(directory.path()) == std::set<std::string>{"file"});
      }
    }
  }
  CHECK(num_kills == 2 * 9);  // six failpoints, durable.write four times
}

TEST_CASE("files: whatever step fails, the error names it, nothing half-written stays and a retry succeeds") {
  const DisarmAtEnd disarm;
  const test::TemporaryDirectory directory;
  std::size_t num_failures = 0;
  for (const int error_number : {ENOSPC, EIO, EDQUOT, EACCES}) {
    for (const auto name : failpoint::names("durable.")) {
      if (name == "durable.done") continue;  // nothing after it can fail
      for (const bool keeps_firing : {false, true}) {
        for (int k = 1;; ++k) {
          INFO(name << "@" << k << " errno " << error_number << (keeps_firing ? "+" : ""));
          failpoint::disarm_all();
          write_file_durably(directory / "file", kOld);
          failpoint::arm(name, failpoint::Action::error, error_number, k, keeps_firing);
          try {
            write_new(directory / "file");
            break;
          } catch (const RunError& error) {
            const bool is_full = error_number == ENOSPC || error_number == EDQUOT;
            CHECK(error.kind() == (is_full ? RunErrorKind::out_of_disk : RunErrorKind::io));
            CHECK(field_of(error, "errno").front() == 'E');
            CHECK(field_of(error, "path").find(directory.path().native()) == 0);
            CHECK(field_of(error, "operation") != "(none)");
            CHECK(std::string(error.what()).find(directory.path().native()) != std::string::npos);
          }
          ++num_failures;
          CHECK(read_file(directory / "file") == (name == "durable.sync_directory" ? kNew : kOld));
          CHECK(names_in(directory.path()) == std::set<std::string>{"file"});
          failpoint::disarm_all();
          write_new(directory / "file");
          CHECK(read_file(directory / "file") == kNew);
        }
      }
    }
  }
  CHECK(num_failures == 4 * 2 * 8);
}

TEST_CASE("files: interruptions and short writes are carried through") {
  const DisarmAtEnd disarm;
  const test::TemporaryDirectory directory;
  for (const auto name : failpoint::names("durable.")) {
    failpoint::arm(name, failpoint::Action::error, EINTR);
    write_new(directory / "file");
    CHECK(read_file(directory / "file") == kNew);
  }
  failpoint::arm("durable.write", failpoint::Action::short_write, 0, 1, true);
  write_new(directory / "short");
  CHECK(read_file(directory / "short") == kNew);
}

TEST_CASE("files: a live writer's temporary file is left alone") {
  const test::TemporaryDirectory directory;
  DurableFile mine(directory / "file");
  mine.write("mine");
  const auto end = test::run_in_child([&] {  // another process, the same name
    write_file_durably(directory / "file", "theirs");
    return 0;
  });
  CHECK(end.exit_code == 0);
  write_file_durably(directory / "file", "also this process");
  CHECK(read_file(directory / "file") == "also this process");
  mine.commit();
  CHECK(read_file(directory / "file") == "mine");
  CHECK(names_in(directory.path()) == std::set<std::string>{"file"});
}

TEST_CASE("files: a leftover under this process's own number is cleaned, as in containers where all are process 1") {
  const test::TemporaryDirectory directory;
  const std::string number = std::to_string(::getpid());
  const auto touch = [&](const std::string& name) { AppendFile(directory / name).append("x"); };
  touch(".file.forgelm-" + number + "-999999.tmp");
  touch(".other.forgelm-" + number + "-999999.tmp");
  touch(".file.forgelm-12x-1.tmp");
  touch(".file.tmp");
  write_file_durably(directory / "file", "x");
  CHECK(names_in(directory.path()) == std::set<std::string>{".file.forgelm-12x-1.tmp", ".file.tmp",
                                                            ".other.forgelm-" + number + "-999999.tmp", "file"});
}

TEST_CASE("files: a directory is committed whole, with what is in it") {
  const test::TemporaryDirectory directory;
  fs::create_directories(directory / "staging/a/b");
  write_file_durably(directory / "staging/a/b/file", kNew);
  fs::create_symlink("/nonexistent", directory / "staging/link");
  commit_directory((directory / "staging").native() + "/", directory / "final");
  CHECK(read_file(directory / "final/a/b/file") == kNew);
  CHECK(fs::is_symlink(directory / "final/link"));
  CHECK(names_in(directory.path()) == std::set<std::string>{"final"});

  fs::create_directory(directory / "again");
  CHECK_THROWS_WITH(commit_directory(directory / "again", directory / "final"), Catch::Contains("(ENOTEMPTY)"));
  CHECK_THROWS_WITH(commit_directory(directory / "none", directory / "other"), Catch::Contains("(ENOENT)"));
  CHECK(read_file(directory / "final/a/b/file") == kNew);
  fs::create_directory(directory / "empty");
  commit_directory(directory / "again", directory / "empty");
}

TEST_CASE("files: killed or failing at any step, a directory commit leaves the staged state or the final one") {
  const DisarmAtEnd disarm;
  std::size_t num_failures = 0;
  for (const bool is_kill : {true, false}) {
    for (const auto name : failpoint::names("directory.")) {
      for (int k = 1;; ++k) {
        INFO(name << "@" << k << (is_kill ? " kill" : " EIO"));
        const test::TemporaryDirectory directory;
        fs::create_directories(directory / "work/staging/sub");
        fs::create_directories(directory / "out");
        for (const char* file : {"work/staging/one", "work/staging/sub/two"})
          write_file_durably(directory / file, kNew);
        if (!fails_in_child(name, is_kill, k,
                            [&] { commit_directory(directory / "work/staging", directory / "out/final"); }))
          break;
        ++num_failures;
        const bool is_renamed = name == "directory.sync_parent";
        const fs::path place = directory / (is_renamed ? "out/final" : "work/staging");
        CHECK(fs::exists(directory / "out/final") == is_renamed);
        CHECK(fs::exists(directory / "work/staging") == !is_renamed);
        CHECK(read_file(place / "one") == kNew);
        CHECK(read_file(place / "sub/two") == kNew);
      }
    }
  }
  CHECK(num_failures == 2 * (2 + 2 + 1 + 2));  // files, directories, rename, parents
}

TEST_CASE("files: a directory takes the place of another, and says where that one is") {
  const DisarmAtEnd disarm;
  for (const bool can_exchange : {true, false}) {
    const test::TemporaryDirectory directory;
    for (const char* name : {"staging", "final"}) {
      fs::create_directory(directory / name);
      write_file_durably(directory / name / "file", name);
    }
    if (!can_exchange) failpoint::arm("directory.exchange", failpoint::Action::error, EINVAL);
    const fs::path old = replace_directory(directory / "staging", directory / "final", directory / "aside");
    CHECK(old == directory / (can_exchange ? "staging" : "aside"));
    CHECK(read_file(old / "file") == "final");
    CHECK(read_file(directory / "final/file") == "staging");
    CHECK(names_in(directory.path()) == std::set<std::string>{"final", old.filename().native()});
  }
}

TEST_CASE("files: killed or failing at any step, a directory that is replaced is there or aside") {
  const DisarmAtEnd disarm;
  std::size_t num_failures = 0;
  for (const bool can_exchange : {true, false}) {
    for (const bool is_kill : {true, false}) {
      for (const auto name : failpoint::names("directory.")) {
        if (name == "directory.exchange" && !can_exchange) continue;
        for (int k = 1;; ++k) {
          INFO(name << "@" << k << (is_kill ? " kill" : " EIO") << (can_exchange ? "" : ", no exchange"));
          const test::TemporaryDirectory directory;
          for (const char* each : {"staging", "final"}) {
            fs::create_directory(directory / each);
            write_file_durably(directory / each / "file", each == std::string("final") ? kOld : kNew);
          }
          if (!fails_in_child(name, is_kill, k, [&] {
                if (!can_exchange) failpoint::arm("directory.exchange", failpoint::Action::error, EINVAL);
                replace_directory(directory / "staging", directory / "final", directory / "aside");
              }))
            break;
          ++num_failures;
          const bool is_between = is_kill && !can_exchange && name == "directory.rename";
          const bool is_new = name == "directory.sync_parent";
          CHECK(fs::exists(directory / "final") == !is_between);
          CHECK(read_file(directory / (is_between ? "aside/file" : "final/file")) == (is_new ? kNew : kOld));
        }
      }
    }
  }
  // files, directories, exchange, parents; the same with two renames instead of the exchange
  CHECK(num_failures == 2 * (1 + 1 + 1 + 1) + 2 * (1 + 1 + 2 + 1));
}

TEST_CASE("files: appending grows a file, and a failed append leaves it as it was") {
  const DisarmAtEnd disarm;
  const test::TemporaryDirectory directory;
  AppendFile log(directory / "log");
  log.append("one\n");
  for (const int error_number : {ENOSPC, EIO}) {
    for (const char* name : {"append.write", "append.sync"}) {
      INFO(name << " errno " << error_number);
      failpoint::arm(name, failpoint::Action::error, error_number, 1, true);
      CHECK_THROWS_AS(log.append("lost\n"), RunError);
      CHECK(read_file(directory / "log") == "one\n");
      failpoint::disarm_all();
    }
  }
  const auto end = test::run_in_child([&] {  // the system itself takes two bytes and refuses the rest
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{6, 6};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
    try {
      log.append("lost\n");
    } catch (const RunError& error) {
      return field_of(error, "errno") == "EFBIG" ? 0 : 2;
    }
    return 3;
  });
  CHECK(end.exit_code == 0);
  CHECK(read_file(directory / "log") == "one\n");
  log.append("two\n");
  AppendFile(directory / "log").append("three\n");
  CHECK(read_file(directory / "log") == "one\ntwo\nthree\n");
  CHECK(log.size_bytes() == 14);
  fs::create_symlink("log", directory / "link");
  CHECK_THROWS_WITH(AppendFile(directory / "link"), Catch::Contains("(ELOOP)"));
}

TEST_CASE("files: a full file system is out_of_disk, and the old file stays") {
  const test::TemporaryDirectory directory;
  write_file_durably(directory / "file", kOld);
  try {
    write_file_durably("/dev/full/file", kNew);
    FAIL("a device is no directory");
  } catch (const RunError& error) {
    CHECK(field_of(error, "errno") == "ENOTDIR");
  }
  try {
    AppendFile("/dev/full").append("x");
    FAIL("the device is always full");
  } catch (const RunError& error) {
    CHECK(error.kind() == RunErrorKind::out_of_disk);
    CHECK(field_of(error, "errno") == "ENOSPC");
    CHECK(field_of(error, "path") == "/dev/full");
    CHECK_FALSE(error.hint().empty());
  }
  CHECK(read_file(directory / "file") == kOld);
}

TEST_CASE("files: a growing file is written without syncs, cut, and synced when asked") {
  const DisarmAtEnd disarm;
  const test::TemporaryDirectory directory;
  AppendFile log(directory / "log");
  failpoint::count_passages(true);
  log.write("one\n");
  log.write("two\n");
  CHECK(failpoint::num_passages("append.sync") == 0);
  log.sync();
  CHECK(failpoint::num_passages("append.sync") == 1);
  failpoint::count_passages(false);
  log.cut(4);
  log.write("three\n");
  CHECK(read_file(directory / "log") == "one\nthree\n");
  failpoint::arm("append.write", failpoint::Action::error, ENOSPC, 1, true);
  CHECK_THROWS_AS(log.write("lost\n"), RunError);
  failpoint::disarm_all();
  failpoint::arm("append.cut", failpoint::Action::error, EIO);
  CHECK_THROWS_AS(log.cut(0), RunError);
  CHECK(read_file(directory / "log") == "one\nthree\n");
}
