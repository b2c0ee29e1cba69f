// FileLock between real processes.
#include "forgelm/core/lock.hpp"

#include <unistd.h>

#include <fstream>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "support/fake_environment.hpp"
#include "support/subprocess.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

using namespace forgelm;

TEST_CASE("lock: another process is kept out, and is told who holds the lock since when") {
  const test::TemporaryDirectory directory;
  test::FakeEnvironment fake;
  const ScopedEnvironment scope(fake);
  const auto lock = FileLock::acquire(directory / "lock", 0);
  const pid_t holder = ::getpid();
  const auto end = test::run_in_child([&] {
    if (FileLock::try_acquire(directory / "lock")) return 1;
    try {
      FileLock::acquire(directory / "lock", 20);
    } catch (const RunError& error) {
      const std::string expected = (directory / "lock").native() + " is in use by process " + std::to_string(holder) +
                                   " on testhost since 1970-01-01T00:00:00+00:00";
      return error.what() == expected && error.kind() == RunErrorKind::io ? 0 : 2;
    }
    return 3;
  });
  CHECK(end.exit_code == 0);
  CHECK_FALSE(FileLock::try_acquire(directory / "lock").has_value());  // not even twice in one process
}

TEST_CASE("lock: it is free again after its scope, and after its holder was killed") {
  const test::TemporaryDirectory directory;
  { const auto lock = FileLock::acquire(directory / "lock", 0); }
  CHECK_FALSE(read_lock_holder(directory / "lock").has_value());
  const auto end = test::run_in_child([&] {
    const auto lock = FileLock::acquire(directory / "lock", 0);
    ::kill(::getpid(), SIGKILL);
    return 0;
  });
  CHECK(end.was_killed);
  CHECK(FileLock::try_acquire(directory / "lock").has_value());
}

TEST_CASE("lock: waiting gets the lock when the holder ends") {
  const test::TemporaryDirectory directory;
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = test::start_in_child([&] {
    const auto lock = FileLock::acquire(directory / "lock", 0);
    static_cast<void>(!::write(ready[1], "x", 1));
    ::usleep(50000);
    return 0;
  });
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  const auto lock = FileLock::acquire(directory / "lock", 60000);
  CHECK(read_lock_holder(directory / "lock")->pid == ::getpid());
  CHECK(test::wait_for(child).exit_code == 0);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("lock: a forked child that ends normally does not release its parent's lock") {
  const test::TemporaryDirectory directory;
  auto lock = std::optional<FileLock>(FileLock::acquire(directory / "lock", 0));
  const auto end = test::run_in_child([&] {
    lock.reset();
    return 0;
  });
  CHECK(end.exit_code == 0);
  const auto other = test::run_in_child([&] { return FileLock::try_acquire(directory / "lock") ? 1 : 0; });
  CHECK(other.exit_code == 0);
}

TEST_CASE("lock: a lock that cannot be opened names its path") {
  const test::TemporaryDirectory directory;
  CHECK_THROWS_WITH(FileLock::try_acquire(directory / "none/lock"),
                    Catch::Contains("none/lock: No such file or directory"));
}

TEST_CASE("lock: what a holder left that never released it keeps nobody out, and is told") {
  const test::TemporaryDirectory directory;
  const auto end = test::run_in_child([&] {
    const auto lock = FileLock::acquire(directory / "lock", 0);
    ::kill(::getpid(), SIGKILL);
    return 0;
  });
  CHECK(end.was_killed);
  const auto left = read_lock_holder(directory / "lock");
  REQUIRE(left.has_value());
  CHECK_FALSE(left->boot_id.empty());
  CHECK(has_ended(*left));
  {
    const auto lock = FileLock::acquire(directory / "lock", 0);
    REQUIRE(lock.left_by().has_value());
    CHECK(lock.left_by()->pid == left->pid);
  }
  CHECK_FALSE(FileLock::acquire(directory / "lock", 0).left_by().has_value());  // released in good order
}

TEST_CASE("lock: a number that another boot or another process had is nobody's") {
  const test::TemporaryDirectory directory;
  const auto lock = FileLock::acquire(directory / "lock", 0);
  const auto me = read_lock_holder(directory / "lock");
  REQUIRE(me.has_value());
  CHECK_FALSE(has_ended(*me));
  LockHolder other = *me;
  other.boot_id = "00000000-0000-0000-0000-000000000000";
  CHECK(has_ended(other));  // this number lives, and it is not the one that the file meant
  other = *me;
  other.start_ticks = "1";
  CHECK(has_ended(other));  // the number was given out again
  other = *me;
  other.host = "elsewhere";
  CHECK_FALSE(has_ended(other));  // nothing is certain about another machine
}

TEST_CASE("lock: a message never blames a process that is no more") {
  const test::TemporaryDirectory directory;
  const auto lock = FileLock::acquire(directory / "lock", 0);
  LockHolder stale = *read_lock_holder(directory / "lock");
  // As it is for a moment while a holder has the lock and has not yet written its name.
  std::ofstream(directory / "lock") << "{\"pid\": 1, \"host\": \"" << stale.host
                                    << "\", \"since\": \"then\", \"boot_id\": \"another\"}\n";
  CHECK_THROWS_WITH(FileLock::acquire(directory / "lock", 0), Catch::Contains("is in use by another process"));
}
