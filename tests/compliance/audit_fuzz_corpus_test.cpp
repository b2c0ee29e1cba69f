// Replays the inputs that the fuzzer of audit logs kept, and mutations of them, with the fuzzer's own checks.
#include <random>

#include "forgelm/core/files.hpp"
#include "fuzz/audit_log_promise.hpp"
#include "support/fuzz_corpus.hpp"

namespace forgelm::test {

TEST_CASE("audit logs: the fuzzer's kept inputs break no promise") {
  CHECK(replay_corpus("audit_log", broken_audit_log_promise) > 20);
}

TEST_CASE("audit logs: kept inputs with bytes changed, the chain made to fit or not, break no promise") {
  const auto folder = std::filesystem::path(FORGELM_SOURCE_DIR) / "tests" / "fuzz" / "corpus" / "audit_log";
  std::mt19937_64 random(11);
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string whole = read_file(entry.path());
    if (whole.empty()) continue;
    for (int i = 0; i < 20; ++i) {
      std::string changed = whole;
      for (std::uint64_t num = random() % 3 + 1; num > 0; --num)
        changed[random() % changed.size()] = static_cast<char>(random() % 256);
      if (i % 2 == 0) changed.resize(random() % changed.size());
      if (i % 3 != 0) changed = with_fitting_chain(changed);
      INFO(entry.path() << ", change " << i);
      REQUIRE(broken_audit_log_promise(changed) == "");
    }
  }
}

}  // namespace forgelm::test
