// The trainer against transformers and peft (tests/golden/training), from a job to a saved model: twenty steps of a
// shuffled data set, evaluation before and after. And how a step is cut up, packed or not, must not matter.
#include "support/torch_test.hpp"

#include <cmath>
#include <optional>

#include "engine/golden_sequences.hpp"
#include "engine/training_fixture.hpp"

namespace {

using namespace forgelm;
using namespace forgelm::test;

const Json& golden() {
  static const Json json = read_training_golden("runs.json");
  return json;
}

data::PreparedData prepared(const std::filesystem::path& folder, std::size_t num_train) {
  std::filesystem::create_directories(folder);
  data::PreparedData out;
  const auto add = [&](const char* name, std::size_t count) {
    const Json description = Json::object({{"name", name}});
    data::TokenStoreWriter writer(folder / name, description);
    const auto sequences = golden_sequences(name);
    for (std::size_t i = 0; i < std::min(count, sequences.size()); ++i) {
      data::Example example;
      example.row = i;
      example.sequences.push_back(sequences[i]);
      writer.append(example);
    }
    writer.commit(Json());
    out.sources.push_back({std::string(name) + ".jsonl", {}});
    out.sources.back().tokens.store =
        std::make_shared<const data::TokenStore>(data::TokenStore::open(folder / name, description).value());
    return std::make_shared<const data::ExampleList>(out.sources.back().tokens.store);
  };
  out.train = add("train", num_train);
  out.eval = add("eval", 100);
  return out;
}

struct Run {
  const char* name;
  const char* adapter;  ///< "" trains all weights
  bool is_quantized;
};

config::JobConfig job_of(const Run& run) {
  const Json& settings = golden().at("settings");
  config::JobConfig job;
  const bool all = std::string(run.adapter).empty();
  job.model.name_or_path = (all ? quickstart_model() : training_golden() / run.adapter).native();
  job.model.load_in_4bit = run.is_quantized;
  job.model.max_length = 512;
  job.lora.dropout = 0;
  if (all) job.lora.method = config::LoraMethod::none;
  job.training.max_steps = settings.at("steps").integer();
  job.training.per_device_train_batch_size = settings.at("batch_size").integer();
  job.training.gradient_accumulation_steps = 1;
  job.training.learning_rate = golden().at("runs").at(run.name).at("learning_rate").real();
  job.training.weight_decay = settings.at("weight_decay").real();
  job.training.warmup_ratio = settings.at("warmup_ratio").real();
  job.training.max_grad_norm = settings.at("max_grad_norm").real();
  job.training.seed = settings.at("seed").integer();
  job.training.eval_steps = job.training.max_steps;
  job.training.save_steps = job.training.max_steps;
  job.training.precision = config::Precision::float32;
  job.training.gradient_checkpointing = config::GradientCheckpointing::false_;
  return job;
}

TEST_CASE("The trainer takes the steps of transformers and peft") {
  const auto run =
      GENERATE(Run{"lora", "attention_adapter", false}, Run{"rslora_all_linear", "all_linear_adapter", false},
               Run{"qlora", "attention_adapter", true}, Run{"full", "", false});
  INFO(run.name);
  const Json& expected = golden().at("runs").at(run.name);
  const TemporaryDirectory folder;
  const auto data = prepared(folder / "data", 100);
  const auto finished = run_training(make_request(job_of(run), data, folder / "run"));
  const auto& steps = finished.recorder.steps;
  REQUIRE(steps.size() == expected.at("steps").items().size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    INFO("step " << i + 1);
    const Json& step = expected.at("steps").items()[i];
    const double norm = step.at("grad_norm").real();
    CHECK(std::abs(steps[i].loss - step.at("loss").real()) <= 1e-5);
    CHECK(std::abs(steps[i].grad_norm - norm) <= 1e-5 * norm);
    CHECK(steps[i].learning_rate == Approx(step.at("learning_rate").real()).epsilon(1e-12));
  }
  REQUIRE(finished.outcome.initial_eval_loss);
  REQUIRE(finished.outcome.eval_loss);
  CHECK(std::abs(*finished.outcome.initial_eval_loss - expected.at("eval_loss_before").real()) <= 1e-5);
  CHECK(std::abs(*finished.outcome.eval_loss - expected.at("eval_loss_after").real()) <= 1e-5);
}

TEST_CASE("A step of eight rows, of eight micro-batches of one, and of one packed sequence is the same step") {
  const auto run = GENERATE(Run{"lora", "attention_adapter", false}, Run{"qlora", "attention_adapter", true},
                            Run{"full", "", false});
  INFO(run.name);
  const TemporaryDirectory folder;
  const auto data = prepared(folder / "data", 8);  // an epoch is a step
  enum class Cut { rows, micro_batches, packed };
  std::optional<std::vector<engine::StepReport>> whole;
  for (const Cut cut : {Cut::rows, Cut::micro_batches, Cut::packed}) {
    config::JobConfig job = job_of(run);
    if (cut != Cut::rows) job.training.per_device_train_batch_size = 1;
    if (cut == Cut::micro_batches) job.training.gradient_accumulation_steps = 8;
    if (cut == Cut::packed) job.training.packing = true;
    const auto finished =
        run_training(make_request(job, data, folder / ("run" + std::to_string(static_cast<int>(cut)))));
    const auto& steps = finished.recorder.steps;
    REQUIRE(steps.size() == 20);
    if (!whole) whole = steps;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      INFO("cut " << static_cast<int>(cut) << ", step " << i + 1);
      CHECK(steps[i].num_learnt_tokens == (*whole)[i].num_learnt_tokens);
      CHECK(std::abs(steps[i].loss - (*whole)[i].loss) <= (i == 0 ? 1e-6 : 5e-6));
      CHECK(std::abs(steps[i].grad_norm - (*whole)[i].grad_norm) <= 1e-5 * (*whole)[i].grad_norm);
    }
  }
}

}  // namespace
