// The table of keys that do nothing unless something else is set. One row per key or group of keys.
#include "rules.hpp"

namespace forgelm::config {
namespace {

using View = const JobView&;

bool trains_with(View view, TrainerType type) { return view.job.training.trainer_type == type; }

template <class Section>
bool is_enabled(const std::optional<Section>& section) {
  return section && section->enabled;
}

bool has_adapter(View view) { return view.job.lora.method != LoraMethod::none; }

bool evaluates(View view) { return view.job.data.eval_split != "none"; }

}  // namespace

std::span<const Dependence> dependences() {
  static const Dependence kTable[] = {
      {"training.dpo_*", [](View v) { return trains_with(v, TrainerType::dpo); }, "training.trainer_type is dpo"},
      {"training.orpo_*", [](View v) { return trains_with(v, TrainerType::orpo); }, "training.trainer_type is orpo"},
      {"training.simpo_*", [](View v) { return trains_with(v, TrainerType::simpo); }, "training.trainer_type is simpo"},
      {"training.kto_*", [](View v) { return trains_with(v, TrainerType::kto); }, "training.trainer_type is kto"},
      {"training.grpo_*", [](View v) { return trains_with(v, TrainerType::grpo); }, "training.trainer_type is grpo"},
      {"training.ppo_*", [](View v) { return trains_with(v, TrainerType::ppo); }, "training.trainer_type is ppo"},
      {"training.galore_*", [](View v) { return v.job.training.galore_enabled; }, "training.galore_enabled is true"},
      {"training.oom_recovery_min_batch_size", [](View v) { return v.job.training.oom_recovery; },
       "training.oom_recovery is true"},
      {"training.num_train_epochs", [](View v) { return v.job.training.max_steps <= 0; },
       "training.max_steps does not decide"},
      {"training.warmup_ratio", [](View v) { return !v.job.training.warmup_steps; },
       "training.warmup_steps is not set"},
      {"training.min_lr_ratio",
       [](View v) {
         const auto scheduler = v.job.training.lr_scheduler;
         return scheduler != LrScheduler::constant && scheduler != LrScheduler::constant_with_warmup;
       },
       "the schedule decays"},
      {"training.run_name",
       [](View v) {
         return v.job.training.report_to == ReportTo::wandb || v.job.training.report_to == ReportTo::mlflow;
       },
       "training.report_to is wandb or mlflow"},
      {"model.bnb_4bit_*", [](View v) { return v.job.model.load_in_4bit && has_adapter(v); },
       "model.load_in_4bit is true and lora.method is not none"},
      {"model.multimodal.*", [](View v) { return is_enabled(v.job.model.multimodal); },
       "model.multimodal.enabled is true"},
      {"data.mix_ratio", [](View v) { return !v.job.data.extra_datasets.value_or(std::vector<std::string>()).empty(); },
       "data.extra_datasets names data sets"},
      {"data.dataset_name_or_path", [](View v) { return !v.job.data.dataset_ref; }, "data.dataset_ref is not set"},
      {"data.mix_strategy", [](View v) { return v.job.data.mix_ratio.has_value(); }, "data.mix_ratio is set"},
      {"lora.r", has_adapter, "lora.method is not none"},
      {"lora.alpha", has_adapter, "lora.method is not none"},
      {"lora.dropout", has_adapter, "lora.method is not none"},
      {"lora.bias", has_adapter, "lora.method is not none"},
      {"lora.target_modules", has_adapter, "lora.method is not none"},
      {"lora.modules_to_save", has_adapter, "lora.method is not none"},
      {"lora.loraplus_lr_ratio", has_adapter, "lora.method is not none"},
      {"lora.num_layers", has_adapter, "lora.method is not none"},
      {"training.merge_adapters", has_adapter, "lora.method is not none"},
      {"training.group_by_length", [](View v) { return !v.job.training.packing; }, "training.packing is false"},
      {"training.early_stopping_*", evaluates, "data.eval_split is not none"},
      {"training.overfit_threshold", evaluates, "data.eval_split is not none"},
      {"training.eval_fraction", evaluates, "data.eval_split is not none"},
      {"evaluation.four_eyes", [](View v) { return v.job.evaluation && v.job.evaluation->require_human_approval; },
       "evaluation.require_human_approval is true"},
      {"evaluation.benchmark.*", [](View v) { return v.job.evaluation && is_enabled(v.job.evaluation->benchmark); },
       "evaluation.benchmark.enabled is true"},
      {"evaluation.safety.*", [](View v) { return v.job.evaluation && is_enabled(v.job.evaluation->safety); },
       "evaluation.safety.enabled is true"},
      {"evaluation.llm_judge.*", [](View v) { return v.job.evaluation && is_enabled(v.job.evaluation->llm_judge); },
       "evaluation.llm_judge.enabled is true"},
      {"distributed.deepspeed_config",
       [](View v) { return v.job.distributed && v.job.distributed->strategy == DistributedStrategy::deepspeed; },
       "distributed.strategy is deepspeed"},
      {"distributed.fsdp_*",
       [](View v) { return v.job.distributed && v.job.distributed->strategy == DistributedStrategy::fsdp; },
       "distributed.strategy is fsdp"},
      {"webhook.url_env", [](View v) { return v.job.webhook && v.job.webhook->url.value_or("").empty(); },
       "webhook.url is empty"},
      {"merge.*", [](View v) { return is_enabled(v.job.merge); }, "merge.enabled is true"},
      {"merge.ties_trim_fraction", [](View v) { return v.job.merge && v.job.merge->method == MergeMethod::ties; },
       "merge.method is ties"},
      {"merge.dare_*", [](View v) { return v.job.merge && v.job.merge->method == MergeMethod::dare; },
       "merge.method is dare"},
      {"synthetic.*", [](View v) { return is_enabled(v.job.synthetic); }, "synthetic.enabled is true"},
      {"monitoring.*", [](View v) { return is_enabled(v.job.monitoring); }, "monitoring.enabled is true"},
  };
  return kTable;
}

}  // namespace forgelm::config
