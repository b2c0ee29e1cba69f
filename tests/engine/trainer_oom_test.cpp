// Running out of memory: the same examples go through in smaller groups, and nothing else changes.
#include <cmath>
#include <cstdio>

#include "engine/training_fixture.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/failpoint.hpp"
#include "forgelm/formats/checkpoint_folder.hpp"

using namespace forgelm;
using namespace forgelm::test;

namespace {

class ScopedFailpoint {
 public:
  explicit ScopedFailpoint(int passage, bool keeps_firing = false, std::string_view name = "train.allocate") {
    failpoint::arm(name, failpoint::Action::error, 12, passage, keeps_firing);
  }
  ~ScopedFailpoint() { failpoint::disarm_all(); }
};

config::JobConfig job_with_recovery() {
  auto job = small_job();
  job.training.max_steps = 4;
  job.training.per_device_train_batch_size = 4;
  job.training.gradient_accumulation_steps = 2;
  job.training.oom_recovery = true;
  return job;
}

}  // namespace

TEST_CASE("After running out of memory the same steps are taken with smaller micro-batches") {
  const RunFolder folder;
  const auto data = make_training_data(folder / "data", 16, 5);
  for (const bool packs : {false, true}) {
    auto job = job_with_recovery();
    job.training.packing = packs;
    const auto whole = run_training(make_request(job, data, folder / (packs ? "packed" : "whole")));
    // In the first and second micro-batch of a step, and so that halving once is not enough: the fourth passage is the
    // second micro-batch of step 2, the fifth is the first of its second try.
    for (const int passage : {1, 2, 3, 4}) {
      INFO("passage " << passage << (packs ? ", packed" : ""));
      const ScopedFailpoint failpoint(passage);
      const auto run_folder = folder / ("run" + std::to_string(passage) + (packs ? "p" : ""));
      const auto run = run_training(make_request(job, data, run_folder));
      REQUIRE(run.recorder.ooms.size() == 1);
      CHECK(run.recorder.ooms[0].step == (passage + 1) / 2);
      CHECK(run.recorder.ooms[0].batch_size == 2);
      CHECK(run.recorder.ooms[0].accumulation_steps == 4);
      CHECK(run.outcome.batch_size == 2);
      CHECK(run.outcome.accumulation_steps == 4);
      REQUIRE(run.recorder.steps.size() == whole.recorder.steps.size());
      for (std::size_t i = 0; i < whole.recorder.steps.size(); ++i) {
        CHECK(run.recorder.steps[i].num_learnt_tokens == whole.recorder.steps[i].num_learnt_tokens);
        CHECK(run.recorder.steps[i].epoch == whole.recorder.steps[i].epoch);
        CHECK(std::abs(run.recorder.steps[i].loss - whole.recorder.steps[i].loss) <= 1e-6);
      }
      CHECK(largest_difference(run.weights, whole.weights) <= 1e-6);
    }
  }
}

TEST_CASE("A resumed run keeps the smaller micro-batches, and ends as the run did") {
  const RunFolder folder;
  const auto data = make_training_data(folder / "data", 16, 5);
  auto job = job_with_recovery();
  job.training.save_steps = 1;
  job.training.eval_steps = 1;
  FinishedRun whole;
  {
    const ScopedFailpoint failpoint(1);
    whole = run_training(make_request(job, data, folder / "run"));
  }
  auto request = make_request(job, data, folder / "run");
  request.resume_from = folder / "run/checkpoint-2";
  const auto resumed = run_training(request);
  CHECK(resumed.recorder.ooms.empty());
  CHECK(resumed.outcome.batch_size == 2);
  CHECK(resumed.recorder.lines_after(0) == whole.recorder.lines_after(2));
  CHECK(are_bit_equal(resumed.weights, whole.weights));
}

TEST_CASE("Micro-batches do not get smaller than the job allows, and the error says what helps") {
  const RunFolder folder;
  const auto data = make_training_data(folder / "data", 16, 0);
  auto job = job_with_recovery();
  job.training.oom_recovery_min_batch_size = 2;
  for (const bool recovers : {true, false}) {
    job.training.oom_recovery = recovers;
    const ScopedFailpoint failpoint(1, true);
    try {
      run_training(make_request(job, data, folder / (recovers ? "a" : "b")));
      FAIL("it went on");
    } catch (const RunError& error) {
      CHECK(error.kind() == RunErrorKind::out_of_memory);
      CHECK(error.hint().find(recovers ? "oom_recovery_min_batch_size" : "training.oom_recovery: true") !=
            std::string::npos);
      CHECK(error.hint().find("training.gradient_checkpointing: true") != std::string::npos);
    }
  }
}

TEST_CASE("An evaluation that runs out of memory is made again with fewer examples at a time, and counts the same") {
  const RunFolder folder;
  const auto data = make_training_data(folder / "data", 16, 7);
  const auto job = job_with_recovery();
  const auto whole = run_training(make_request(job, data, folder / "whole"));
  const ScopedFailpoint failpoint(2, false, "evaluate.allocate");  // in the midst of the first evaluation
  const auto run = run_training(make_request(job, data, folder / "run"));
  REQUIRE(run.recorder.ooms.size() == 1);
  CHECK(run.recorder.ooms[0].batch_size == 2);
  REQUIRE(run.recorder.evaluations.size() == whole.recorder.evaluations.size());
  for (std::size_t i = 0; i < whole.recorder.evaluations.size(); ++i) {
    CHECK(run.recorder.evaluations[i].num_examples == 7);
    CHECK(run.recorder.evaluations[i].num_learnt_tokens == whole.recorder.evaluations[i].num_learnt_tokens);
    CHECK(std::abs(run.recorder.evaluations[i].loss - whole.recorder.evaluations[i].loss) <= 5e-6);
  }
  CHECK(largest_difference(run.weights, whole.weights) <= 5e-6);
}
