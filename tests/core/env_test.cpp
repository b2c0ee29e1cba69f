#include "forgelm/core/env.hpp"

#include "support/fake_environment.hpp"
#include "support/test.hpp"

using namespace forgelm;

// 2026-11-21T00:10:50Z is 1795219850 seconds after the epoch (Python: datetime(...).timestamp()).
static constexpr std::int64_t kSecond = 1795219850;

TEST_CASE("env: times are written as Python's isoformat writes them") {
  CHECK(iso_format({kSecond * 1000000 + 176945}) == "2026-11-21T00:10:50.176945+00:00");
  CHECK(iso_format({kSecond * 1000000}) == "2026-11-21T00:10:50+00:00");
  CHECK(iso_format({kSecond * 1000000 + 7}) == "2026-11-21T00:10:50.000007+00:00");
  CHECK(iso_format({0}) == "1970-01-01T00:00:00+00:00");
  CHECK(iso_format({-1}) == "1969-12-31T23:59:59.999999+00:00");
  CHECK(iso_format({951782400000000}) == "2000-02-29T00:00:00+00:00");
  CHECK(iso_format({253402300799999999}) == "9999-12-31T23:59:59.999999+00:00");
  CHECK(utc_stamp({kSecond * 1000000 + 5}) == "2026-11-21T00:10:50Z");
  CHECK(compact_utc_stamp({kSecond * 1000000}) == "20261121T001050Z");
  CHECK(utc_date({kSecond * 1000000}) == "2026-11-21");
}

TEST_CASE("env: ISO times read back, with any offset, and nothing else does") {
  for (const std::int64_t microseconds : {std::int64_t{0}, std::int64_t{-1}, kSecond * 1000000 + 176945})
    CHECK(parse_iso_time(iso_format({microseconds})) == UtcTime{microseconds});
  CHECK(parse_iso_time("2026-11-21T00:10:50Z") == UtcTime{kSecond * 1000000});
  CHECK(parse_iso_time("2026-11-21T03:10:50+03:00") == UtcTime{kSecond * 1000000});
  CHECK(parse_iso_time("2026-11-20T18:40:50.5-05:30") == UtcTime{kSecond * 1000000 + 500000});
  for (const char* bad :
       {"", "2026-11-21", "2026-11-21T00:10:50", "2026-02-30T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T00:60:00Z",
        "2026-11-21T00:10:50.Z", "2026-11-21T00:10:50Zx", "2026-1-21T00:10:50Z"}) {
    INFO(bad);
    CHECK_FALSE(parse_iso_time(bad).has_value());
  }
}

TEST_CASE("env: a flag is on for 1, ON, YES and TRUE in any case, and for nothing else") {
  for (const char* on : {"1", "ON", "on", "Yes", "TRUE", "true"}) CHECK(is_true_flag(on));
  for (const char* off : {"", "0", "2", "y", "t", "enabled", " 1", "false", "off", "no", "11"})
    CHECK_FALSE(is_true_flag(off));
  test::FakeEnvironment fake;
  const ScopedEnvironment scope(fake);
  CHECK_FALSE(is_flag_set("HF_HUB_OFFLINE"));
  fake.variables["HF_HUB_OFFLINE"] = "yes";
  CHECK(is_flag_set("HF_HUB_OFFLINE"));
}

TEST_CASE("env: a scoped environment replaces the machine's and gives it back") {
  test::FakeEnvironment outer, inner;
  inner.now = {kSecond * 1000000};
  {
    const ScopedEnvironment first(outer);
    {
      const ScopedEnvironment second(inner);
      CHECK(&environment() == &inner);
      CHECK(new_run_id() == "fg-000102030405");
      CHECK(new_pipeline_run_id() == "pl_2026-11-21_060708");
    }
    CHECK(&environment() == &outer);
  }
  CHECK(&environment() != &outer);
  CHECK(environment().utc_now().microseconds > 1600000000000000);  // after 2020
  const std::int64_t earlier = environment().monotonic_ns();
  CHECK(environment().monotonic_ns() >= earlier);
  CHECK_FALSE(environment().host_name().empty());
}

TEST_CASE("env: run ids are fg- and 12 hex digits, and differ") {
  const std::string id = new_run_id();
  REQUIRE(id.size() == 15);
  CHECK(id.substr(0, 3) == "fg-");
  CHECK(id.find_first_not_of("0123456789abcdef", 3) == std::string::npos);
  CHECK(id != new_run_id());
}
