#include "forgelm/core/log.hpp"

#include <unistd.h>

#include <regex>
#include <thread>
#include <vector>

#include "core/stderr_writer.hpp"
#include "forgelm/core/redact.hpp"
#include "support/test.hpp"

using namespace forgelm;

namespace {

constexpr Logger logger("forgelm.test");

/// Collects lines while it lives, at level DEBUG.
class Capture {
 public:
  Capture() : before_(set_log_sink([this](LogLevel, std::string_view line) { lines.emplace_back(line); })) {
    set_log_level(LogLevel::DEBUG);
  }
  ~Capture() {
    set_log_sink(before_);
    set_log_level(LogLevel::INFO);
  }
  /// What follows "logger: " in the only line.
  std::string message() const {
    REQUIRE(lines.size() == 1);
    return lines[0].substr(lines[0].find(": ") + 2);
  }
  std::vector<std::string> lines;

 private:
  LogSink before_;
};

/// What a StderrWriter wrote to a pipe.
template <class Work>
std::string written_by(Work work) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  StderrWriter writer(ends[1]);
  work(writer);
  ::close(ends[1]);
  std::string text(65536, '\0');
  const ssize_t size = ::read(ends[0], text.data(), text.size());
  ::close(ends[0]);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at; (at = text.find(what)) != std::string::npos;) text.replace(at, what.size(), with);
  return text;
}

}  // namespace

TEST_CASE("log: a line is date, time, level, logger and message") {
  Capture capture;
  logger.info("epoch ", 3, " of ", 10, ", resumed: ", true);
  logger.warning("disk");
  logger.error("gone");
  logger.debug("detail");
  REQUIRE(capture.lines.size() == 4);
  const std::regex form(R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[INFO\] forgelm\.test: epoch 3 of 10, resumed: true)");
  REQUIRE(std::regex_match(capture.lines[0], form));
  REQUIRE(capture.lines[1].find(" [WARNING] forgelm.test: disk") != std::string::npos);
  REQUIRE(capture.lines[2].find(" [ERROR] forgelm.test: gone") != std::string::npos);
  REQUIRE(capture.lines[3].find(" [DEBUG] forgelm.test: detail") != std::string::npos);
}

TEST_CASE("log: lines below the level are dropped and their parts never put together") {
  Capture capture;
  set_log_level(LogLevel::WARNING);
  logger.debug("a");
  logger.info("b");
  logger.warning("c");
  REQUIRE(capture.message() == "c");
  REQUIRE_FALSE(Logger::is_enabled(LogLevel::INFO));
  REQUIRE(Logger::is_enabled(LogLevel::ERROR));
  REQUIRE(from_text<LogLevel>("WARNING") == LogLevel::WARNING);
}

TEST_CASE("log: data cannot forge a line or move the cursor") {
  Capture capture;
  logger.info("name=",
              "x\n2026-01-01 00:00:00 [INFO] forgelm: gate passed\r\x1b[2K\x9b"
              "31m\xe2\x80\xa8\xe2\x80\xae\xc2\x85\t\x7f");
  REQUIRE(capture.message() ==
          "name=x\\n2026-01-01 00:00:00 [INFO] forgelm: gate "
          "passed\\r\\u{1b}[2K\\x9b31m\\u{2028}\\u{202e}\\u{85}\\t\\u{7f}");
}

TEST_CASE("log: text that is not ASCII stays readable") {
  Capture capture;
  logger.info("Z\xc3\xbcrich \xe6\x9d\xb1\xe4\xba\xac \\path");
  REQUIRE(capture.message() == "Z\xc3\xbcrich \xe6\x9d\xb1\xe4\xba\xac \\path");
}

TEST_CASE("redact: planted secrets leave no trace in log lines, however they are put together") {
  REQUIRE(register_secret("hf_CANARYcanary0001"));
  REQUIRE(register_secret("sk-CANARY-two\nlines"));
  Capture capture;
  logger.info("token hf_CANARYcanary0001, again hf_CANARYcanary0001.");
  logger.info("split ", "hf_CANARY", "canary", 0, "001", " here");
  logger.info("key ", "sk-CANARY-two\nlines");
  for (const std::string& line : capture.lines) {
    REQUIRE(line.find("CANARY") == std::string::npos);
    REQUIRE(line.find("***") != std::string::npos);
  }
  REQUIRE(capture.lines[1].find("split *** here") != std::string::npos);
}

TEST_CASE("redact: overlapping secrets are covered whole") {
  register_secret("overlap-abcdef");
  register_secret("cdefghijkl");
  register_secret("zzzzzz");
  REQUIRE(redact("<overlap-abcdefghijkl>") == "<***>");
  REQUIRE(redact("<overlap-abcdef><cdefghijkl>") == "<***><***>");
  REQUIRE(redact("zzzzzzzz!") == "***!");
  REQUIRE(redact("zzzzz overlap-abcde") == "zzzzz overlap-abcde");
}

TEST_CASE("redact: values of less than six bytes are not secrets") {
  REQUIRE_FALSE(register_secret("12345"));
  REQUIRE_FALSE(register_secret(""));
  REQUIRE(redact("code 12345") == "code 12345");
  REQUIRE(register_secret("123456-six"));
}

TEST_CASE("log: lines of many threads come whole") {
  Capture capture;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([t] {
      for (int i = 0; i < 200; ++i) {
        logger.info("thread ", t, " line ", i, " end");
        if (i % 50 == 0) register_secret(cat("secret-of-thread-", t, "-", i));
      }
    });
  for (std::thread& thread : threads) thread.join();
  REQUIRE(capture.lines.size() == 800);
  const std::regex form(R"(.*: thread \d line \d+ end)");
  for (const std::string& line : capture.lines) REQUIRE(std::regex_match(line, form));
}

TEST_CASE("log: a sink that is taken away leaves the former one in place") {
  Capture outer;
  {
    Capture inner;
    logger.info("inner");
    REQUIRE(inner.lines.size() == 1);
  }
  logger.warning("outer");
  REQUIRE(outer.message() == "outer");
}

TEST_CASE("stderr: a log line goes above the status line, which comes back below it") {
  const std::string text = written_by([](StderrWriter& writer) {
    writer.write_line("first");
    writer.set_status("50%");
    writer.write_line("second");
    writer.set_status("");
    writer.set_status("");
    writer.write_line("third");
  });
  REQUIRE(replaced(text, "\r\x1b[2K", "<clear>") == "first\n<clear>50%<clear>second\n50%<clear>third\n");
}
