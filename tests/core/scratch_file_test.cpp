// What a scratch file holds, that it has no name, and what a full disk says.
#include "forgelm/core/scratch_file.hpp"

#include <cerrno>

#include "forgelm/core/error.hpp"
#include "forgelm/core/failpoint.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace forgelm {
namespace {

TEST_CASE("a scratch file shows what was appended and leaves nothing") {
  const test::TemporaryDirectory folder;
  ScratchFile first(folder.path());
  CHECK(first.map().bytes().empty());
  first.append("one ");
  first.append(std::string(100'000, 'x'));
  CHECK(std::filesystem::is_empty(folder.path()));
  ScratchFile file(std::move(first));
  file.append(" two");
  CHECK(file.size_bytes() == 100'008);
  const MappedFile mapped = file.map();
  CHECK(mapped.bytes() == "one " + std::string(100'000, 'x') + " two");
  mapped.release_pages();
  CHECK(mapped.bytes().ends_with("x two"));
}

TEST_CASE("a scratch file says where it cannot be made or is full") {
  const test::TemporaryDirectory folder;
  CHECK_THROWS_AS(ScratchFile(folder.path() / "absent"), RunError);
  ScratchFile file(folder.path());
  failpoint::arm("scratch.write", failpoint::Action::error, ENOSPC);
  try {
    file.append("bytes");
    FAIL("no error");
  } catch (const RunError& error) {
    CHECK(error.kind() == RunErrorKind::out_of_disk);
  }
  failpoint::disarm_all();
}

}  // namespace
}  // namespace forgelm
