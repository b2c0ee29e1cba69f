#include "rules.hpp"

#include <cmath>
#include <filesystem>
#include <set>

#include "coerce.hpp"
#include "forgelm/config/schema.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::config {
namespace {

using View = const JobView&;
constexpr auto kError = Severity::error;
constexpr auto kWarning = Severity::warning;

/// A rule whose sentence does not depend on values; those are appended from its paths.
std::function<std::string(View)> when(bool (*broken)(View), std::string_view message) {
  return [broken, message = std::string(message)](View view) { return broken(view) ? message : std::string(); };
}

bool has_distribution(const JobConfig& job) { return job.distributed && job.distributed->strategy; }
bool has_safety_gate(const JobConfig& job) {
  return job.evaluation && job.evaluation->safety && job.evaluation->safety->enabled;
}
bool reverts(const JobConfig& job) { return job.evaluation && job.evaluation->auto_revert; }
bool is_strict_job(const JobConfig& job) {
  return (job.compliance && is_strict(job.compliance->risk_classification)) ||
         (job.risk_assessment && is_strict(job.risk_assessment->risk_category));
}
bool is_unacceptable(const JobConfig& job) {
  return (job.compliance && job.compliance->risk_classification == RiskTier::unacceptable) ||
         (job.risk_assessment && job.risk_assessment->risk_category == RiskTier::unacceptable);
}
bool is_full_commit(const std::string& revision) {
  return revision.size() == 40 && revision.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
}

// --- rope_scaling
// --------------------------------------------------------------------------------------------------------

std::string factor_problem(const Json* factor, std::string_view key) {
  if (factor == nullptr || factor->is_null()) return cat("needs `", key, "`, a number above 0");
  if (!factor->is_number()) return cat("`", key, "` is not a number");
  if (!std::isfinite(factor->real()) || factor->real() <= 0) return cat("`", key, "` is not a finite number above 0");
  return "";
}

std::string factor_list_problem(const Json* list, std::string_view key) {
  if (list == nullptr || list->kind() != Json::Kind::array || list->items().empty())
    return cat("rope_type longrope needs `", key, "`, a list of numbers");
  for (const auto& item : list->items())
    if (!item.is_number() || !std::isfinite(item.real()))
      return cat("`", key, "` holds something that is not a finite number");
  return "";
}

std::string rope_problem(View view) {
  if (!view.job.training.rope_scaling) return "";
  const Json& rope = *view.job.training.rope_scaling;
  const Json* type = rope.find("rope_type") != nullptr ? rope.find("rope_type") : rope.find("type");
  if (type == nullptr || type->is_null()) return "needs `rope_type`: linear, dynamic, yarn or longrope";
  const std::string name = type->kind() == Json::Kind::text ? type->text() : dump(*type);
  if (name == "longrope") {
    for (const auto* key : {"short_factor", "long_factor"})
      if (auto problem = factor_list_problem(rope.find(key), key); !problem.empty()) return problem;
    const Json* factor = rope.find("factor");
    return factor == nullptr || factor->is_null() ? "" : factor_problem(factor, "factor");
  }
  if (name != "linear" && name != "dynamic" && name != "yarn")
    return cat("rope_type ", name, " is not linear, dynamic, yarn or longrope");
  return factor_problem(rope.find("factor"), "factor");
}

// --- Other rules with a sentence of their own
// ----------------------------------------------------------------------------

std::string mix_problem(View view) {
  const auto& data = view.job.data;
  if (!data.mix_ratio) return "";
  bool all_zero = true;
  for (const double weight : *data.mix_ratio) all_zero = all_zero && weight == 0.0;
  if (all_zero) return "no weight is above 0";
  const std::size_t sets = 1 + (data.extra_datasets ? data.extra_datasets->size() : 0);
  if (data.mix_ratio->size() == sets) return "";
  return cat(data.mix_ratio->size(), " weights for ", sets, " data set", sets == 1 ? "" : "s",
             ", the primary one counted");
}

std::string severity_problem(View view) {
  const auto* safety = has_safety_gate(view.job) ? &*view.job.evaluation->safety : nullptr;
  if (safety == nullptr || !safety->severity_thresholds || safety->severity_thresholds->empty()) return "";
  if (view.given("evaluation.safety.track_categories") && !safety->track_categories)
    return "thresholds per severity need track_categories, which is false";
  for (const auto& [severity, bound] : *safety->severity_thresholds)
    if (severity != "critical" && severity != "high" && severity != "medium" && severity != "low")
      return cat("severity ", quote(severity), " is not critical, high, medium or low");
  return "";
}

std::string moving_revision(View view, std::string_view path) {
  const Json revision = value_at(view.job, path);
  return revision.is_null() || is_full_commit(revision.text())
             ? ""
             : cat("revision ", quote(revision.text()), " can move; only a full commit pins it");
}

Rule moving_revision_rule(std::string_view path) {
  return {"revision.moving",
          kWarning,
          {path},
          [path](View view) { return moving_revision(view, path); },
          "write the 40 hexadecimal digits of the commit"};
}

std::string tier_disagreement(View view) {
  if (!view.given("compliance.risk_classification") || !view.given("risk_assessment.risk_category")) return "";
  const bool agree = view.job.compliance->risk_classification == view.job.risk_assessment->risk_category;
  return agree ? "" : "the two risk classes disagree; the stricter one counts";
}

std::string unused_dataset_path(View view) {
  if (view.given("data.dataset_name_or_path") || view.given("data.dataset_ref")) return "";
  return "the key is missing";
}

std::vector<Rule> make_rules() {
  using namespace std::string_view_literals;
  std::vector<Rule> rules = {
      {"lora.one_flag",
       kError,
       {"lora.use_dora", "lora.use_rslora"},
       when([](View v) { return v.job.lora.use_dora && v.job.lora.use_rslora; },
            "use_dora and use_rslora exclude each other"),
       "set lora.method instead"},
      {"lora.dora_method",
       kError,
       {"lora.use_dora", "lora.method"},
       when(
           [](View v) {
             return v.job.lora.use_dora && v.job.lora.method != LoraMethod::lora &&
                    v.job.lora.method != LoraMethod::dora;
           },
           "use_dora contradicts lora.method"),
       "set lora.method alone"},
      {"lora.rslora_method",
       kError,
       {"lora.use_rslora", "lora.method"},
       when(
           [](View v) {
             return v.job.lora.use_rslora && v.job.lora.method != LoraMethod::lora &&
                    v.job.lora.method != LoraMethod::rslora;
           },
           "use_rslora contradicts lora.method"),
       "set lora.method alone"},
      {"lora.full_quantized",
       kError,
       {"model.load_in_4bit", "lora.method"},
       when(
           [](View v) {
             return v.job.lora.method == LoraMethod::none && v.job.model.load_in_4bit && v.given("model.load_in_4bit");
           },
           "training every weight needs unquantized weights"),
       "set model.load_in_4bit to false"},
      {"model.one_quantization",
       kError,
       {"model.load_in_8bit", "model.load_in_4bit"},
       when(
           [](View v) { return v.job.model.load_in_8bit && v.job.model.load_in_4bit && v.given("model.load_in_4bit"); },
           "4 bits and 8 bits exclude each other"),
       "keep one of them"},
      {"data.source",
       kError,
       {"data.dataset_name_or_path"},
       unused_dataset_path,
       "name a file, a directory or a data set on the Hub"},
      {"grpo.revision",
       kError,
       {"training.grpo_reward_model_revision", "training.grpo_reward_model"},
       when([](View v) { return v.job.training.grpo_reward_model_revision && !v.job.training.grpo_reward_model; },
            "a revision without a reward model"),
       "set training.grpo_reward_model"},
      {"training.rope_scaling",
       kError,
       {"training.rope_scaling"},
       rope_problem,
       "for example {rope_type: linear, factor: 4.0}"},
      {"training.final_model_dir",
       kError,
       {"training.final_model_dir", "training.output_dir", "evaluation.benchmark.output_dir"},
       [](View v) { return final_model_dir_problem(v.job); },
       "name a plain folder inside output_dir, such as final_model"},
      {"data.mix_ratio",
       kError,
       {"data.mix_ratio", "data.extra_datasets"},
       mix_problem,
       "one weight per data set, the primary one first"},
      {"data.budget",
       kError,
       {"data.mix_strategy", "data.max_train_examples"},
       when([](View v) { return v.job.data.mix_strategy == MixStrategy::budget && !v.job.data.max_train_examples; },
            "shares of a budget need the budget"),
       "set data.max_train_examples"},
      {"data.anchor",
       kError,
       {"data.mix_ratio", "data.mix_strategy"},
       when(
           [](View v) {
             const auto& data = v.job.data;
             return data.mix_strategy == MixStrategy::anchor && data.mix_ratio && mix_problem(v).empty() &&
                    data.mix_ratio->front() == 0.0;
           },
           "the weight of the first data set is 0, and the others are shares beside it"),
       "give the first data set a weight above 0, or use mix_strategy: weights"},
      {"data.response_bounds",
       kError,
       {"data.min_response_tokens", "data.max_response_tokens"},
       when(
           [](View v) {
             return v.job.data.min_response_tokens && v.job.data.max_response_tokens &&
                    *v.job.data.min_response_tokens > *v.job.data.max_response_tokens;
           },
           "the least length is above the greatest"),
       ""},
      {"benchmark.tasks",
       kError,
       {"evaluation.benchmark.tasks", "evaluation.benchmark.enabled"},
       when(
           [](View v) {
             return v.job.evaluation && v.job.evaluation->benchmark && v.job.evaluation->benchmark->enabled &&
                    v.job.evaluation->benchmark->tasks.empty();
           },
           "the benchmark gate is enabled without tasks"),
       "name at least one task"},
      {"safety.score",
       kError,
       {"evaluation.safety.min_safety_score", "evaluation.safety.scoring"},
       when(
           [](View v) {
             return has_safety_gate(v.job) && v.job.evaluation->safety->min_safety_score &&
                    v.job.evaluation->safety->scoring != SafetyScoring::confidence_weighted;
           },
           "a least score needs weighted scoring"),
       "set evaluation.safety.scoring to confidence_weighted"},
      {"safety.severity",
       kError,
       {"evaluation.safety.severity_thresholds", "evaluation.safety.track_categories"},
       severity_problem,
       ""},
      {"judge.revision",
       kError,
       {"evaluation.llm_judge.judge_model_revision", "evaluation.llm_judge.judge_api_key_env"},
       when(
           [](View v) {
             return v.job.evaluation && v.job.evaluation->llm_judge &&
                    v.job.evaluation->llm_judge->judge_model_revision && v.job.evaluation->llm_judge->judge_api_key_env;
           },
           "a judge behind an API has no revision"),
       "remove one of the two"},
      {"merge.models",
       kError,
       {"merge.models", "merge.enabled"},
       when([](View v) { return v.job.merge && v.job.merge->enabled && v.job.merge->models.size() < 2; },
            "merging needs two adapters or more"),
       "list them under merge.models"},
      {"synthetic.revision",
       kError,
       {"synthetic.teacher_revision", "synthetic.teacher_backend"},
       when(
           [](View v) {
             return v.job.synthetic && v.job.synthetic->teacher_revision &&
                    v.job.synthetic->teacher_backend != TeacherBackend::local;
           },
           "only a local teacher has a revision"),
       "set synthetic.teacher_backend to local"},
      {"synthetic.teacher",
       kError,
       {"synthetic.teacher_model", "synthetic.enabled"},
       when(
           [](View v) {
             return v.job.synthetic && v.job.synthetic->enabled &&
                    v.job.synthetic->teacher_backend != TeacherBackend::file && v.job.synthetic->teacher_model.empty();
           },
           "generation is enabled without a teacher"),
       "set synthetic.teacher_model"},
      {"synthetic.seeds",
       kError,
       {"synthetic.seed_prompts", "synthetic.seed_file", "synthetic.enabled"},
       when(
           [](View v) {
             return v.job.synthetic && v.job.synthetic->enabled && v.job.synthetic->seed_file.empty() &&
                    v.job.synthetic->seed_prompts.empty();
           },
           "generation is enabled without prompts"),
       "set synthetic.seed_file or synthetic.seed_prompts"},
      {"risk.safety_gate",
       kError,
       {"compliance.risk_classification", "risk_assessment.risk_category", "evaluation.safety.enabled"},
       when([](View v) { return is_strict_job(v.job) && !has_safety_gate(v.job); },
            "this risk class demands a safety gate"),
       "set evaluation.safety.enabled to true, or lower the risk class"},
      {"galore.layerwise",
       kError,
       {"training.galore_optim", "distributed.strategy"},
       when(
           [](View v) {
             return v.job.training.galore_enabled &&
                    to_text(v.job.training.galore_optim).find("layerwise") != std::string::npos &&
                    has_distribution(v.job);
           },
           "layerwise GaLore runs on one device only"),
       "use the variant without _layerwise"},
      {"unsloth.distributed",
       kError,
       {"model.backend", "distributed.strategy"},
       when([](View v) { return v.job.model.backend == Backend::unsloth && has_distribution(v.job); },
            "backend unsloth does not go with several devices"),
       "set model.backend to transformers"},
      {"unsloth.long_context",
       kError,
       {"model.backend", "training.rope_scaling", "training.sliding_window_attention"},
       when(
           [](View v) {
             return v.job.model.backend == Backend::unsloth &&
                    (v.job.training.rope_scaling || v.job.training.sliding_window_attention.value_or(0) != 0);
           },
           "backend unsloth does not go with changes of the attention's reach"),
       "set model.backend to transformers"},

      {"model.backend",
       kWarning,
       {"model.backend"},
       when([](View v) { return v.job.model.backend == Backend::unsloth; },
            "the built-in engine runs this job; unsloth is not used"),
       ""},
      {"model.remote_code",
       kWarning,
       {"model.trust_remote_code"},
       when([](View v) { return v.job.model.trust_remote_code; }, "a model's own code is never run here"),
       ""},
      {"model.compute_dtype",
       kWarning,
       {"model.bnb_4bit_compute_dtype"},
       when(
           [](View v) {
             return v.job.model.load_in_4bit && (v.job.model.bnb_4bit_compute_dtype == ComputeDtype::float32 ||
                                                 v.job.model.bnb_4bit_compute_dtype == ComputeDtype::fp32);
           },
           "4-bit weights multiplied in 32 bits lose most of their speed"),
       "use bfloat16"},
      {"revision.local",
       kWarning,
       {"model.revision", "model.name_or_path"},
       when(
           [](View v) {
             std::error_code error;
             return v.job.model.revision && std::filesystem::is_directory(v.job.model.name_or_path, error);
           },
           "a revision has no meaning for a local folder"),
       ""},
      {"judge.min_score",
       kWarning,
       {"evaluation.llm_judge.min_score"},
       when(
           [](View v) {
             return v.given("evaluation.llm_judge.min_score") &&
                    (v.job.evaluation->llm_judge->min_score <= 2.0 || v.job.evaluation->llm_judge->min_score >= 9.0);
           },
           "a bound at the end of the scale from 1 to 10 passes or fails nearly everything"),
       ""},
      {"synthetic.key_in_file",
       kWarning,
       {"synthetic.api_key"},
       when([](View v) { return v.job.synthetic && v.job.synthetic->api_key; }, "a key in a job file is easily leaked"),
       "put it into an environment variable and name that in synthetic.api_key_env"},
      {"auth.token_in_file",
       kWarning,
       {"auth.hf_token"},
       when([](View v) { return v.job.auth && v.job.auth->hf_token; }, "a token in a job file is easily leaked"),
       "put it into the environment variable HUGGINGFACE_TOKEN"},
      {"revert.merged",
       kWarning,
       {"evaluation.auto_revert", "training.merge_adapters"},
       when([](View v) { return reverts(v.job) && v.job.training.merge_adapters; },
            "a revert deletes the merged model; the adapter is only in the checkpoints"),
       ""},
      {"merge.trainer",
       kWarning,
       {"training.merge_adapters", "training.trainer_type"},
       when([](View v) { return v.job.training.merge_adapters && v.job.training.trainer_type != TrainerType::sft; },
            "merging is meant for supervised fine-tuning"),
       ""},
      {"lora.high_rank",
       kWarning,
       {"lora.r", "lora.method"},
       when(
           [](View v) {
             return v.job.lora.r > 64 && v.job.lora.method != LoraMethod::rslora &&
                    v.job.lora.method != LoraMethod::none && !v.job.lora.use_rslora;
           },
           "a rank this high trains more steadily with rank-stabilised scaling"),
       "set lora.method to rslora"},
      {"training.eval_after_save",
       kWarning,
       {"training.eval_steps", "training.save_steps"},
       when([](View v) { return v.job.training.eval_steps > v.job.training.save_steps; },
            "checkpoints are saved more often than evaluated, so the best one may be missed"),
       ""},
      {"risk.disagreement",
       kWarning,
       {"compliance.risk_classification", "risk_assessment.risk_category"},
       tier_disagreement,
       "write the same class in both"},
      {"risk.no_revert",
       kWarning,
       {"compliance.risk_classification", "risk_assessment.risk_category", "evaluation.auto_revert"},
       when([](View v) { return is_strict_job(v.job) && !reverts(v.job); },
            "a rejected model of this risk class should not stay"),
       "set evaluation.auto_revert to true"},
      {"risk.no_categories",
       kWarning,
       {"evaluation.safety.track_categories", "evaluation.safety.enabled"},
       when(
           [](View v) {
             return is_strict_job(v.job) && has_safety_gate(v.job) && !v.job.evaluation->safety->track_categories &&
                    !v.job.evaluation->safety->severity_thresholds;
           },
           "the record of this risk class should count harm categories"),
       "set evaluation.safety.track_categories to true"},
      {"risk.unacceptable",
       kWarning,
       {"compliance.risk_classification", "risk_assessment.risk_category"},
       when([](View v) { return is_unacceptable(v.job); },
            "practices of this class are prohibited in the EU (AI Act, Article 5)"),
       "make sure that this is what you intend"},
      {"distributed.zero3_4bit",
       kWarning,
       {"distributed.deepspeed_config", "model.load_in_4bit"},
       when(
           [](View v) {
             return has_distribution(v.job) && *v.job.distributed->strategy == DistributedStrategy::deepspeed &&
                    v.job.model.load_in_4bit &&
                    v.job.distributed->deepspeed_config.value_or("").find("zero3") != std::string::npos;
           },
           "4-bit weights are not stable with ZeRO-3"),
       "use zero2, or set model.load_in_4bit to false"},
      {"distributed.inert",
       kWarning,
       {"distributed.fsdp_auto_wrap", "distributed.fsdp_backward_prefetch"},
       when(
           [](View v) {
             return v.given("distributed.fsdp_auto_wrap") || v.given("distributed.fsdp_backward_prefetch");
           },
           "this FSDP option has no effect"),
       ""},
      {"galore.adapter",
       kWarning,
       {"training.galore_enabled", "lora.method"},
       when([](View v) { return v.job.training.galore_enabled && v.job.lora.method != LoraMethod::none; },
            "GaLore trains full weights; the lora section is not used"),
       "set lora.method to none"},
      {"packing.trainer",
       kWarning,
       {"training.packing", "training.sample_packing", "training.trainer_type"},
       when(
           [](View v) {
             const auto type = v.job.training.trainer_type;
             return (v.job.training.packing || v.job.training.sample_packing) && type != TrainerType::sft &&
                    type != TrainerType::cpt;
           },
           "packing has an effect only with trainer_type sft or cpt"),
       ""},
  };
  for (const auto path :
       {"model.revision"sv, "training.grpo_reward_model_revision"sv, "evaluation.safety.classifier_revision"sv,
        "evaluation.llm_judge.judge_model_revision"sv, "synthetic.teacher_revision"sv})
    rules.push_back(moving_revision_rule(path));
  return rules;
}

}  // namespace

std::span<const Rule> rules() {
  static const std::vector<Rule> all = make_rules();
  return all;
}

Json value_at(const JobConfig& job, std::string_view path) {
  const void* owner = &job;
  const SectionInfo* section = &root_section();
  while (owner != nullptr) {
    const std::size_t dot = path.find('.');
    const FieldInfo* field = section->find(path.substr(0, dot));
    if (field == nullptr) return Json();
    if (field->kind == FieldKind::section_list) return Json(field->count(owner));
    if (field->kind != FieldKind::section) return field->get(owner);
    if (dot == std::string_view::npos) return Json();
    owner = field->peek(owner);
    section = field->section;
    path.remove_prefix(dot + 1);
  }
  return Json();
}

}  // namespace forgelm::config
