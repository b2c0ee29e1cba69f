// A run that is killed and resumed, again and again, ends with the bytes of one that was not. The kills come at random
// moments spread over the run, and at the steps of saving, where the most can go wrong.
// FORGELM_KILLS sets their number (tools/kill_resume does).
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <random>
#include <set>
#include <thread>

#include "forgelm/compliance/audit_log.hpp"
#include "forgelm/compliance/audit_verify.hpp"
#include "forgelm/compliance/model_integrity.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/formats/checkpoint_folder.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"
#include "tiny_job.hpp"

using namespace forgelm;
namespace fs = std::filesystem;

namespace {

constexpr int kNumKills = 15;  ///< without the option

/// `forgelm --config job.yaml` in a folder, as a process that can be killed.
class Program {
 public:
  Program(const fs::path& folder, bool resumes, const std::string& failpoints = "") : folder_(folder) {
    const std::string program = std::string(FORGELM_BINARY_DIR) + "/bin/forgelm";
    const std::string home =
        "HOME=" + folder.parent_path().native();  // the token cache is shared by all runs of a test
    const std::string armed = "FORGELM_FAILPOINTS=" + failpoints;
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ > 0) return;
    const int log = ::open((folder / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    const int in = ::open("/dev/null", O_RDONLY);
    if (::chdir(folder.c_str()) != 0 || ::dup2(in, 0) < 0 || ::dup2(log, 1) < 0 || ::dup2(log, 2) < 0) ::_exit(126);
    const char* const arguments[] = {"forgelm", "--config", "job.yaml", resumes ? "--resume" : nullptr, nullptr};
    // One thread: sums over tensors this small are not worth a second one, and the machine has other tests to run.
    const char* const variables[] = {"PATH=/usr/bin:/bin",
                                     home.c_str(),
                                     "LANG=C.UTF-8",
                                     "OMP_NUM_THREADS=1",
                                     failpoints.empty() ? nullptr : armed.c_str(),
                                     nullptr};
    ::execve(program.c_str(), const_cast<char* const*>(arguments), const_cast<char* const*>(variables));
    ::_exit(127);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    if (pid_ > 0) {
      kill();
      wait();
    }
  }

  void kill() const { ::kill(pid_, SIGKILL); }
  /// Whether it has ended; then exit_code() is known.
  bool has_ended() {
    int status = 0;
    if (pid_ > 0 && ::waitpid(pid_, &status, WNOHANG) == pid_) note(status);
    return pid_ <= 0;
  }
  int wait() {
    int status = 0;
    while (pid_ > 0 && ::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    if (pid_ > 0) note(status);
    return exit_code_;
  }
  /// 128 + the signal for one that was killed.
  int exit_code() const { return exit_code_; }
  std::string log() const { return read_file(folder_ / "log"); }

 private:
  void note(int status) {
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    pid_ = -1;
  }
  fs::path folder_;
  pid_t pid_ = -1;
  int exit_code_ = -1;
};

constexpr int kKilled = 128 + SIGKILL;

/// The step of the last whole line of the run's loss file; 0 before the first.
int last_step(const fs::path& run) {
  const std::string text = read_file_if_exists(run / "loss.jsonl").value_or("");
  const std::size_t end = text.rfind('\n');
  if (end == std::string::npos) return 0;
  const std::size_t at = text.rfind("{\"step\": ", end);
  return at == std::string::npos ? 0 : std::atoi(text.c_str() + at + 9);
}

bool is_saving(const fs::path& run) {
  std::error_code ignored;
  for (fs::directory_iterator entry(run, ignored), end; !ignored && entry != end; entry.increment(ignored))
    if (entry->path().filename().native().rfind(".checkpoint-", 0) == 0) return true;
  return false;
}

struct RunFiles {
  std::string weights, losses;
  bool operator==(const RunFiles&) const = default;
};

RunFiles files_of(const fs::path& run) {
  return {read_file(run / "final_model/adapter_model.safetensors"), read_file(run / "loss.jsonl")};
}

fs::path new_folder(const test::TemporaryDirectory& home, const std::string& name, const test::TinyJob& job) {
  fs::create_directory(home / name);
  test::write_tiny_job(home / name, job);
  return home / name;
}

/// What the kills of a test came to.
struct Tally {
  int num_kills = 0;
  int num_while_saving = 0;
  int num_runs = 0;
  std::set<std::int64_t> resume_points;
};

/// Runs one job to its end through kills; each falls into a span of steps of its own, by a coin's throw at a random
/// moment or at a step of a save.
void run_through_kills(const fs::path& folder, int num_steps, int num_kills, std::mt19937& random, Tally& tally) {
  const fs::path run = folder / "run";
  const auto draw = [&](int from, int to) {
    return std::uniform_int_distribution<int>(from, std::max(from, to))(random);
  };
  constexpr const char* kStepsOfSaving[] = {"checkpoint.stage",         "checkpoint.remove", "directory.sync_file",
                                            "directory.sync_directory", "directory.rename",  "directory.sync_parent"};
  int span = 0;
  for (bool resumes = false;; resumes = true, ++span) {
    const int reached = last_step(run);
    const bool is_last = span >= num_kills || reached >= num_steps;
    const bool is_at_save = !is_last && span % 3 == 1;
    std::string failpoints;
    if (is_at_save) failpoints = cat(kStepsOfSaving[draw(0, 5)], "=kill@", draw(1, 2));
    const int target =
        std::max(reached + 1, draw(num_steps * span / num_kills + 1, num_steps * (span + 1) / num_kills));
    Program program(folder, resumes, failpoints);
    while (!program.has_ended()) {
      if (!is_last && !is_at_save && last_step(run) >= target) {
        std::this_thread::sleep_for(std::chrono::microseconds(draw(0, 20000)));
        program.kill();
        program.wait();
        break;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    if (std::getenv("FORGELM_KILLS_DEBUG"))
      std::cerr << "span " << span << " reached " << reached << " target " << target << " save " << is_at_save
                << " last " << is_last << " " << failpoints << " -> " << program.exit_code() << " at " << last_step(run)
                << "\n";
    if (program.exit_code() != kKilled) {
      INFO(program.log());
      REQUIRE(program.exit_code() == 0);
      return;
    }
    ++tally.num_kills;
    if (is_at_save || is_saving(run)) ++tally.num_while_saving;
    const auto checkpoints = formats::list_checkpoints(run);
    tally.resume_points.insert(checkpoints.empty() ? 0 : checkpoints.back().step);
  }
}

}  // namespace

TEST_CASE("kill_resume: a run that is killed and resumed ends with the bytes of one that was not") {
  const char* option = std::getenv("FORGELM_KILLS");
  const int num_kills = option == nullptr ? kNumKills : std::max(1, std::atoi(option));
  test::TinyJob job;
  job.num_epochs = num_kills > 2 * kNumKills ? 16 : 4;
  const int num_steps = 12 * job.num_epochs;
  const test::TemporaryDirectory home(test::memory_directory());

  const fs::path undisturbed = new_folder(home, "undisturbed", job);
  {
    Program program(undisturbed, false);
    const int exit_code = program.wait();
    INFO(program.log());
    REQUIRE(exit_code == 0);
  }
  const RunFiles expected = files_of(undisturbed / "run");
  REQUIRE(last_step(undisturbed / "run") == num_steps);

  std::mt19937 random(20261121);
  Tally tally;
  // A kill can come too late on a busy machine: then the run has ended, is compared, and another one takes what is
  // left.
  while (tally.num_kills < num_kills) {
    REQUIRE(tally.num_runs < 10);
    const fs::path folder = new_folder(home, cat("killed-", tally.num_runs++), job);
    run_through_kills(folder, num_steps, num_kills - tally.num_kills, random, tally);
    const bool is_same = files_of(folder / "run") == expected;
    if (!is_same) std::cerr << "the run in " << folder.native() << " after " << tally.num_kills << " kills differs\n";
    REQUIRE(is_same);
    const auto log = compliance::verify_audit_file(folder / "run" / compliance::kAuditLogName, {});
    INFO(join(log.errors, "; "));
    REQUIRE(log.verdict == compliance::AuditVerdict::intact);
    REQUIRE(compliance::verify_model_integrity(folder / "run/final_model").verdict ==
            compliance::IntegrityVerdict::intact);
  }
  if (option != nullptr)
    std::cerr << tally.num_kills << " kills, " << tally.num_while_saving << " of them during a save, "
              << tally.resume_points.size() << " different resume points, " << tally.num_runs << " runs of "
              << num_steps << " steps; weights and losses as in the run that nobody killed\n";
  CHECK(tally.num_while_saving >= num_kills / 4);
  CHECK(static_cast<int>(tally.resume_points.size()) >= std::min(20, num_kills / 2));
}
