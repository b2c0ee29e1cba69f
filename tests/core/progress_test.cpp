#include "forgelm/core/progress.hpp"

#include <algorithm>
#include <thread>

#include "forgelm/core/terminal.hpp"
#include "support/test.hpp"

using namespace forgelm;
using namespace std::chrono_literals;

namespace {

/// What was shown, on a clock that stands still until the test moves it.
struct Record {
  bool is_live = true;
  int width = 80;
  std::chrono::steady_clock::time_point now{};
  std::vector<std::string> shown, kept, logged;
};

class FakeOutput : public ProgressOutput {
 public:
  explicit FakeOutput(Record& record) : record_(record) {}
  bool is_live() const override { return record_.is_live; }
  int width() const override { return record_.width; }
  void show(std::string_view line) override { record_.shown.emplace_back(line); }
  void keep(std::string_view line) override { record_.kept.emplace_back(line); }
  void log(std::string_view line) override { record_.logged.emplace_back(line); }
  std::chrono::steady_clock::time_point now() const override { return record_.now; }

 private:
  Record& record_;
};

std::unique_ptr<ProgressOutput> fake(Record& record) { return std::make_unique<FakeOutput>(record); }

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

ProgressOptions training(std::int64_t total, std::int64_t start = 0) {
  ProgressOptions options;
  options.label = "train";
  options.total = total;
  options.start = start;
  return options;
}

}  // namespace

TEST_CASE("progress: a live line shows count, bar, share, rate, remaining time and fields") {
  Record record;
  record.width = 200;
  Progress progress(training(500), fake(record));
  for (int step = 1; step <= 100; ++step) {
    record.now += 500ms;  // two steps a second
    progress.update(step, {{"loss", "1.25"}, {"lr", "2e-4"}});
  }
  const std::string& line = record.shown.back();
  REQUIRE(line == "train  100/500 [======>                       ] 20%  2.00 step/s  ETA 3:20  loss 1.25  lr 2e-4");
  REQUIRE(record.logged.empty());
}

TEST_CASE("progress: a live line is redrawn at most ten times a second") {
  Record record;
  Progress progress(training(100000), fake(record));
  for (int i = 0; i < 10000; ++i) {  // a second
    record.now += 100us;
    progress.advance();
  }
  REQUIRE(record.shown.size() == 10);
}

TEST_CASE("progress: a line fits every width and loses fields before the count") {
  for (const int width : {20, 80, 200, 8, 1}) {
    Record record;
    record.width = width;
    Progress progress(training(1000000), fake(record));
    for (int i = 1; i <= 50; ++i) {
      record.now += 1s;
      progress.update(i * 1000, {{"loss", "1.2345"},
                                 {"lr", "0.0002"},
                                 {"tokens/s", "12345"},
                                 {"memory", "12.5 GiB"},
                                 {"note", "\xe6\x9d\xb1\xe4\xba\xac"}});
    }
    progress.finish();
    INFO(width);
    for (const auto* lines : {&record.shown, &record.kept})
      for (const std::string& line : *lines) REQUIRE(display_width(line) <= std::max(1, width - 1));
    if (width >= 20) REQUIRE(has(record.shown.front(), "train  1000/100"));
    if (width == 80) REQUIRE(has(record.shown.front(), "1000 step/s"));
    REQUIRE(has(record.shown.front(), "memory 12.5 GiB") == (width == 200));
  }
}

TEST_CASE("progress: without a terminal there is a plain line every ten seconds and one at the end") {
  Record record;
  record.is_live = false;
  Progress progress(training(60), fake(record));
  for (int step = 1; step <= 30; ++step) {
    record.now += 1s;
    progress.update(step, {{"loss", "0.5"}});
  }
  REQUIRE(record.logged.size() == 3);
  REQUIRE(record.logged[0] == "train: 10/60 (16%), 1.00 step/s, ETA 0:50, loss 0.5");
  progress.finish();
  progress.finish();
  progress.update(31);
  REQUIRE(record.logged.size() == 4);
  REQUIRE(record.logged[3] == "train: 30/60 (50%), 1.00 step/s, in 0:30, loss 0.5");
  REQUIRE(record.shown.empty());
  REQUIRE(record.kept.empty());
}

TEST_CASE("progress: the end leaves one clean line, also when the work is given up") {
  Record record;
  try {
    Progress progress(training(4), fake(record));
    record.now += 2s;
    progress.update(3);
    throw 1;
  } catch (int) {
  }
  REQUIRE(record.shown.back().empty());  // the live line is gone
  REQUIRE(record.kept.size() == 1);
  REQUIRE(record.kept[0] == "train  3/4 75%  1.50 step/s  in 0:02");
}

TEST_CASE("progress: a resumed run counts only its own steps towards the rate") {
  Record record;
  Progress progress(training(1100, 1000), fake(record));
  record.now += 10s;
  progress.update(1010);
  REQUIRE(has(record.shown.back(), "1.00 step/s  ETA 1:30"));
}

TEST_CASE("progress: the rate follows a change of speed") {
  Record record;
  Progress progress(training(100000), fake(record));
  std::int64_t done = 0;
  for (int i = 0; i < 100; ++i) record.now += 1s, progress.update(done += 100);
  REQUIRE(has(record.shown.back(), "100 step/s"));
  for (int i = 0; i < 150; ++i) record.now += 1s, progress.update(done += 10);
  REQUIRE(has(record.shown.back(), "10.0 step/s"));  // ten time constants later: 10 + 90 e^-10
}

TEST_CASE("progress: slow steps are shown in seconds a step, unknown totals without share") {
  Record record;
  record.is_live = false;
  Progress progress(training(0), fake(record));
  record.now += 40s;
  progress.update(2);
  REQUIRE(record.logged.back() == "train: 2, 20.0 s/step");
}

TEST_CASE("progress: bytes are shown in their units") {
  Record record;
  record.is_live = false;
  ProgressOptions options = training(4 << 20);
  options.is_bytes = true;
  Progress progress(options, fake(record));
  record.now += 10s;
  progress.advance(1 << 20);
  REQUIRE(record.logged.back() == "train: 1.0 MiB/4.0 MiB (25%), 102.4 KiB/s, ETA 0:30");
}

TEST_CASE("progress: a clock that stands still or more done than planned does no harm") {
  Record record;
  record.width = 200;
  Progress progress(training(10), fake(record));
  progress.update(5);
  progress.finish();
  REQUIRE(record.kept[0] == "train  5/10 50%  in 0:00");
  Record over;
  Progress more(training(10), fake(over));
  over.now += 1s;
  more.update(25);
  REQUIRE(has(over.shown.back(), "25/10"));
  REQUIRE(has(over.shown.back(), "100%"));
  REQUIRE(has(over.shown.back(), "ETA 0:00"));
}

TEST_CASE("progress: labels and fields cannot garble the terminal") {
  Record record;
  ProgressOptions options = training(2);
  options.label = "file\x1b[2J\nname";
  Progress progress(options, fake(record));
  record.now += 1s;
  progress.update(1);
  REQUIRE(has(record.shown.back(), "file\\u{1b}[2J\\nname"));
}

TEST_CASE("progress: two threads may update") {
  Record record;
  record.is_live = false;
  Progress progress(training(2000), fake(record));
  const auto work = [&] {
    for (int i = 0; i < 1000; ++i) progress.advance();
  };
  std::thread first(work);
  std::thread second(work);
  first.join();
  second.join();
  record.now += 10s;
  progress.finish();
  REQUIRE(record.logged.back() == "train: 2000/2000 (100%), 200 step/s, in 0:10");
}

TEST_CASE("progress: quiet is silent") {
  Record record;
  set_progress_quiet(true);
  {
    Progress progress(training(10), fake(record));
    record.now += 20s;
    progress.update(5);
    progress.finish();
  }
  set_progress_quiet(false);
  REQUIRE(record.shown.empty());
  REQUIRE(record.kept.empty());
  REQUIRE(record.logged.empty());
}

TEST_CASE("progress: durations and sizes") {
  REQUIRE(format_duration(0s) == "0:00");
  REQUIRE(format_duration(59s) == "0:59");
  REQUIRE(format_duration(118s) == "1:58");
  REQUIRE(format_duration(7391s) == "2:03:11");
  REQUIRE(format_duration(100h) == "4 d 04 h");
  REQUIRE(format_duration(-5s) == "0:00");
  REQUIRE(format_bytes(0) == "0 B");
  REQUIRE(format_bytes(1023) == "1023 B");
  REQUIRE(format_bytes(1536) == "1.5 KiB");
  REQUIRE(format_bytes((1 << 20) - 1) == "1.0 MiB");
  REQUIRE(format_bytes(std::int64_t{5} << 40) == "5.0 TiB");
}
