#include "forgelm/core/failpoint.hpp"

#include <cerrno>
#include <cstdlib>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "support/subprocess.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

using namespace forgelm;
namespace fs = std::filesystem;

namespace {
struct DisarmAtEnd {
  ~DisarmAtEnd() { failpoint::disarm_all(); }
};

int error_at_next_passage() { return FORGELM_FAILPOINT("durable.write").error_number; }
}  // namespace

TEST_CASE("failpoint: an armed failpoint fires at the passage asked for, once or from then on") {
  const DisarmAtEnd disarm;
  CHECK(error_at_next_passage() == 0);
  failpoint::arm("durable.write", failpoint::Action::error, EIO, 2);
  CHECK(error_at_next_passage() == 0);
  CHECK(error_at_next_passage() == EIO);
  CHECK(error_at_next_passage() == 0);
  failpoint::arm("durable.write", failpoint::Action::error, ENOSPC, 3, true);
  CHECK(error_at_next_passage() == 0);
  CHECK(error_at_next_passage() == 0);
  CHECK(error_at_next_passage() == ENOSPC);
  CHECK(error_at_next_passage() == ENOSPC);
  failpoint::disarm_all();
  CHECK(error_at_next_passage() == 0);
}

TEST_CASE("failpoint: the text form arms the same things") {
  const DisarmAtEnd disarm;
  failpoint::arm_from_text("durable.write=EDQUOT@2+; durable.sync=short");
  CHECK(error_at_next_passage() == 0);
  CHECK(error_at_next_passage() == EDQUOT);
  CHECK(error_at_next_passage() == EDQUOT);
  CHECK(FORGELM_FAILPOINT("durable.sync").is_short_write);
  CHECK_FALSE(FORGELM_FAILPOINT("durable.sync").is_short_write);
  for (const char* bad : {"nonsense", "none.such=kill", "durable.write=explode", "durable.write=kill@0",
                          "durable.write=kill@", "durable.write=kill@x", "durable.write=kill@99999999999999"}) {
    INFO(bad);
    CHECK_THROWS_AS(failpoint::arm_from_text(bad), ConfigError);
  }
}

TEST_CASE("failpoint: the environment variable arms a process, which then dies where it says") {
  const auto end = test::run_in_child([] {
    ::setenv("FORGELM_FAILPOINTS", "durable.write=kill@2", 1);
    failpoint::arm_from_environment();
    static_cast<void>(FORGELM_FAILPOINT("durable.write"));
    static_cast<void>(FORGELM_FAILPOINT("durable.write"));
    return 0;
  });
  CHECK(end.was_killed);
}

TEST_CASE("failpoint: every failpoint of the file layer is passed by what it guards") {
  const DisarmAtEnd disarm;
  const test::TemporaryDirectory directory;
  failpoint::count_passages(true);
  write_file_durably(directory / "file", "x");
  AppendFile log(directory / "log");
  log.append("x");
  log.cut(0);
  fs::create_directory(directory / "staging");
  write_file_durably(directory / "staging/file", "x");
  commit_directory(directory / "staging", directory / "final");
  fs::create_directory(directory / "staging");
  failpoint::arm("directory.exchange", failpoint::Action::error, EINVAL);  // and on to what such file systems need
  replace_directory(directory / "staging", directory / "final", directory / "aside");
  std::size_t num_names = 0;
  for (const char* group : {"append.", "directory.", "durable."}) {
    for (const auto name : failpoint::names(group)) {
      INFO(name);
      CHECK(failpoint::num_passages(name) > 0);
      ++num_names;
    }
  }
  CHECK(num_names >= 16);
}
