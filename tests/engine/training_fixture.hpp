// A small training run for tests: the bundled model, made-up token sequences, and an observer that keeps every report,
// numbers to the last bit.
#pragma once

#include "support/torch_test.hpp"

#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "engine/model/tensor_file.hpp"
#include "engine/training/session.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/pcg64.hpp"
#include "forgelm/data/token_store.hpp"
#include "forgelm/engine/training.hpp"
#include "support/temporary_directory.hpp"

namespace forgelm::test {

inline std::filesystem::path quickstart_model() {
  return std::filesystem::path(FORGELM_SOURCE_DIR) / "templates/quickstart/model";
}

/// Sequences of 6 to 24 tokens of the bundled model, all but the first quarter learnt; the next token follows from the
/// one before by a rule that can be learnt, so that losses fall.
inline std::shared_ptr<const data::TokenStore> make_training_store(const std::filesystem::path& path,
                                                                   std::size_t num_examples, std::uint64_t seed) {
  const Json description = Json::object({{"name", path.native()}});
  data::TokenStoreWriter writer(path, description);
  Pcg64 random(seed);
  for (std::size_t i = 0; i < num_examples; ++i) {
    data::Sequence sequence;
    const auto length = static_cast<std::uint32_t>(6 + random.next_up_to(18));
    auto id = static_cast<std::int32_t>(3 + random.next_up_to(400));
    for (std::uint32_t t = 0; t < length; ++t) {
      sequence.ids.push_back(id);
      id = 3 + (id * 7 + 11) % 400;
    }
    sequence.learnt.push_back({std::max(1u, length / 4), length});
    data::Example example;
    example.row = i;
    example.sequences.push_back(std::move(sequence));
    writer.append(example);
  }
  writer.commit(Json());
  return std::make_shared<const data::TokenStore>(data::TokenStore::open(path, description).value());
}

inline data::PreparedData make_training_data(const std::filesystem::path& folder, std::size_t num_train,
                                             std::size_t num_eval) {
  std::filesystem::create_directories(folder);
  data::PreparedData out;
  const auto add = [&](const std::string& name, std::size_t num_examples, std::uint64_t seed) {
    const auto store = make_training_store(folder / name, num_examples, seed);
    out.sources.push_back({name + ".jsonl", {}});
    out.sources.back().tokens.store = store;
    return std::make_shared<const data::ExampleList>(store);
  };
  out.train = add("train", num_train, 1);
  if (num_eval > 0) out.eval = add("eval", num_eval, 2);
  return out;
}

/// LoRA on the attention of the bundled model: 12 steps of 2 x 2 examples.
inline config::JobConfig small_job() {
  config::JobConfig job;
  job.model.name_or_path = quickstart_model().native();
  job.model.load_in_4bit = false;
  job.model.max_length = 48;
  job.lora.r = 4;
  job.lora.alpha = 8;
  job.lora.dropout = 0;
  job.training.max_steps = 12;
  job.training.per_device_train_batch_size = 2;
  job.training.gradient_accumulation_steps = 2;
  job.training.learning_rate = 5e-3;
  job.training.eval_steps = 3;
  job.training.save_steps = 3;
  job.training.save_total_limit = 100;
  job.training.early_stopping_patience = 100;
  job.training.precision = config::Precision::float32;
  job.training.gradient_checkpointing = config::GradientCheckpointing::false_;
  return job;
}

/// All bits of a number.
inline std::string bits(double value) {
  std::uint64_t word = 0;
  std::memcpy(&word, &value, sizeof word);
  std::ostringstream out;
  out << value << "/" << std::hex << word;
  return out.str();
}

/// Keeps what it is told, a line each. Times and memory, which no two runs share, are left out.
class Recorder : public engine::TrainingObserver {
 public:
  void on_start(const engine::TrainingStart& report) override { start = report; }
  void on_step(const engine::StepReport& report) override {
    std::ostringstream line;
    line << "step " << report.step << " epoch " << bits(report.epoch) << " loss " << bits(report.loss) << " norm "
         << bits(report.grad_norm) << " rate " << bits(report.learning_rate) << " tokens " << report.num_tokens << " "
         << report.num_learnt_tokens << " " << report.step_tokens;
    for (const auto& [name, value] : report.metrics) line << " " << name << " " << bits(value);
    add(report.step, line.str());
    steps.push_back(report);
  }
  void on_evaluation(const engine::EvaluationReport& report) override {
    std::ostringstream line;
    line << "evaluation " << report.step << " epoch " << bits(report.epoch) << " loss " << bits(report.loss) << " of "
         << report.num_examples << " " << report.num_learnt_tokens << (report.is_best ? " best" : "");
    for (const auto& [name, value] : report.metrics) line << " " << name << " " << bits(value);
    add(report.step, line.str());
    evaluations.push_back(report);
  }
  void on_sample(const engine::SampleReport& report) override { samples.push_back(report); }
  void on_checkpoint_begin(std::int64_t step) override { begun.push_back(step); }
  void on_checkpoint(const engine::CheckpointReport& report) override { checkpoints.push_back(report); }
  void on_oom(const engine::OomReport& report) override { ooms.push_back(report); }
  bool wants_stop() override { return stop_after > 0 && !steps.empty() && steps.back().step >= stop_after; }

  /// The lines about what came after `step`.
  std::vector<std::string> lines_after(std::int64_t step) const {
    std::vector<std::string> out;
    for (const auto& [at, line] : lines_)
      if (at > step) out.push_back(line);
    return out;
  }

  engine::TrainingStart start;
  std::vector<engine::StepReport> steps;
  std::vector<engine::EvaluationReport> evaluations;
  std::vector<engine::SampleReport> samples;
  std::vector<engine::CheckpointReport> checkpoints;
  std::vector<engine::OomReport> ooms;
  std::vector<std::int64_t> begun;
  std::int64_t stop_after = 0;  ///< 0: never

 private:
  void add(std::int64_t step, std::string line) { lines_.emplace_back(step, std::move(line)); }
  std::vector<std::pair<std::int64_t, std::string>> lines_;
};

/// While it lives, operations use so many threads: small ones are fastest with one.
class ScopedThreads {
 public:
  explicit ScopedThreads(int num_threads) : before_(at::get_num_threads()) { at::set_num_threads(num_threads); }
  ~ScopedThreads() { at::set_num_threads(before_); }
  ScopedThreads(const ScopedThreads&) = delete;
  ScopedThreads& operator=(const ScopedThreads&) = delete;

 private:
  int before_;
};

/// Where a test runs: on one thread, since bits are compared, in a folder on a file system in memory, where there is
/// one: checkpoints are synced file by file.
struct RunFolder : TemporaryDirectory {
  RunFolder() : TemporaryDirectory(memory_directory()) {}
  const ScopedThreads threads{1};
};

/// What a run leaves.
struct FinishedRun {
  Recorder recorder;
  engine::TrainingOutcome outcome;
  std::map<std::string, at::Tensor> weights;  ///< of the saved model, by name
};

inline engine::TrainingRequest make_request(const config::JobConfig& job, const data::PreparedData& data,
                                            const std::filesystem::path& run_folder) {
  std::filesystem::create_directories(run_folder);
  engine::TrainingRequest request;
  request.job = job;
  request.data = data;
  request.run_folder = run_folder;
  request.run_id = "fg-000000000000";
  request.device = "cpu";
  return request;
}

inline std::map<std::string, at::Tensor> read_weights(const std::filesystem::path& folder) {
  std::map<std::string, at::Tensor> out;
  for (const char* name : {"adapter_model.safetensors", "model.safetensors"})
    if (std::filesystem::exists(folder / name))
      for (auto& [tensor_name, tensor] : engine::read_tensor_file(folder / name, at::kCPU)) out[tensor_name] = tensor;
  return out;
}

inline FinishedRun run_training(engine::TrainingRequest request, std::int64_t stop_after = 0) {
  FinishedRun run;
  run.recorder.stop_after = stop_after;
  const TemporaryDirectory folder(memory_directory());
  const auto session = engine::make_training_session(std::move(request), {});
  run.outcome = session->run(run.recorder);
  session->save(folder.path());
  run.weights = read_weights(folder.path());
  return run;
}

/// Equal names and bits.
inline bool are_bit_equal(const std::map<std::string, at::Tensor>& a, const std::map<std::string, at::Tensor>& b) {
  if (a.size() != b.size() || a.empty()) return false;
  for (const auto& [name, tensor] : a) {
    const auto other = b.find(name);
    if (other == b.end() || !at::equal(tensor, other->second)) return false;
  }
  return true;
}

inline double largest_difference(const std::map<std::string, at::Tensor>& a,
                                 const std::map<std::string, at::Tensor>& b) {
  double largest = 0;
  for (const auto& [name, tensor] : a)
    largest = std::max(largest, (tensor.to(at::kDouble) - b.at(name).to(at::kDouble)).abs().max().item<double>());
  return largest;
}

}  // namespace forgelm::test
