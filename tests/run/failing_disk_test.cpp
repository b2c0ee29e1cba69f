// Runs on disks that fill up or fail. A passage of every failpoint that a whole run comes by is made to fail: the run
// then ends with an error of the right kind, what was saved before is whole, and a resume brings the result that the
// run would have had. A few passages of each failpoint are tried with a fault each; FORGELM_FAULTS=all tries every
// fault at every passage, which takes some minutes.
#include <cerrno>
#include <cstdlib>
#include <iostream>

#include "forgelm/compliance/audit_log.hpp"
#include "forgelm/compliance/audit_verify.hpp"
#include "forgelm/compliance/model_integrity.hpp"
#include "forgelm/config/load.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/failpoint.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/formats/checkpoint_folder.hpp"
#include "forgelm/pipeline/run.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"
#include "support/text_match.hpp"
#include "tiny_job.hpp"

using namespace forgelm;
namespace fs = std::filesystem;

namespace {

struct DisarmAtEnd {
  ~DisarmAtEnd() { failpoint::disarm_all(); }
};

/// The token cache goes to `folder`, and the log nowhere.
class QuietHome {
 public:
  explicit QuietHome(const fs::path& folder) : sink_(set_log_sink([](LogLevel, std::string_view) {})) {
    ::setenv("XDG_CACHE_HOME", folder.c_str(), 1);
  }
  ~QuietHome() {
    ::unsetenv("XDG_CACHE_HOME");
    set_log_sink(sink_);
  }

 private:
  LogSink sink_;
};

struct Fault {
  const char* name;
  int error_number;
  bool keeps_firing;
};
constexpr Fault kFaults[] = {
    {"ENOSPC", ENOSPC, false}, {"EIO+", EIO, true}, {"ENOSPC+", ENOSPC, true}, {"EIO", EIO, false}};

void run_job_in(const fs::path& folder, bool resumes) {
  const auto loaded = config::load_job((folder / "job.yaml").native());
  pipeline::RunOptions options;
  options.shows_progress = false;
  if (resumes) options.resume = "auto";
  const pipeline::RunState state = pipeline::run_job(loaded, options).state;  // what it throws is the caller's
  REQUIRE(state == pipeline::RunState::finished);
}

fs::path new_folder(const test::TemporaryDirectory& home, const std::string& name) {
  fs::create_directory(home / name);
  test::write_tiny_job(home / name, {.num_epochs = 1, .save_steps = 1, .max_train_examples = 16});  // two steps
  return home / name;
}

std::string weights_in(const fs::path& folder) {
  return read_file(folder / "run/final_model/adapter_model.safetensors");
}
std::string losses_in(const fs::path& folder) { return read_file(folder / "run/loss.jsonl"); }

void try_fault(const test::TemporaryDirectory& home, std::string_view name, int nth, const Fault& fault,
               const fs::path& undisturbed) {
  INFO(name << "=" << fault.name << "@" << nth);
  const fs::path folder = new_folder(home, "faulty");
  failpoint::arm(name, failpoint::Action::error, fault.error_number, nth, fault.keeps_firing);
  bool has_failed = false;
  try {
    run_job_in(folder, false);
  } catch (const RunError& error) {
    has_failed = true;
    INFO(error.what());
    CHECK(error.kind() == (fault.error_number == ENOSPC ? RunErrorKind::out_of_disk : RunErrorKind::io));
  }
  failpoint::disarm_all();
  for (const auto& checkpoint : formats::list_checkpoints(folder / "run"))
    CHECK(formats::verify_checkpoint(checkpoint.path).empty());
  if (has_failed) run_job_in(folder, true);
  const auto log = compliance::verify_audit_file(folder / "run" / compliance::kAuditLogName, {});
  INFO(join(log.errors, "; "));
  CHECK(log.verdict == compliance::AuditVerdict::intact);
  CHECK(compliance::verify_model_integrity(folder / "run/final_model").verdict == compliance::IntegrityVerdict::intact);
  for (const auto& entry : fs::directory_iterator(folder / "run"))
    CHECK(entry.path().native().find(".partial") == std::string::npos);
  CHECK(weights_in(folder) == weights_in(undisturbed));
  CHECK(losses_in(folder) == losses_in(undisturbed));
  fs::remove_all(folder);
}

/// `num_tried` of the passages from 1 to `num_passages`, spread evenly, the first and the last among them.
std::vector<int> passages_to_try(int num_passages, int num_tried) {
  if (num_passages <= num_tried) num_tried = num_passages;
  std::vector<int> out;
  for (int i = 0; i < num_tried; ++i) out.push_back(num_tried == 1 ? 1 : 1 + i * (num_passages - 1) / (num_tried - 1));
  return out;
}

}  // namespace

TEST_CASE("failing_disk: whatever write of a run fails, the run says so and can be resumed to the same end") {
  const DisarmAtEnd disarm;
  const test::TemporaryDirectory home(test::memory_directory());
  const QuietHome quiet(home.path());
  const fs::path undisturbed = new_folder(home, "undisturbed");
  run_job_in(undisturbed, false);  // fills the token cache, whose writes other tests look after
  fs::remove_all(undisturbed);
  new_folder(home, "undisturbed");
  failpoint::count_passages(true);
  run_job_in(undisturbed, false);
  std::vector<std::pair<std::string_view, int>> passages;
  for (const auto name : failpoint::names())
    if (!name.ends_with(".allocate"))  // memory, not a disk
      passages.emplace_back(name, static_cast<int>(failpoint::num_passages(name)));
  failpoint::disarm_all();

  const char* option = std::getenv("FORGELM_FAULTS");
  std::size_t num_tried = 0;
  for (const auto& [name, num_passages] : passages)
    for (const int nth : passages_to_try(num_passages, option == nullptr ? 4 : num_passages)) {
      if (option == nullptr) try_fault(home, name, nth, kFaults[num_tried % std::size(kFaults)], undisturbed);
      else
        for (const Fault& fault : kFaults) try_fault(home, name, nth, fault, undisturbed);
      ++num_tried;
    }
  if (option != nullptr) std::cerr << num_tried << " passages, " << std::size(kFaults) << " faults at each\n";
  CHECK(num_tried > 40);
}

TEST_CASE("failing_disk: a run on a full disk exits 2, and goes on from its last good checkpoint when there is room") {
  const test::TemporaryDirectory folder;
  test::write_tiny_job(folder.path());
  if (test::run_script("unshare --user --map-root-user --mount true", folder.path().native()).exit_code != 0)
    FORGELM_SKIP("this machine lets nobody mount a file system of their own");
  const auto result = test::run_script(
      "export OMP_NUM_THREADS=1\n"
      "forgelm --config job.yaml >undisturbed.log 2>&1 || exit 90\n"
      "mv run undisturbed\n"
      "cat >on_small_disk <<'END'\n"
      "mount -t tmpfs -o size=256k tmpfs run || exit 91\n"
      "forgelm --config job.yaml 2>&1; echo \"exit $?\"\n"
      "ls -d run/checkpoint-* || exit 92\n"
      "mount -o remount,size=64m run || exit 93\n"
      "forgelm --config job.yaml --resume >>resumed.log 2>&1 || exit 94\n"
      "cmp run/loss.jsonl undisturbed/loss.jsonl || exit 95\n"
      "cmp run/final_model/adapter_model.safetensors undisturbed/final_model/adapter_model.safetensors || exit 96\n"
      "END\n"
      "mkdir run && unshare --user --map-root-user --mount bash on_small_disk",
      folder.path().native());
  INFO(result.out << result.err << read_file_if_exists(folder / "resumed.log").value_or(""));
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.out, Catch::Contains("exit 2") && Catch::Contains("No space left on device"));
}
