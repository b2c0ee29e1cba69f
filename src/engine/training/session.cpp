// From a request to a session: the order is what matters. Precision and thread count of a checkpoint are taken over
// before any tensor is computed, weights before the optimizer that refers to them.
#include "engine/training/session.hpp"

#include <ATen/Version.h>
#include <torch/headeronly/version.h>

#include <algorithm>

#include "engine/adapters/lora.hpp"
#include "engine/errors.hpp"
#include "engine/model/load_model.hpp"
#include "engine/model/precision.hpp"
#include "engine/torch_device.hpp"
#include "engine/training/checkpoint.hpp"
#include "engine/training/evaluation.hpp"
#include "engine/training/memory.hpp"
#include "engine/training/trainer.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/process_memory.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::engine {
namespace {

std::string device_name(const Device& device) {
  if (device.kind == DeviceKind::cpu) return "cpu";
  const auto& gpus = cuda_driver().devices;
  for (const DeviceInfo& gpu : gpus)
    if (gpu.device == device) return gpu.name;
  return to_string(device);
}

std::unique_ptr<Objective> make_objective(const config::TrainingSection& training) {
  using config::TrainerType;
  if (training.trainer_type == TrainerType::sft || training.trainer_type == TrainerType::cpt)
    return make_sft_objective();
  throw ConfigError(cat("training.trainer_type ", to_text(training.trainer_type), " cannot be trained with"),
                    "sft and cpt can");
}

data::BatchOptions batch_options(const config::JobConfig& job, const Ranks& ranks) {
  const auto& training = job.training;
  data::BatchOptions options;
  options.batch_size = static_cast<std::uint32_t>(training.per_device_train_batch_size);
  options.pack_to = training.packing ? static_cast<std::uint32_t>(job.model.max_length) : 0;
  options.shuffle = job.data.shuffle;
  options.group_by_length = training.group_by_length && !training.packing;
  options.group_size = static_cast<std::uint32_t>(training.per_device_train_batch_size *
                                                  training.gradient_accumulation_steps * ranks.size());
  options.seed = static_cast<std::uint64_t>(training.seed);
  options.num_epochs = training.max_steps > 0 ? 0 : static_cast<std::uint64_t>(training.num_train_epochs);
  options.rank = static_cast<std::uint32_t>(ranks.rank());
  options.world_size = static_cast<std::uint32_t>(ranks.size());
  return options;
}

/// A Hugging Face Trainer's step counter alone says where its data would go on.
void skip_steps(StepBatches& batches, std::int64_t num_steps) {
  for (std::int64_t i = 0; i < num_steps; ++i)
    if (batches.next().empty())
      throw ConfigError(cat("the checkpoint is at step ", num_steps, ", and this job has ", i),
                        "raise training.max_steps or training.num_train_epochs");
}

/// ConfigError that names each member that differs.
void require_same_origin(const Json& then, const Json& now) {
  if (then == now) return;
  std::vector<std::string> differences;
  const auto compare = [&](const Json& from, const Json& with) {
    if (from.kind() != Json::Kind::object) return;
    for (const auto& [name, value] : from.members()) {
      const Json* other = with.find(name);
      if ((other == nullptr || *other != value) &&
          std::find(differences.begin(), differences.end(), name) == differences.end())
        differences.push_back(name);
    }
  };
  compare(now, then);
  compare(then, now);
  throw ConfigError(cat("the checkpoint was made with another job: ",
                        differences.empty() ? std::string("its origin") : join(differences, ", "), " differs"),
                    "resume with the job file and the data of that run, or start a new run in another folder");
}

/// The state that a run goes on from has to fit the job in what the data cannot show.
void require_fitting_state(const TrainerState& state, const TrainingRequest& request, std::int64_t num_steps) {
  require_same_origin(state.made_with, request.made_with);
  const auto& training = request.job.training;
  const auto require = [](const char* what, const auto& then, const auto& now) {
    if (then != now)
      throw ConfigError(cat("the checkpoint was made with ", what, " ", then, ", and the job has ", now),
                        "resume with the settings of that run, or start a new run in another folder");
  };
  require("training.seed", state.seed, training.seed);
  require("a number of steps of", state.num_steps, num_steps);
  if (training.precision != config::Precision::auto_)
    require("training.precision", state.conditions.precision, to_text(training.precision));
}

/// What may make the bits of a resumed run differ, for people.
std::vector<std::string> notes_on(const RunConditions& then, const RunConditions& now) {
  std::vector<std::string> notes;
  const auto note = [&](const char* what, const auto& before, const auto& here) {
    if (before != here)
      notes.push_back(cat("the checkpoint was made with ", what, " ", before, "; this run has ", here,
                          ", so that its numbers may differ in their last bits"));
  };
  note("device", then.device, now.device);
  note("processor instructions", then.cpu_capability, now.cpu_capability);
  note("libtorch", then.libtorch_version, now.libtorch_version);
  note("a number of threads of", then.num_threads, now.num_threads);
  return notes;
}

bool recomputes_blocks(const config::JobConfig& job, const data::ExampleList& examples, const DecoderModel& model) {
  using config::GradientCheckpointing;
  const auto& training = job.training;
  if (training.gradient_checkpointing != GradientCheckpointing::auto_)
    return training.gradient_checkpointing == GradientCheckpointing::true_;
  std::uint64_t longest = 0;
  for (std::uint64_t i = 0; i < examples.size(); ++i) longest = std::max<std::uint64_t>(longest, examples.length(i));
  const std::uint64_t per_item = training.packing ? static_cast<std::uint64_t>(job.model.max_length) : longest;
  const std::uint64_t needed =
      estimated_activation_bytes(model.config(), model.dtype(), model.device(),
                                 per_item * static_cast<std::uint64_t>(training.per_device_train_batch_size), longest);
  const std::uint64_t available = available_memory_bytes(model.device());
  return available > 0 && needed > available;
}

/// The evaluation loss of the model that the job names, as it is before training; nothing without evaluation rows. The
/// model goes again before the one to be trained comes: memory has to hold one.
std::optional<double> measure_baseline(const TrainingRequest& request, at::Device device, at::ScalarType dtype,
                                       Ranks& ranks) {
  const auto& training = request.job.training;
  const EvaluationSet set = evaluation_set(request.data.eval, training.eval_fraction);
  if (set.num_examples == 0) return std::nullopt;
  TrainedModel model = open_trained_model(request.job, device, dtype, std::nullopt);
  const auto objective = make_objective(training);
  const auto evaluation = guarded("evaluate the model before training", [&] {
    return evaluate(model.model, *objective, set, training.per_device_train_batch_size, ranks, [] { return false; });
  });
  return evaluation ? std::optional(evaluation->loss) : std::nullopt;
}

class LocalSession final : public TrainingSession {
 public:
  LocalSession(TrainingRequest request, const Device& device)
      : request_(std::move(request)),
        ranks_(open_ranks(request_.rank, request_.world_size)),
        resume_(request_.resume_from
                    ? std::optional(read_resume_point(*request_.resume_from, request_.is_resume_checked))
                    : std::nullopt),
        precision_(choose_precision(torch_device(device))),
        conditions_(prepare_process(device)),
        baseline_(lacks_baseline() ? measure_baseline(request_, torch_device(device), precision_.dtype, *ranks_)
                                   : std::nullopt),
        trained_(open_trained_model(request_.job, torch_device(device), precision_.dtype,
                                    resume_ ? std::optional(resume_->folder) : std::nullopt)),
        objective_(make_objective(request_.job.training)),
        weights_(trained_weights(trained_.model, request_.job.lora.loraplus_lr_ratio)),
        optimizer_(make_optimizer(request_.job.training, weights_)),
        batches_(request_.data.train, batch_options(request_.job, *ranks_),
                 request_.job.training.gradient_accumulation_steps,
                 resumed_state() != nullptr ? resumed_state()->cursor : std::nullopt),
        state_(first_state()) {
    if (baseline_) state_.evaluations.insert(state_.evaluations.begin(), {0, 0, *baseline_});
    describe(device);
  }

  TrainingOutcome run(TrainingObserver& observer) override {
    return guarded("train", [&] {
      observer.on_start(start_);
      Trainer trainer({request_.job, request_.data, request_.run_folder, trained_, *objective_, weights_, *optimizer_,
                       batches_, *ranks_},
                      state_);
      return trainer.run(observer);
    });
  }

  void save(const std::filesystem::path& folder) override {
    guarded("save the model", [&] {
      if (trained_.adapter && !request_.job.training.merge_adapters && !is_merged_) {
        save_adapter(trained_.model, *trained_.adapter, folder);
        return;
      }
      if (trained_.adapter && !is_merged_) merge_adapters(trained_.model);
      is_merged_ = true;
      save_model(trained_.model, folder, stored_dtype());
    });
  }

 private:
  const TrainerState* resumed_state() const { return resume_ && resume_->state ? &*resume_->state : nullptr; }

  /// A run that begins at its start evaluates there by itself.
  bool lacks_baseline() const {
    return request_.needs_baseline && resume_ && (resumed_state() == nullptr || !resumed_state()->evaluation_at(0));
  }

  Precision choose_precision(at::Device device) const {
    if (const TrainerState* state = resumed_state()) return precision_named(state->conditions.precision);
    return resolve_precision(request_.job.training.precision, device);
  }

  /// Settings of the whole process that a run depends on.
  RunConditions prepare_process(const Device& device) {
    const bool is_deterministic = request_.job.training.deterministic;
    at::globalContext().setDeterministicAlgorithms(is_deterministic, false);
    at::globalContext().setDeterministicCuDNN(is_deterministic);
    at::globalContext().setBenchmarkCuDNN(false);
    if (const TrainerState* state = resumed_state();
        state != nullptr && state->conditions.num_threads <= num_processors())
      at::set_num_threads(std::max(1, state->conditions.num_threads));
    RunConditions conditions;
    conditions.precision = precision_.name;
    conditions.device = device_name(device);
    conditions.cpu_capability = at::get_cpu_capability();
    conditions.libtorch_version = TORCH_VERSION;
    conditions.num_threads = at::get_num_threads();
    return conditions;
  }

  TrainerState first_state() {
    const auto& training = request_.job.training;
    const std::int64_t num_steps =
        training.max_steps > 0 ? training.max_steps : training.num_train_epochs * batches_.num_steps_per_epoch();
    if (const TrainerState* resumed = resumed_state()) {
      require_fitting_state(*resumed, request_, num_steps);
      load_optimizer(*optimizer_, resume_->folder, trained_.model.device());
      for (auto& note : notes_on(resumed->conditions, conditions_)) start_.notes.push_back(std::move(note));
      TrainerState state = *resumed;
      conditions_.recomputes_blocks = state.conditions.recomputes_blocks;
      state.conditions = conditions_;
      state.run_id = request_.run_id;
      return state;
    }
    conditions_.recomputes_blocks = recomputes_blocks(request_.job, *request_.data.train, trained_.model);
    TrainerState state;
    state.num_steps = num_steps;
    state.batch_size = training.per_device_train_batch_size;
    state.conditions = conditions_;
    state.seed = training.seed;
    state.run_id = request_.run_id;
    state.made_with = request_.made_with;
    if (resume_) {
      skip_steps(batches_, resume_->global_step);
      state.step = resume_->global_step;
      state.epoch = static_cast<double>(state.step) / static_cast<double>(batches_.num_steps_per_epoch());
      state.cursor = batches_.cursor();
      state.is_settled = true;
      start_.notes.push_back(cat("the checkpoint is of another program: its weights and its step ", state.step,
                                 " are taken; the optimizer and random numbers start anew"));
    }
    return state;
  }

  void describe(const Device& device) {
    start_.family = trained_.model.config().family;
    start_.method = to_text(request_.job.lora.method);
    start_.precision = conditions_.precision;
    start_.precision_reason = precision_.reason;
    start_.quantization = trained_.quantization;
    start_.device = device;
    start_.cpu_capability = conditions_.cpu_capability;
    start_.num_threads = conditions_.num_threads;
    start_.num_weights = trained_.num_weights;
    for (const TrainedWeight& trained : weights_)
      start_.num_trained += static_cast<std::uint64_t>(trained.weight->value.numel());
    if (trained_.adapter) start_.num_weights += start_.num_trained;
    start_.num_steps = state_.num_steps;
    start_.num_steps_per_epoch = batches_.num_steps_per_epoch();
    start_.first_step = state_.step;
    start_.notes.insert(start_.notes.begin(), trained_.notes.begin(), trained_.notes.end());
  }

  /// Of the model's own files, so that a model does not change its type by being trained.
  at::ScalarType stored_dtype() const {
    const std::string& name = trained_.model.config().stored_dtype;
    if (name == "float32") return at::kFloat;
    if (name == "bfloat16") return at::kBFloat16;
    if (name == "float16") return at::kHalf;
    return trained_.model.dtype();
  }

  const TrainingRequest request_;
  TrainingStart start_;
  std::unique_ptr<Ranks> ranks_;
  std::optional<ResumePoint> resume_;
  Precision precision_;
  RunConditions conditions_;
  std::optional<double> baseline_;  ///< measured here, since the checkpoint does not have it
  TrainedModel trained_;
  std::unique_ptr<Objective> objective_;
  std::vector<TrainedWeight> weights_;
  std::unique_ptr<Optimizer> optimizer_;
  StepBatches batches_;
  TrainerState state_;
  bool is_merged_ = false;
};

}  // namespace

std::unique_ptr<TrainingSession> make_training_session(TrainingRequest request, const Device& device) {
  keep_freed_memory();
  return std::make_unique<LocalSession>(std::move(request), device);
}

}  // namespace forgelm::engine
