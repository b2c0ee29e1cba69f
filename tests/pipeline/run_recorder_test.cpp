// What a run writes down: the texts by hand, and that a run which was cut off and went on ends with the same bytes.
#include "pipeline/run_recorder.hpp"

#include <cerrno>

#include "fake_session.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/failpoint.hpp"
#include "forgelm/core/log.hpp"
#include "support/event_file.hpp"
#include "support/fake_environment.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using pipeline::RunRecorder;
namespace fs = std::filesystem;

pipeline::RecorderOptions options_for(const fs::path& folder) {
  pipeline::RecorderOptions options;
  options.run_folder = folder;
  options.tensorboard_folder = folder / "runs/one";
  options.configuration = "training: {}";
  options.log_steps = 5;
  options.has_samples = true;
  options.shows_progress = false;
  return options;
}

/// Nothing but warnings on stderr.
struct Quiet {
  Quiet() { set_log_level(LogLevel::WARNING); }
  ~Quiet() { set_log_level(LogLevel::INFO); }
};

/// Trains from a checkpoint's step, 0 for the start, to the end.
void train(const fs::path& folder, std::int64_t first_step, test::FakeTraining training = {}) {
  const Quiet quiet;
  training.request.run_folder = folder;
  if (first_step > 0) training.request.resume_from = folder / cat("checkpoint-", first_step);
  RunRecorder recorder(options_for(folder));
  recorder.finish(test::FakeSession(training).run(recorder));
}

struct Killed {};

test::FakeTraining killed_after(std::int64_t step) {
  test::FakeTraining training;
  training.after_step = [step](std::int64_t done) {
    if (done == step) throw Killed();
  };
  return training;
}

std::vector<Json> lines_of(const fs::path& file) {
  std::vector<Json> lines;
  for (const std::string& line : split(trim(read_file(file)), '\n')) lines.push_back(parse_json(line).value());
  return lines;
}

/// The log lines of a scope.
class LogLines {
 public:
  LogLines() {
    before_ = set_log_sink([this](LogLevel, std::string_view line) { text += cat(line, "\n"); });
  }
  ~LogLines() { set_log_sink(std::move(before_)); }
  std::string text;

 private:
  LogSink before_;
};

}  // namespace

TEST_CASE(
    "recorder: loss.jsonl has a line for every step and every evaluation, and nothing that another run would not "
    "have") {
  const test::TemporaryDirectory folder;
  test::FakeTraining training;
  training.num_steps = 2;
  training.eval_steps = 2;
  train(folder.path(), 0, training);
  CHECK(read_file(folder / "loss.jsonl") ==
        R"({"step": 0, "epoch": 0.0, "eval_loss": 6.0}
{"step": 1, "epoch": 0.16666666666666666, "loss": 4.75, "grad_norm": 1.0, "learning_rate": 0.0001, "num_tokens": 100}
{"step": 2, "epoch": 0.3333333333333333, "loss": 4.5, "grad_norm": 0.5, "learning_rate": 0.0001, "num_tokens": 200}
{"step": 2, "epoch": 0.3333333333333333, "eval_loss": 5.8}
)");
  CHECK(read_file(folder / "samples.jsonl") ==
        "{\"step\": 0, \"prompt\": \"a prompt\", \"text\": \"text at 0\"}\n"
        "{\"step\": 2, \"prompt\": \"a prompt\", \"text\": \"text at 2\"}\n");
}

TEST_CASE("recorder: metrics.jsonl has means since the line before, with speed, memory and time") {
  const test::TemporaryDirectory folder;
  test::FakeEnvironment fake;
  const ScopedEnvironment scope(fake);
  train(folder.path(), 0);
  std::vector<Json> steps, evaluations;
  for (Json& line : lines_of(folder / "metrics.jsonl")) (line.find("loss") ? steps : evaluations).push_back(line);
  REQUIRE(steps.size() == 3);  // 5, 10, and 12 as the last
  CHECK(steps[0].at("step") == Json(5));
  CHECK(steps[0].at("loss").real() == 5.0 - 0.25 * 3);  // the mean of steps 1 to 5
  CHECK(steps[2].at("step") == Json(12));
  CHECK(steps[2].at("loss").real() == 5.0 - 0.25 * 11.5);
  CHECK(steps[0].at("mean_token_accuracy").real() == 0.125 * 3);
  CHECK(steps[0].at("tokens_per_s").real() == 200.0);
  CHECK(steps[0].at("step_seconds").real() == 0.5);
  CHECK(steps[0].at("memory_bytes") == Json(1 << 20));
  CHECK(steps[0].at("time").text() == "1970-01-01T00:00:00Z");
  REQUIRE(evaluations.size() == 4);
  CHECK(evaluations[1].at("eval_loss").real() == 6.0 - 0.1 * 4);
  CHECK(evaluations[1].at("eval_samples_per_second").real() == 12.0);
  CHECK(evaluations[1].at("is_best") == Json(true));
}

TEST_CASE("recorder: a run that was cut off anywhere and went on leaves the same bytes") {
  const test::TemporaryDirectory whole;
  train(whole.path(), 0);
  for (std::int64_t killed = 4; killed < 12; ++killed) {
    for (const std::string& tail : {std::string(), std::string("{\"step\": 3, \"ep"), std::string(4, '\0')}) {
      INFO("killed after step " << killed << ", tail " << quote(tail));
      const test::TemporaryDirectory folder;
      CHECK_THROWS_AS(train(folder.path(), 0, killed_after(killed)), Killed);
      for (const char* name : {"loss.jsonl", "metrics.jsonl", "samples.jsonl"}) AppendFile(folder / name).append(tail);
      train(folder.path(), killed > 8 ? 8 : killed > 4 ? 4 : 0);
      CHECK(read_file(folder / "loss.jsonl") == read_file(whole / "loss.jsonl"));
      CHECK(read_file(folder / "samples.jsonl") == read_file(whole / "samples.jsonl"));
      // Times differ; the losses that stand there do not, though a mean may reach over the cut.
      const auto metrics = lines_of(folder / "metrics.jsonl"), expected = lines_of(whole / "metrics.jsonl");
      REQUIRE(metrics.size() == expected.size());
      for (std::size_t i = 0; i < metrics.size(); ++i)
        for (const char* key : {"step", "loss", "eval_loss"}) {
          const Json* value = metrics[i].find(key);
          const Json* other = expected[i].find(key);
          CHECK((value == nullptr) == (other == nullptr));
          if (value != nullptr && other != nullptr) CHECK(*value == *other);
        }
    }
  }
}

TEST_CASE("recorder: an evaluation that is done again after a resume is written once") {
  const test::TemporaryDirectory folder;
  CHECK_THROWS_AS(train(folder.path(), 0, killed_after(5)), Killed);  // evaluated and saved at 4
  RunRecorder recorder(options_for(folder.path()));
  engine::TrainingStart start;
  start.num_steps = 12;
  start.first_step = 4;
  recorder.on_start(start);
  engine::EvaluationReport again;
  again.step = 4;
  again.loss = 5.6;
  recorder.on_evaluation(again);
  recorder.on_sample({4, "a prompt", "text at 4"});
  int num_evaluations = 0, num_samples = 0;
  for (const Json& line : lines_of(folder / "loss.jsonl"))
    num_evaluations += line.find("eval_loss") != nullptr && line.at("step") == Json(4);
  for (const Json& line : lines_of(folder / "samples.jsonl")) num_samples += line.at("step") == Json(4);
  CHECK(num_evaluations == 1);
  CHECK(num_samples == 1);
  CHECK(recorder.first_loss() == 4.75);
  CHECK(recorder.last_loss() == 4.0);
}

TEST_CASE("recorder: TensorBoard gets transformers' names") {
  const test::TemporaryDirectory folder;
  train(folder.path(), 0);
  std::map<std::string, std::vector<test::ReadEvent>> by_tag;
  for (const auto& event : test::read_event_files(folder / "runs/one")) by_tag[event.tag].push_back(event);
  REQUIRE(by_tag["train/loss"].size() == 3);
  CHECK(by_tag["train/loss"][0].step == 5);
  CHECK(by_tag["train/loss"][0].value == 4.25f);
  for (const char* tag : {"train/grad_norm", "train/learning_rate", "train/epoch", "train/num_tokens",
                          "train/mean_token_accuracy", "eval/loss", "eval/runtime", "train/train_loss"}) {
    INFO(tag);
    CHECK_FALSE(by_tag[tag].empty());
  }
  CHECK(by_tag["args"].at(0).text == "training: {}");
  CHECK(by_tag["samples/a prompt"].size() == 4);
  CHECK(by_tag.count("train/time") == 0);
}

TEST_CASE("recorder: a tracker that fails is told once and does not stop the run") {
  const test::TemporaryDirectory folder;
  write_file_durably(folder / "runs", "a file in the way");
  LogLines log;
  train(folder.path(), 0);
  CHECK(log.text.find("TensorBoard events are not written") != std::string::npos);
  CHECK(log.text.find("TensorBoard events are not written", log.text.find("TensorBoard events are not written") + 1) ==
        std::string::npos);
  CHECK(lines_of(folder / "loss.jsonl").size() == 16);
}

TEST_CASE("recorder: a full disk under the run's own files ends the run") {
  const test::TemporaryDirectory folder;
  failpoint::arm("append.write", failpoint::Action::error, ENOSPC, 1, true);
  try {
    train(folder.path(), 0);
    FAIL("the disk is full");
  } catch (const RunError& error) {
    CHECK(error.kind() == RunErrorKind::out_of_disk);
  }
  failpoint::disarm_all();
}
