// The torch wall seen from inside: this program links the engine, and the tests reach through to it.
#include "support/torch_test.hpp"

#include <c10/util/Exception.h>

#include <mutex>
#include <new>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engine/errors.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/redact.hpp"
#include "forgelm/engine/engine.hpp"
#include "forgelm/text/tokenizer.hpp"
#include "support/temporary_directory.hpp"

using namespace forgelm;

namespace {

/// The lines that are logged while it lives.
class LogCapture {
 public:
  LogCapture()
      : level_(log_level()),
        before_(set_log_sink([this](LogLevel, std::string_view line) { lines.emplace_back(line); })) {
    set_log_level(LogLevel::DEBUG);
  }
  ~LogCapture() {
    set_log_sink(before_);
    set_log_level(level_);
  }
  bool contains(std::string_view text) const {
    for (const auto& line : lines)
      if (line.find(text) != std::string::npos) return true;
    return false;
  }
  std::vector<std::string> lines;

 private:
  LogLevel level_;
  LogSink before_;
};

template <class Work>
RunError translated(Work work) {
  try {
    engine::guarded("try it", work);
  } catch (const RunError& error) {
    return error;
  }
  throw std::logic_error("no RunError was thrown");
}

}  // namespace

TEST_CASE("Errors of the engine are caught by their types outside it") {
  for (const char* name : {"", "gpu", "CPU", "cuda:", "cuda:-1", "cuda:+1", "cuda:1x", "cuda:128", "cuda:99999999999"})
    CHECK_THROWS_AS(engine::engine().open_device(name), ConfigError);
  CHECK_THROWS_AS(engine::engine().set_num_threads(0), ConfigError);
  if (engine::cuda_driver().devices.size() <= 100) CHECK_THROWS_AS(engine::engine().open_device("cuda:100"), RunError);
}

TEST_CASE("The engine shares log settings, log sink and registered secrets with the rest of the process") {
  REQUIRE(register_secret("cuda:4711-wall"));
  engine::engine();
  const LogCapture log;
  // libtorch's own warning and its backtrace come through the engine's code into this process's sink.
  engine::guarded("warn", [] { TORCH_WARN("the token is cuda:4711-wall"); });
  CHECK(log.contains("forgelm.engine: libtorch: the token is ***"));
  set_log_level(LogLevel::ERROR);
  const auto count = log.lines.size();
  engine::guarded("warn", [] { TORCH_WARN("unheard"); });
  CHECK(log.lines.size() == count);
}

TEST_CASE("An error of libtorch becomes a RunError with its first line, and the backtrace goes to the log") {
  const LogCapture log;
  const auto error = translated([] { return at::ones({2, 3}).matmul(at::ones({2, 3})); });
  CHECK(error.kind() == RunErrorKind::internal);
  CHECK(std::string(error.what()) == "cannot try it: mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)");
  CHECK(log.contains("Exception raised from"));
}

TEST_CASE("Memory that libtorch cannot get is a RunError of kind out_of_memory") {
  // 2^55 bytes are more than a process can address.
  const auto error = translated([] { return at::empty({std::int64_t{1} << 53}, at::kFloat); });
  CHECK(error.kind() == RunErrorKind::out_of_memory);
  CHECK(std::string(error.what()).find("DefaultCPUAllocator: can't allocate memory") != std::string::npos);
  CHECK_FALSE(error.hint().empty());
}

TEST_CASE("A SentencePiece model and libtorch share a process without sharing variables") {
  // libsentencepiece and libc10 both have FLAGS_minloglevel: in one scope, loading a model made the next error of
  // libtorch end the process.
  const auto model = std::filesystem::path(FORGELM_SOURCE_DIR) / "tests/fuzz/corpus/sentencepiece/bpe0";
  const test::TemporaryDirectory folder;
  std::filesystem::copy_file(model, folder / "tokenizer.model");
  CHECK_FALSE(text::Tokenizer::load(folder / "tokenizer.model")->encode("one").ids.empty());
  const auto error = translated([] { return at::ones({2, 3}).matmul(at::ones({2, 3})); });
  CHECK(std::string(error.what()) == "cannot try it: mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)");
  CHECK(translated([] { return at::empty({std::int64_t{1} << 53}, at::kFloat); }).kind() ==
        RunErrorKind::out_of_memory);
}

TEST_CASE("Other exceptions are translated by their cause") {
  CHECK(translated([] { throw std::bad_alloc(); }).kind() == RunErrorKind::out_of_memory);
  CHECK(translated([] { throw std::runtime_error("broken\nmore"); }).what() == std::string("cannot try it: broken"));
  CHECK(translated([] { throw 7; }).kind() == RunErrorKind::internal);
  CHECK(translated([] { TORCH_CHECK(false, "CUDA error: an illegal memory access was encountered"); }).kind() ==
        RunErrorKind::device);
  CHECK(translated([] {
          TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory. Tried to allocate 2 GiB");
        }).kind() == RunErrorKind::out_of_memory);
  CHECK_THROWS_AS(engine::guarded("try it", [] { throw ConfigError("mine"); }), ConfigError);
}

TEST_CASE("Two threads really work in a parallel loop of the engine and in one compiled like it") {
  engine::engine().set_num_threads(2);
  const auto info = engine::engine().info();
  CHECK(info.num_threads == 2);
  CHECK(info.num_working_threads == 2);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  at::parallel_for(0, 2, 1, [&](std::int64_t, std::int64_t) {
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
  });
  CHECK(threads.size() == 2);
}
