// Event files against the bytes that tensorboard's own classes write (tools/golden/tensorboard).
#include "forgelm/formats/tensorboard.hpp"

#include <cerrno>
#include <filesystem>
#include <limits>

#include "forgelm/core/error.hpp"
#include "forgelm/core/failpoint.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/text.hpp"
#include "formats/tensorboard_record.hpp"
#include "support/event_file.hpp"
#include "support/fake_environment.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
namespace fs = std::filesystem;

const fs::path kGolden = fs::path(FORGELM_SOURCE_DIR) / "tests/golden/tensorboard";

struct GoldenRow {
  std::string kind, tag, text;
  double value = 0, wall_time = 0;
  std::int64_t step = 0;
};

std::vector<GoldenRow> golden_rows() {
  std::vector<GoldenRow> rows;
  for (const std::string& line : split(trim(read_file(kGolden / "events.jsonl")), '\n')) {
    const Json json = parse_json(line).value();
    GoldenRow row;
    for (const char* kind : {"scalar", "text", "restart"})
      if (const Json* tag = json.find(kind)) row.kind = kind, row.tag = tag->text();
    const Json& value = json.at("value");
    if (row.kind == "text") row.text = value.text();
    else row.value = value.is_number() ? value.real() : std::numeric_limits<double>::infinity();
    row.wall_time = json.at("wall_time").real();
    row.step = json.at("step").integer();
    rows.push_back(row);
  }
  return rows;
}

}  // namespace

TEST_CASE("tensorboard: CRC-32C gives the values of RFC 3720") {
  std::string ascending, descending;
  for (int i = 0; i < 32; ++i) ascending += static_cast<char>(i), descending += static_cast<char>(31 - i);
  CHECK(formats::crc32c(std::string(32, '\0')) == 0x8A9136AAu);
  CHECK(formats::crc32c(std::string(32, '\xFF')) == 0x62A8AB43u);
  CHECK(formats::crc32c(ascending) == 0x46DD794Eu);
  CHECK(formats::crc32c(descending) == 0x113FDB5Cu);
  CHECK(formats::crc32c("123456789") == 0xE3069283u);
  CHECK(formats::crc32c("") == 0u);
}

TEST_CASE("tensorboard: an event file is what tensorboard's own classes write, byte for byte") {
  const test::TemporaryDirectory folder;
  test::FakeEnvironment fake;
  const ScopedEnvironment scope(fake);
  fake.now.microseconds = 1'700'000'000'000'000;
  formats::EventWriter writer(folder / "runs/one");
  const auto rows = golden_rows();
  REQUIRE(rows.size() == 9);
  for (const GoldenRow& row : rows) {
    fake.now.microseconds = static_cast<std::int64_t>(row.wall_time * 1e6);
    if (row.kind == "scalar") writer.add_scalar(row.tag, row.value, row.step);
    else if (row.kind == "text") writer.add_text(row.tag, row.text, row.step);
    else writer.add_restart(row.step);
  }
  writer.flush();
  CHECK(read_file(writer.path()) == read_file(kGolden / "events.bin"));
  // The name that tensorboard looks for.
  CHECK(writer.path().filename().native().find("events.out.tfevents.1700000000.testhost.") == 0);
}

TEST_CASE("tensorboard: several writers in one folder have files of their own, and what they wrote is read back") {
  const test::TemporaryDirectory folder;
  test::FakeEnvironment fake;
  const ScopedEnvironment scope(fake);
  {
    formats::EventWriter one(folder.path()), two(folder.path());
    CHECK(one.path() != two.path());
    one.add_scalar("loss", 0.5, 1);
    two.add_text("note", std::string(200000, 'x') + "\xff", 2);  // more than is held back, and no UTF-8
  }
  const auto events = test::read_event_files(folder.path());
  REQUIRE(events.size() == 2);
  CHECK(events[0].tag == "loss");
  CHECK(events[0].value == 0.5f);
  CHECK(events[1].plugin == "text");
  CHECK(events[1].text == std::string(200000, 'x') + "\xEF\xBF\xBD");
}

TEST_CASE("tensorboard: a full disk is told when the events are brought to the file") {
  const test::TemporaryDirectory folder;
  formats::EventWriter writer(folder.path());
  writer.add_scalar("loss", 0.5, 1);
  failpoint::arm("append.write", failpoint::Action::error, ENOSPC, 1, true);
  try {
    writer.flush();
    FAIL("the disk is full");
  } catch (const RunError& error) {
    CHECK(error.kind() == RunErrorKind::out_of_disk);
  }
  failpoint::disarm_all();
}
