// FileLock between real processes.
#include "forgelm/core/lock.hpp"

#include <unistd.h>

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
