// All reachable states of an approval, by enumeration: every sequence of three acts out of those that people, accidents
// and attackers have, compared at each step with a model of a few lines; every step of a decision killed and failed;
// approvals and rejections that race. Whatever happens, a model at its place was granted, and was granted once.
#include <cerrno>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <set>

#include "forgelm/compliance/approval.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/failpoint.hpp"
#include "forgelm/core/text.hpp"
#include "staged_run.hpp"
#include "support/subprocess.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using test::StagedRun;
namespace fs = std::filesystem;

// ---- the model -----------------------------------------------------------------------------------------------------

/// What decides the outcome of an act.
struct State {
  int num_granted = 0, num_rejected = 0;
  bool is_staged = true, is_placed = false, is_tampered = false, is_log_bad = false, is_place_taken = false;
  friend auto operator<=>(const State&, const State&) = default;
};

/// 0 decided, 1 refused, 6 not trusted; -1: the act is no decision.
int expected_of(State& state, const std::string& act, bool four_eyes) {
  if (act == "tamper") state.is_tampered = state.is_tampered || state.is_staged;
  else if (act == "move staging") state.is_staged = false;
  else if (act == "take place") state.is_place_taken = state.is_place_taken || !state.is_placed;
  else if (act == "change log") state.is_log_bad = true;
  if (!act.starts_with("approve") && !act.starts_with("reject")) return -1;
  const bool is_operator = act.ends_with("operator");
  if (state.is_log_bad) return 6;
  if (state.num_granted + state.num_rejected > 0 || !state.is_staged) return 1;
  if (act.starts_with("reject")) {
    if (is_operator && four_eyes) return 1;
    ++state.num_rejected;
    return 0;
  }
  if (state.is_place_taken || (is_operator && four_eyes)) return 1;
  if (state.is_tampered) return 6;
  ++state.num_granted;
  state.is_staged = false;
  state.is_placed = true;
  return 0;
}

// ---- the program ---------------------------------------------------------------------------------------------------

int outcome_of(const std::function<compliance::Decision()>& decide) {
  try {
    return decide().integrity_failure.empty() ? 0 : 6;
  } catch (const ConfigError&) {
    return 1;
  } catch (const RunError&) {
    return 2;
  }
}

int do_act(StagedRun& run, const std::string& act) {
  if (act == "tamper") {
    if (fs::exists(run.staging())) write_file_durably(run.staging() / "adapter_model.safetensors", "the weightz");
  } else if (act == "move staging") {
    if (fs::exists(run.staging())) fs::rename(run.staging(), run.folder() / "moved away");
  } else if (act == "take place") {
    if (!fs::exists(run.place())) write_file_durably(run.place(), "something");
  } else if (act == "change log") {
    std::string text = read_file(run.log());
    if (text.find("1.25") != std::string::npos) text.replace(text.find("1.25"), 4, "0.25");
    std::ofstream(run.log(), std::ios::binary | std::ios::trunc) << text;
  } else if (act == "clock back") {
    run.environment.now.microseconds -= std::int64_t{86400} * 1'000'000;
  } else {
    run.environment.variables["FORGELM_OPERATOR"] = act.ends_with("operator") ? "alice" : "bob";
    return act.starts_with("approve") ? outcome_of([&] { return compliance::approve(run.request()); })
                                      : outcome_of([&] { return compliance::reject(run.request()); });
  }
  return -1;
}

State state_of(const StagedRun& run) {
  State state;
  state.num_granted = run.count("human_approval.granted");
  state.num_rejected = run.count("human_approval.rejected");
  state.is_staged = fs::exists(run.staging());
  state.is_placed = fs::is_directory(run.place());
  return state;
}

constexpr const char* kActs[] = {"approve",      "reject",     "approve by operator", "reject by operator", "tamper",
                                 "move staging", "take place", "change log",          "clock back"};

/// A model at its place was granted, once, and is the one that passed.
void require_sound(const StagedRun& run) {
  CHECK(run.count("human_approval.granted") + run.count("human_approval.rejected") <= 1);
  if (!fs::is_directory(run.place())) return;
  CHECK(run.count("human_approval.granted") == 1);
  CHECK(StagedRun::is_whole(run.place()));
}

}  // namespace

TEST_CASE("approval states: every sequence of three acts ends where the model says") {
  std::set<State> reached;
  int num_sequences = 0;
  for (const bool four_eyes : {false, true})
    for (const char* first : kActs)
      for (const char* second : kActs)
        for (const char* third : kActs) {
          StagedRun run({four_eyes, "alice@host"});
          State expected;
          for (const char* act : {first, second, third}) {
            const int code = expected_of(expected, act, four_eyes);
            INFO(first << ", " << second << ", " << third << " at " << act << (four_eyes ? ", four eyes" : ""));
            REQUIRE(do_act(run, act) == code);
            const State actual = state_of(run);
            REQUIRE(actual.num_granted == expected.num_granted);
            REQUIRE(actual.num_rejected == expected.num_rejected);
            REQUIRE(actual.is_staged == expected.is_staged);
            REQUIRE(actual.is_placed == expected.is_placed);
            reached.insert(expected);
          }
          require_sound(run);
          ++num_sequences;
        }
  CHECK(num_sequences == 2 * 9 * 9 * 9);
  // Nothing that the model can reach in three acts was left out, and the acts do reach different states.
  CHECK(reached.size() >= 20);
}

namespace {

/// The failpoints that a decision passes, and how often.
std::map<std::string_view, int> passages_of(const std::function<void(StagedRun&)>& decide) {
  StagedRun run;
  failpoint::count_passages(true);
  decide(run);
  std::map<std::string_view, int> out;
  for (const auto name : failpoint::names())
    if (const auto count = static_cast<int>(failpoint::num_passages(name)); count > 0) out[name] = count;
  failpoint::disarm_all();
  return out;
}

void cross_devices() { failpoint::arm("approval.device", failpoint::Action::error, EXDEV, 1, true); }

struct Way {
  const char* name;
  bool approves, moves;
};
constexpr Way kWays[] = {
    {"approve", true, false}, {"approve across file systems", true, true}, {"reject", false, false}};

compliance::Decision decide(const Way& way, StagedRun& run) {
  if (way.moves) cross_devices();
  return way.approves ? compliance::approve(run.request()) : compliance::reject(run.request());
}

/// After a decision that was stopped somewhere, what is there is from before or after; the same command then ends it.
void require_whole_and_finish(const Way& way, StagedRun& run) {
  CHECK(run.is_log_intact());
  require_sound(run);
  CHECK((StagedRun::is_whole(run.staging()) || StagedRun::is_whole(run.place())));
  const bool was_recorded = run.count(way.approves ? "human_approval.granted" : "human_approval.rejected") > 0;
  const bool was_finished = was_recorded && (!way.approves || !fs::exists(run.staging()));
  const int code = outcome_of([&] { return decide(way, run); });
  failpoint::disarm_all();
  CHECK(code == (was_finished ? 1 : 0));
  CHECK(run.is_log_intact());
  require_sound(run);
  CHECK(fs::exists(run.staging()) != way.approves);
  CHECK(StagedRun::is_whole(way.approves ? run.place() : run.staging()));
  CHECK_FALSE(fs::exists(run.place().native() + ".approving"));
}

}  // namespace

TEST_CASE("approval states: a decision that is killed at any step is as before or after, and can be ended") {
  int num_kills = 0;
  for (const Way& way : kWays)
    for (const auto& [name, count] : passages_of([&](StagedRun& run) { decide(way, run); }))
      for (int nth = 1; nth <= count; ++nth) {
        if (name == "approval.device") continue;  // stands for another file system, not for a step
        INFO(way.name << ": " << name << " @ " << nth);
        StagedRun run;
        const auto end = test::run_in_child([&] {
          failpoint::arm(name, failpoint::Action::kill, 0, nth);
          decide(way, run);
          return 0;
        });
        REQUIRE(end.was_killed);
        require_whole_and_finish(way, run);
        ++num_kills;
      }
  CHECK(num_kills > 30);
}

TEST_CASE("approval states: a decision that fails at any step, once or from then on, can be repeated") {
  int num_faults = 0;
  for (const Way& way : kWays)
    for (const auto& [name, count] : passages_of([&](StagedRun& run) { decide(way, run); }))
      for (int nth = 1; nth <= count; ++nth)
        for (const int error_number : {ENOSPC, EIO})
          for (const bool keeps_firing : {false, true}) {
            if (name == "approval.device") continue;
            INFO(way.name << ": " << name << " @ " << nth << " errno " << error_number << (keeps_firing ? "+" : ""));
            StagedRun run;
            failpoint::arm(name, failpoint::Action::error, error_number, nth, keeps_firing);
            const int code = outcome_of([&] { return decide(way, run); });
            failpoint::disarm_all();
            CHECK((code == 0 || code == 2));
            require_whole_and_finish(way, run);
            ++num_faults;
          }
  CHECK(num_faults > 120);
}

TEST_CASE("approval states: of decisions that race one is taken, and the others find it") {
  constexpr int kNumRaces = 50;
  int num_granted = 0;
  for (int race = 0; race < kNumRaces; ++race) {
    StagedRun run;
    std::vector<pid_t> children;
    for (int i = 0; i < 3; ++i)
      children.push_back(test::start_in_child([&, i] {
        return outcome_of([&] {
          return (i + race) % 2 == 0 ? compliance::approve(run.request()) : compliance::reject(run.request());
        });
      }));
    std::multiset<int> codes;
    for (const pid_t child : children) codes.insert(test::wait_for(child).exit_code);
    CHECK(codes == std::multiset<int>{0, 1, 1});
    require_sound(run);
    CHECK(run.count("human_approval.granted") + run.count("human_approval.rejected") == 1);
    num_granted += run.count("human_approval.granted");
    CHECK(run.is_log_intact());
  }
  CHECK(num_granted > 0);
  CHECK(num_granted < kNumRaces);
}
