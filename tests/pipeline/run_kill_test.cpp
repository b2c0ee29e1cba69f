// A run that is killed, at any step of what it writes, or whose disk fails there: the same run again ends as if nothing
// had happened, with one model where it belongs, a log that verifies, and nothing left over. With a session that has no
// tensors; the first and the last passage of each failpoint, and with FORGELM_FAULTS=all every one.
#include <cerrno>
#include <cstdlib>
#include <map>
#include <set>

#include "forgelm/compliance/approval.hpp"
#include "forgelm/compliance/audit_log.hpp"
#include "forgelm/compliance/audit_verify.hpp"
#include "forgelm/compliance/model_integrity.hpp"
#include "forgelm/core/error.hpp"
#include "support/subprocess.hpp"
#include "workplace.hpp"

namespace {

using namespace forgelm;
using pipeline::RunState;
using test::Workplace;
namespace fs = std::filesystem;

struct Ending {
  const char* name;
  const char* sections;
  RunState state;
  std::optional<double> final_loss;
};
const Ending kEndings[] = {
    {"promoted", "evaluation: {max_acceptable_loss: 6.0}\n", RunState::finished, {}},
    {"held for a person", "evaluation: {require_human_approval: true}\n", RunState::awaiting_approval, {}},
    {"reverted", "evaluation: {auto_revert: true}\n", RunState::rejected, 6.5},
    {"kept aside", "evaluation: {max_acceptable_loss: 6.0}\n", RunState::rejected, 6.5},
};

/// A place whose runs come to that end, with the audit log on disk. Four steps and one checkpoint keep it short.
void prepare(Workplace& here, const Ending& ending) {
  here.keeps_audit_in_memory = false;
  here.sections = ending.sections;
  here.training.num_steps = here.training.save_steps = here.training.eval_steps = 4;
  here.training.final_loss = ending.final_loss;
}

/// Passages of what is durable, from the moment when the model is saved.
std::map<std::string_view, int> passages_of(const Ending& ending) {
  Workplace here;
  prepare(here, ending);
  here.training.before_save = [] { failpoint::count_passages(true); };
  REQUIRE(here.run().state == ending.state);
  std::map<std::string_view, int> out;
  for (const auto name : failpoint::names())
    if (const auto count = static_cast<int>(failpoint::num_passages(name)); count > 0) out[name] = count;
  failpoint::disarm_all();
  return out;
}

std::vector<int> passages_to_try(int count) {
  std::vector<int> out = {1};
  if (std::getenv("FORGELM_FAULTS") == nullptr) {
    if (count > 1) out.push_back(count);
    return out;
  }
  for (int nth = 2; nth <= count; ++nth) out.push_back(nth);
  return out;
}

void require_sound(const Workplace& here) {
  const auto log = compliance::verify_audit_file(here.out() / compliance::kAuditLogName, {});
  INFO((log.errors.empty() ? std::string() : log.errors.front()));
  CHECK((log.verdict == compliance::AuditVerdict::intact || log.verdict == compliance::AuditVerdict::torn_tail));
  if (fs::exists(here.model()))
    CHECK(compliance::verify_model_integrity(here.model()).verdict == compliance::IntegrityVerdict::intact);
}

/// The same run again comes to its end, and nothing else is left.
void require_ends(Workplace& here, const Ending& ending) {
  require_sound(here);
  if (ending.state != RunState::finished) CHECK_FALSE(fs::exists(here.model()));
  // What the run before has finished staging, it has asked for or recorded as refused: that stays.
  const bool was_rejected = here.record().at("state") == Json("rejected");
  std::set<fs::path> staged;
  for (const std::string& name : here.names())
    if (const std::size_t at = name.find(".staging."); at != std::string::npos)
      if (was_rejected || compliance::has_asked_for_approval(here.out(), name.substr(at + 9)))
        staged.insert(here.out() / name);
  here.training.before_save = [] {};
  unsigned char skipped[5];  // a child that was killed has used up what this process would draw next
  here.environment.random_bytes(skipped, sizeof skipped);
  const auto result = here.run("auto");
  staged.insert(result.staging);
  CHECK(result.state == ending.state);
  require_sound(here);
  CHECK(fs::exists(here.model()) == (ending.state == RunState::finished));
  for (const std::string& name : here.names()) {
    INFO(name);
    CHECK(name.find(".partial") == std::string::npos);
    CHECK(name.find(".replaced") == std::string::npos);
    if (name.find(".staging.") != std::string::npos) CHECK(staged.count(here.out() / name) == 1);
    if (result.is_reverted) CHECK(name.find("checkpoint-") == std::string::npos);
  }
}

}  // namespace

TEST_CASE("run kill: a run killed at any step after training, run again, ends as one that was not") {
  int num_kills = 0;
  for (const Ending& ending : kEndings)
    for (const auto& [name, count] : passages_of(ending))
      for (const int nth : passages_to_try(count)) {
        INFO(ending.name << ": " << name << " @ " << nth);
        Workplace here;
        prepare(here, ending);
        const std::string_view point = name;
        here.training.before_save = [&] { failpoint::arm(point, failpoint::Action::kill, 0, nth); };
        const auto end = test::run_in_child([&] {
          here.run();
          return 0;
        });
        REQUIRE(end.was_killed);
        require_ends(here, ending);
        ++num_kills;
      }
  CHECK(num_kills > 50);
}

TEST_CASE("run kill: a run whose disk fails at any step after training says so and, run again, ends well") {
  int num_faults = 0;
  for (const Ending& ending : kEndings)
    for (const auto& [name, count] : passages_of(ending))
      for (const int nth : passages_to_try(count)) {
        const bool keeps_firing = nth % 2 == 0;
        INFO(ending.name << ": " << name << " @ " << nth << (keeps_firing ? "+" : ""));
        Workplace here;
        prepare(here, ending);
        const std::string_view point = name;
        here.training.before_save = [&] { failpoint::arm(point, failpoint::Action::error, ENOSPC, nth, keeps_firing); };
        try {
          here.run();
        } catch (const RunError& error) {
          INFO(error.what());
          CHECK(error.kind() == RunErrorKind::out_of_disk);
        }
        failpoint::disarm_all();
        require_ends(here, ending);
        ++num_faults;
      }
  CHECK(num_faults > 50);
}
