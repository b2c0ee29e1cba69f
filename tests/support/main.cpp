// The main of every test binary, and the listener that writes one line per test case to $FORGELM_TEST_RESULTS
// ("passed|failed|skipped<TAB>name[<TAB>reason]") and a last one, "ended": without it the program stopped early. From
// these tools/test makes its closing line.
#ifndef FORGELM_CATCH2_V3
#define CATCH_CONFIG_MAIN
#endif
#include "support/test.hpp"

#include <cstdlib>
#include <fstream>

namespace forgelm::test {
namespace {

std::string& current_skip() {
  static std::string reason;
  return reason;
}

#ifdef FORGELM_CATCH2_V3
using ListenerBase = Catch::EventListenerBase;
#else
using ListenerBase = Catch::TestEventListenerBase;
#endif

class ResultWriter : public ListenerBase {
 public:
  using ListenerBase::ListenerBase;

  void testCaseStarting(const Catch::TestCaseInfo&) override { current_skip().clear(); }

  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    const char* path = std::getenv("FORGELM_TEST_RESULTS");
    if (path == nullptr) return;
    std::ofstream out(path, std::ios::app);
    const bool failed = stats.totals.testCases.failed > 0;
    out << (failed                    ? "failed"
            : !current_skip().empty() ? "skipped"
                                      : "passed")
        << '\t'
        << stats
               .testInfo
#ifdef FORGELM_CATCH2_V3
               ->
#else
               .
#endif
           name;
    if (!failed && !current_skip().empty()) out << '\t' << current_skip();
    out << '\n';
  }

  void testRunEnded(const Catch::TestRunStats& stats) override {
    ListenerBase::testRunEnded(stats);
    if (const char* path = std::getenv("FORGELM_TEST_RESULTS")) std::ofstream(path, std::ios::app) << "ended\n";
  }
};

CATCH_REGISTER_LISTENER(ResultWriter)

}  // namespace

void note_skip(const std::string& reason) { current_skip() = reason; }

}  // namespace forgelm::test
