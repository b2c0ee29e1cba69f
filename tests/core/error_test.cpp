#include "forgelm/core/error.hpp"

#include <cstring>

#include "support/test.hpp"

TEST_CASE("error: an error knows the line that raised it, not the line of its constructor") {
  const int line = __LINE__ + 1;
  const forgelm::RunError run(forgelm::RunErrorKind::io, "x");
  CHECK(run.where().line == line);
  CHECK(std::strstr(run.where().file, "error_test.cpp") != nullptr);
  CHECK(forgelm::ConfigError("y").where().line == __LINE__);
}
