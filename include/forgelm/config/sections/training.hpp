// `training`: the trainer, its schedule and its optimizer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/config/fields.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::config {

FORGELM_CHOICES(TrainerType, sft, orpo, dpo, simpo, kto, grpo, cpt, ppo, reward)
FORGELM_CHOICES(GaloreOptim, galore_adamw, galore_adamw_8bit, galore_adafactor, galore_adamw_layerwise,
                galore_adamw_8bit_layerwise, galore_adafactor_layerwise)
FORGELM_CHOICES(GaloreProjType, std, reverse_std, right, left, full)
FORGELM_CHOICES(ReportTo, tensorboard, wandb, mlflow, none)
FORGELM_CHOICES(LrScheduler, linear, cosine, constant, constant_with_warmup, inverse_sqrt)
FORGELM_CHOICES(Optimizer, adamw, adamw_8bit, adafactor, sgd)
FORGELM_CHOICES(GradientCheckpointing, auto_, true_, false_)
FORGELM_CHOICES(Precision, auto_, float32, bfloat16, float16)
FORGELM_CHOICES(DpoLoss, sigmoid, hinge, ipo)
FORGELM_CHOICES(CheckpointAction, keep, delete_, compress)

struct TrainingSection {
  std::string output_dir = "./checkpoints";
  std::string final_model_dir = "final_model";
  bool merge_adapters = false;
  TrainerType trainer_type = TrainerType::sft;
  std::int64_t max_steps = -1;
  std::int64_t num_train_epochs = 3;
  std::int64_t per_device_train_batch_size = 4;
  std::int64_t gradient_accumulation_steps = 2;
  double learning_rate = 2e-5;
  double warmup_ratio = 0.1;
  double weight_decay = 0.01;
  std::int64_t eval_steps = 200;
  std::int64_t save_steps = 200;
  std::int64_t save_total_limit = 3;
  bool packing = false;
  std::int64_t early_stopping_patience = 3;
  double orpo_beta = 0.1;
  double dpo_beta = 0.1;
  double simpo_gamma = 0.5;
  double simpo_beta = 2.0;
  double kto_beta = 0.1;
  std::int64_t grpo_num_generations = 4;
  std::int64_t grpo_max_completion_length = 512;
  std::optional<std::string> grpo_reward_model;
  std::optional<std::string> grpo_reward_model_revision;
  bool galore_enabled = false;
  GaloreOptim galore_optim = GaloreOptim::galore_adamw;
  std::int64_t galore_rank = 128;
  std::int64_t galore_update_proj_gap = 200;
  double galore_scale = 0.25;
  GaloreProjType galore_proj_type = GaloreProjType::std;
  std::optional<std::vector<std::string>> galore_target_modules;
  std::optional<Json> rope_scaling;
  std::optional<double> neftune_noise_alpha;
  std::optional<std::int64_t> sliding_window_attention;
  bool sample_packing = false;
  bool oom_recovery = false;
  std::int64_t oom_recovery_min_batch_size = 1;
  ReportTo report_to = ReportTo::tensorboard;
  std::optional<std::string> run_name;
  std::optional<double> gpu_cost_per_hour;
  LrScheduler lr_scheduler = LrScheduler::linear;
  double min_lr_ratio = 0.0;
  std::optional<std::int64_t> warmup_steps;
  bool lr_rewarm_on_resume = false;
  Optimizer optimizer = Optimizer::adamw;
  double max_grad_norm = 1.0;
  GradientCheckpointing gradient_checkpointing = GradientCheckpointing::auto_;
  bool group_by_length = false;
  Precision precision = Precision::auto_;
  std::int64_t seed = 42;
  bool deterministic = false;
  std::vector<std::string> sample_prompts = {};
  CheckpointAction checkpoint_action = CheckpointAction::keep;
  double early_stopping_min_delta = 0.0;
  std::optional<double> overfit_threshold;
  double eval_fraction = 1.0;
  std::int64_t log_steps = 10;
  double ppo_kl_coef = 0.2;
  double ppo_clip_range = 0.2;
  std::int64_t ppo_epochs = 4;
  std::optional<std::string> ppo_reward_model;
  DpoLoss dpo_loss = DpoLoss::sigmoid;
  double cost_overhead = 0.0;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    describe_loop(rows);
    describe_objectives(rows);
    describe_memory_and_reports(rows);
  }

 private:
  template <class Rows>
  static constexpr void describe_loop(Rows& rows) {
    using S = TrainingSection;
    constexpr auto training = served_by(Capability::training);
    rows(field<&S::output_dir>, "Folder of the run: checkpoints, records and the final model.", wizard, names_path,
         training);
    rows(field<&S::final_model_dir>, "Folder of the final model, inside `output_dir`.", training);
    rows(field<&S::merge_adapters>, "Save the final model with the adapter merged into its weights.", training);
    rows(field<&S::trainer_type>, "What is learnt from the rows: the objective.", value_alias("lora_sft=sft"),
         value_alias("qlora=sft"), value_alias("rlhf=ppo"), wizard, training);
    rows(field<&S::max_steps>, "Stop after so many optimizer steps; -1 lets `num_train_epochs` decide.", at_least(-1),
         training);
    rows(field<&S::num_train_epochs>, "Passes over the training rows.", at_least(1), wizard, training);
    rows(field<&S::per_device_train_batch_size>, "Rows per forward pass and device.", at_least(1), wizard, training);
    rows(field<&S::gradient_accumulation_steps>, "Forward passes per optimizer step.", at_least(1), wizard, training);
    rows(field<&S::learning_rate>, "Peak learning rate.", above(0), finite, wizard, training);
    rows(field<&S::warmup_ratio>, "Share of the steps over which the learning rate rises from 0.", at_least(0),
         at_most(1), finite, training);
    rows(field<&S::weight_decay>, "Decoupled weight decay.", at_least(0), finite, training);
    rows(field<&S::eval_steps>, "Evaluate every so many steps.", at_least(1), training);
    rows(field<&S::save_steps>,
         "Save a checkpoint every so many steps; a multiple of `eval_steps` when there is an evaluation split.",
         at_least(1), training);
    rows(field<&S::save_total_limit>, "Checkpoints to keep; the best one is kept besides.", at_least(1), training);
    rows(field<&S::packing>,
         "Fill sequences up to `model.max_length` with several examples that do not see each other.",
         served_by(Capability::packing));
    rows(field<&S::early_stopping_patience>, "Stop after so many evaluations without a better loss.", at_least(1),
         training);
    rows(field<&S::lr_scheduler>, "Shape of the learning rate after warm-up.", added, training);
    rows(field<&S::min_lr_ratio>, "The learning rate ends at this share of its peak.", at_least(0), at_most(1), finite,
         added, training);
    rows(field<&S::warmup_steps>, "Warm-up in steps; wins over `warmup_ratio`.", at_least(0), added, training);
    rows(field<&S::lr_rewarm_on_resume>, "Warm up again after a resume.", added, training);
    rows(field<&S::optimizer>, "Optimizer of the trained weights.", added, training);
    rows(field<&S::max_grad_norm>, "Clip the gradient to this norm; 0 does not clip.", at_least(0), finite, added,
         training);
    rows(field<&S::seed>, "Seed of everything that is drawn: split, order, dropout, sampling.", at_least(0), added,
         training);
    rows(field<&S::deterministic>, "Use deterministic kernels only.", added, training);
    rows(field<&S::precision>, "Type of activations and frozen weights; `auto` decides by the device.", added,
         training);
    rows(field<&S::gradient_checkpointing>,
         "Recompute activations in the backward pass; `auto` does so when memory asks for it.", added, training);
    rows(field<&S::group_by_length>, "Put rows of similar length into one batch.", added, training);
    rows(field<&S::early_stopping_min_delta>, "Improvements smaller than this do not count.", at_least(0), finite,
         added, training);
    rows(field<&S::overfit_threshold>, "Stop when the evaluation loss is this share above its best.", above(0), finite,
         added, training);
    rows(field<&S::eval_fraction>, "Share of the evaluation split that is used.", above(0), at_most(1), finite, added,
         training);
    rows(field<&S::log_steps>, "Log metrics every so many steps.", at_least(1), added, training);
    rows(field<&S::sample_prompts>, "Prompts whose continuations are written out at every evaluation.", added,
         training);
    rows(field<&S::checkpoint_action>, "What happens to the checkpoints after the run.", added, training);
  }

  template <class Rows>
  static constexpr void describe_objectives(Rows& rows) {
    using S = TrainingSection;
    constexpr auto preference = served_by(Capability::preference_training);
    constexpr auto grpo = served_by(Capability::grpo);
    constexpr auto ppo = served_by(Capability::ppo);
    rows(field<&S::orpo_beta>, "ORPO: weight of the odds-ratio term.", above(0), finite, preference);
    rows(field<&S::dpo_beta>, "DPO: strength of the pull towards the reference model.", above(0), finite, preference);
    rows(field<&S::simpo_gamma>, "SimPO: target margin.", at_least(0), finite, preference);
    rows(field<&S::simpo_beta>, "SimPO: scale of the reward.", above(0), finite, preference);
    rows(field<&S::kto_beta>, "KTO: strength of the pull towards the reference model.", above(0), finite, preference);
    rows(field<&S::dpo_loss>, "DPO: form of the loss.", added, preference);
    rows(field<&S::grpo_num_generations>, "GRPO: completions per prompt.", at_least(2), grpo);
    rows(field<&S::grpo_max_completion_length>, "GRPO: longest completion in tokens.", at_least(1),
         alias("grpo_max_new_tokens"), grpo);
    rows(field<&S::grpo_reward_model>, "GRPO: reward model; without one the built-in rewards are used.", names_path,
         grpo);
    rows(field<&S::grpo_reward_model_revision>, "GRPO: revision of the reward model on the Hub.", pattern("revision"),
         grpo);
    rows(field<&S::ppo_kl_coef>, "PPO: weight of the KL penalty.", at_least(0), finite, added, ppo);
    rows(field<&S::ppo_clip_range>, "PPO: the probability ratio is clipped to 1 +- this.", above(0), finite, added,
         ppo);
    rows(field<&S::ppo_epochs>, "PPO: passes over each batch of rollouts.", at_least(1), added, ppo);
    rows(field<&S::ppo_reward_model>, "PPO: reward model.", names_path, added, ppo);
  }

  template <class Rows>
  static constexpr void describe_memory_and_reports(Rows& rows) {
    using S = TrainingSection;
    constexpr auto training = served_by(Capability::training);
    constexpr auto galore = served_by(Capability::galore);
    constexpr auto cost = served_by(Capability::cost_record);
    rows(field<&S::galore_enabled>, "GaLore: train the full weights of the target modules with low-rank gradients.",
         galore);
    rows(field<&S::galore_optim>, "GaLore: optimizer.", galore);
    rows(field<&S::galore_rank>, "GaLore: rank of the projected gradient.", at_least(1), galore);
    rows(field<&S::galore_update_proj_gap>, "GaLore: steps between new projections.", at_least(1), galore);
    rows(field<&S::galore_scale>, "GaLore: scale of the projected update.", above(0), finite, galore);
    rows(field<&S::galore_proj_type>, "GaLore: side that is projected.", galore);
    rows(field<&S::galore_target_modules>, "GaLore: patterns of module names; null is attention and MLP.", galore);
    rows(field<&S::rope_scaling>, "Rotary scaling for long context: `rope_type` and its numbers.",
         served_by(Capability::long_context));
    rows(field<&S::neftune_noise_alpha>, "NEFTune: strength of the noise on the embeddings.", finite, training);
    rows(field<&S::sliding_window_attention>, "Width of the attention window in tokens.",
         served_by(Capability::long_context));
    rows(field<&S::sample_packing>, "Same as `packing: true`.", deprecated("training.packing"),
         served_by(Capability::packing));
    rows(field<&S::oom_recovery>, "On running out of memory, go on with smaller batches and the same effective batch.",
         training);
    rows(field<&S::oom_recovery_min_batch_size>, "Smallest batch that recovery may use.", at_least(1), training);
    rows(field<&S::report_to>, "Where metrics go besides the run's own files.",
         served_by(Capability::experiment_tracking));
    rows(field<&S::run_name>, "Name of the run at the tracker.", served_by(Capability::experiment_tracking));
    rows(field<&S::gpu_cost_per_hour>, "Price of one device hour in USD; null looks the device up.", at_least(0),
         finite, cost);
    rows(field<&S::cost_overhead>, "Share added to the device cost.", at_least(0), finite, added, cost);
  }
};

}  // namespace forgelm::config
