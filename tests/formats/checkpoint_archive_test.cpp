// Packed checkpoints, judged by the system's tar, gzip and sha256sum.
#include <cstdlib>

#include "forgelm/core/error.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "formats/checkpoint_support.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

using namespace forgelm;
using namespace forgelm::formats;
using namespace forgelm::test;
namespace fs = std::filesystem;

namespace {

bool succeeds(const fs::path& folder, const std::string& command) {
  return std::system(cat("cd '", folder.native(), "' && { ", command, "; } >/dev/null 2>&1").c_str()) == 0;
}

const std::string kLong(90, 'l');

/// Files of sizes about the block of 512 bytes and the pieces that are read, with a name that only pax can hold.
void save_many(const fs::path& run, std::int64_t step) {
  CheckpointWriter writer(run, step);
  std::string noise;
  for (int i = 0; noise.size() < (std::size_t{1} << 20) + 17; ++i) noise += bytes_of(sha256(std::to_string(i)));
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{511}, std::size_t{512}, std::size_t{513},
                                 std::size_t{1} << 20, noise.size()})
    write_file_durably(writer.staging() / cat("size-", size), noise.substr(0, size));
  fs::create_directories(writer.staging() / kLong / kLong);
  write_file_durably(writer.staging() / kLong / kLong / kLong, "far down");
  write_file_durably(writer.staging() / "na\xc3\xafve name", "named");
  writer.commit(Json::object({{"step", step}}));
}

}  // namespace

TEST_CASE("checkpoint_archive: tar unpacks what was packed, and sha256sum agrees with the sums beside it") {
  const TemporaryDirectory run;
  save_many(run.path(), 3);
  fs::copy(run / "checkpoint-3", run / "kept", fs::copy_options::recursive);
  const fs::path archive = compress_checkpoint(run / "checkpoint-3");
  CHECK(archive == run / "checkpoint-3.tar.gz");
  CHECK(names_in(run.path()) == std::set<std::string>{"checkpoint-3.tar.gz", "checkpoint-3.tar.gz.sha256", "kept"});
  CHECK(succeeds(run.path(), "sha256sum -c checkpoint-3.tar.gz.sha256"));
  CHECK(succeeds(run.path(), "gzip -t checkpoint-3.tar.gz"));
  CHECK(succeeds(run.path(), "tar xzf checkpoint-3.tar.gz"));
  CHECK(succeeds(run.path(), "diff -r checkpoint-3 kept"));
  CHECK(verify_checkpoint(run / "checkpoint-3").empty());
  CHECK(newest_checkpoint(run.path()).value().step == 3);
}

TEST_CASE("checkpoint_archive: the same files give the same bytes, and an older archive is replaced") {
  const TemporaryDirectory run;
  save(run.path(), 3, "old");
  const std::string old = read_file(compress_checkpoint(run / "checkpoint-3"));
  save(run.path(), 3, "new");
  const std::string first = read_file(compress_checkpoint(run / "checkpoint-3"));
  CHECK(first != old);
  save(run.path(), 3, "new");
  CHECK(read_file(compress_checkpoint(run / "checkpoint-3")) == first);
  CHECK(succeeds(run.path(), "sha256sum -c checkpoint-3.tar.gz.sha256"));
  CHECK(names_in(run.path()) == std::set<std::string>{"checkpoint-3.tar.gz", "checkpoint-3.tar.gz.sha256"});
}

TEST_CASE("checkpoint_archive: a damaged checkpoint is not packed and stays as it is") {
  const TemporaryDirectory run;
  const fs::path checkpoint = save(run.path(), 3, "three");
  write_file_durably(checkpoint / "trainer_state.json", "thrEe");
  CHECK_THROWS_WITH(compress_checkpoint(checkpoint), Catch::Contains("trainer_state.json cannot be read as it was"));
  write_file_durably(checkpoint / "trainer_state.json", "three!");
  CHECK_THROWS_WITH(compress_checkpoint(checkpoint), Catch::Contains("6 bytes instead of 5"));
  CHECK(names_in(run.path()) == std::set<std::string>{"checkpoint-3"});
  CHECK(read_file(checkpoint / "trainer_state.json") == "three!");
}
