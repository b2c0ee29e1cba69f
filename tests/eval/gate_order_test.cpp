// The order of the gates and who is heard after a refusal, with gates of the test's own.
#include <algorithm>

#include "forgelm/core/text.hpp"
#include "forgelm/eval/gate.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using eval::GatePlace;
using eval::GateResult;
using eval::GateSpec;
using eval::Verdict;

template <Verdict verdict>
GateResult give(const eval::GateInput&) {
  GateResult result;
  result.verdict = verdict;
  result.detail = "because";
  return result;
}
bool always(const config::JobConfig&) { return true; }
bool never(const config::JobConfig&) { return false; }

constexpr GateSpec kPasses = {"passes", GatePlace::loss, always, give<Verdict::passed>};
constexpr GateSpec kRefuses = {"refuses", GatePlace::benchmark, always, give<Verdict::failed>};
constexpr GateSpec kIsNotAsked = {"is not asked", GatePlace::regression, never, give<Verdict::failed>};
constexpr GateSpec kComesLater = {"comes later", GatePlace::safety, always, give<Verdict::skipped>};
constexpr const GateSpec* kAll[] = {&kPasses, &kRefuses, &kIsNotAsked, &kComesLater};

std::string names_heard(bool reverts) {
  config::JobConfig job;
  job.evaluation.emplace();
  job.evaluation->auto_revert = reverts;
  std::vector<std::string> told;
  const auto report = eval::run_gates(kAll, {job, "staged", "run", {}, {}},
                                      [&](const GateResult& result) { told.emplace_back(result.name); });
  std::vector<std::string> reported;
  for (const auto& result : report.results) reported.emplace_back(result.name);
  CHECK(told == reported);
  REQUIRE(report.failure() != nullptr);
  CHECK(report.failure()->name == "refuses");
  return join(told, ", ");
}

}  // namespace

TEST_CASE("gates: all are heard, and after a refusal that reverts none is") {
  CHECK(names_heard(false) == "passes, refuses, comes later");
  CHECK(names_heard(true) == "passes, refuses");
}

TEST_CASE("gates: they stand in the order of the reference, one to a place") {
  const auto& gates = eval::gates_in_order();
  REQUIRE_FALSE(gates.empty());
  CHECK(std::is_sorted(gates.begin(), gates.end(), [](auto* a, auto* b) { return a->place < b->place; }));
  CHECK(std::adjacent_find(gates.begin(), gates.end(), [](auto* a, auto* b) { return a->place == b->place; }) ==
        gates.end());
  CHECK(gates.front()->name == "loss");
  // forgelm 0.11.1, trainer.py: loss, benchmark, safety, judge.
  CHECK(GatePlace::loss < GatePlace::benchmark);
  CHECK(GatePlace::benchmark < GatePlace::safety);
  CHECK(GatePlace::safety < GatePlace::judge);
}

TEST_CASE("gates: whoever hears a result can end the run") {
  config::JobConfig job;
  int num_heard = 0;
  CHECK_THROWS_AS(eval::run_gates(kAll, {job, "staged", "run", {}, {}},
                                  [&](const GateResult&) {
                                    ++num_heard;
                                    throw RunError(RunErrorKind::out_of_disk, "the log is full");
                                  }),
                  RunError);
  CHECK(num_heard == 1);
}
