#include "forgelm/pipeline/plan.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "forgelm/config/lr_schedule.hpp"
#include "forgelm/config/schema.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/url.hpp"
#include "forgelm/data/glance.hpp"
#include "forgelm/data/mixture.hpp"
#include "forgelm/eval/gate.hpp"
#include "preflight.hpp"

namespace forgelm::pipeline {
namespace {

using config::JobConfig;
using std::int64_t;

constexpr int kNumLearningRatePoints = 5;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Rows of the mixture; nothing when a data set's rows are not known.
std::optional<int64_t> num_mixed_rows(const config::DataSection& data, const std::vector<data::Glance>& sets) {
  std::vector<std::uint64_t> num_rows;
  for (const auto& set : sets) {
    if (!set.num_rows) return std::nullopt;
    num_rows.push_back(static_cast<std::uint64_t>(*set.num_rows));
  }
  int64_t mixed = 0;
  for (const auto count : data::mixed_counts(data, num_rows)) mixed += static_cast<int64_t>(count);
  return mixed;
}

std::vector<data::Glance> glance_all(const config::DataSection& data) {
  std::vector<data::Glance> sets = {data::glance(data.dataset_name_or_path, data.eval_split)};
  for (const auto& extra : data.extra_datasets.value_or(std::vector<std::string>{}))
    sets.push_back(data::glance(extra));
  return sets;
}

void plan_rows(const config::DataSection& data, const std::vector<data::Glance>& sets, StagePlan& plan) {
  const auto& primary = sets.front();
  if (!primary.num_rows) return;
  plan.rows_are_estimated =
      std::any_of(sets.begin(), sets.end(), [](const data::Glance& set) { return set.is_estimate; });
  plan.num_eval_rows = primary.num_eval_rows;
  plan.num_train_rows = num_mixed_rows(data, sets);
  if (!plan.num_train_rows) return;
  if (!plan.num_eval_rows) {  // held out of the mixture
    plan.num_eval_rows = data::num_held_out_rows(*plan.num_train_rows);
    *plan.num_train_rows -= *plan.num_eval_rows;
  }
  if (data.max_train_examples) plan.num_train_rows = std::min(*plan.num_train_rows, *data.max_train_examples);
}

void plan_steps(const JobConfig& job, const std::vector<data::Glance>& sets, StagePlan& plan) {
  const auto& training = job.training;
  plan.effective_batch_size = training.per_device_train_batch_size * training.gradient_accumulation_steps;
  if (plan.num_train_rows) {
    const double tokens_per_row =
        std::min(data::estimated_tokens(sets.front().text_bytes_per_row), static_cast<double>(job.model.max_length));
    plan.num_tokens_per_epoch = tokens_per_row * static_cast<double>(*plan.num_train_rows);
    int64_t sequences = *plan.num_train_rows;
    if (training.packing) {
      sequences = std::max<int64_t>(
          1, static_cast<int64_t>(std::ceil(*plan.num_tokens_per_epoch / static_cast<double>(job.model.max_length))));
      plan.rows_are_estimated = true;
    }
    const int64_t batches = ceil_div(sequences, training.per_device_train_batch_size);
    plan.num_steps_per_epoch = std::max<int64_t>(1, ceil_div(batches, training.gradient_accumulation_steps));
    plan.num_steps = *plan.num_steps_per_epoch * training.num_train_epochs;
  }
  if (training.max_steps > 0) plan.num_steps = training.max_steps;
  if (!plan.num_steps) return;
  plan.num_warmup_steps = num_warmup_steps(training, *plan.num_steps);
  if (plan.num_eval_rows) plan.num_evaluations = *plan.num_eval_rows > 0 ? *plan.num_steps / training.eval_steps : 0;
  plan.num_checkpoints = *plan.num_steps / training.save_steps;
  std::set<int64_t> steps = {0, std::min(*plan.num_warmup_steps, *plan.num_steps - 1)};
  for (int i = 1; i < kNumLearningRatePoints; ++i)
    steps.insert((*plan.num_steps - 1) * i / (kNumLearningRatePoints - 1));
  for (const int64_t step : steps)
    plan.learning_rates.push_back({step, learning_rate_at(training, step, *plan.num_steps)});
}

std::string method_of(const JobConfig& job) {
  if (job.training.galore_enabled) return cat("GaLore rank ", job.training.galore_rank);
  if (job.lora.method == config::LoraMethod::none) return "all weights";
  return cat(to_text(job.lora.method), " r ", job.lora.r, " alpha ", job.lora.alpha, " on ",
             join(job.lora.target_modules, ", "));
}

std::vector<std::string> gates_of(const JobConfig& job) {
  std::vector<std::string> gates;
  if (job.retention && job.retention->enforce == config::RetentionEnforce::block_on_excess)
    gates.push_back("nothing in the output folder is kept for too long");
  if (job.data.require_audit) gates.push_back("an audit that passed covers the data");
  if (!job.evaluation) return gates;
  const auto& evaluation = *job.evaluation;
  if (evaluation.max_acceptable_loss)
    gates.push_back(cat("loss at most ", python_float_repr(*evaluation.max_acceptable_loss)));
  if (evaluation.baseline_loss)
    gates.push_back(cat("loss not above the baseline ", python_float_repr(*evaluation.baseline_loss)));
  if (eval::needs_measured_baseline(job)) gates.push_back("loss not above that of the model before training");
  if (evaluation.benchmark && evaluation.benchmark->enabled)
    gates.push_back(cat("benchmark ", join(evaluation.benchmark->tasks, ", ")));
  if (evaluation.safety && evaluation.safety->enabled)
    gates.push_back(cat("safety by ", evaluation.safety->classifier));
  if (evaluation.llm_judge && evaluation.llm_judge->enabled)
    gates.push_back(cat("judge ", evaluation.llm_judge->judge_model));
  if (evaluation.regression && evaluation.regression->baseline)
    gates.push_back(cat("regression against ", *evaluation.regression->baseline));
  if (evaluation.suite && evaluation.suite->name) gates.push_back(cat("suite ", *evaluation.suite->name));
  if (evaluation.require_human_approval)
    gates.push_back(evaluation.four_eyes ? "human approval by another person" : "human approval");
  return gates;
}

/// The keys that decide what of a row is learnt.
Json learning_of(const JobConfig& job) {
  Json learning = Json::object();
  for (const std::string_view path :
       {"model.kind", "model.chat_template", "model.system_fallback", "model.max_length", "data.task",
        "data.clean_text", "data.add_eos", "data.train_on", "data.length_policy", "data.min_response_tokens",
        "data.max_response_tokens", "data.min_examples", "data.shuffle"})
    learning.set(std::string(path.substr(path.find('.') + 1)), config::value_at(job, path));
  return learning;
}

/// The address of a webhook is its key.
Json shown_value(const JobConfig& job, const std::string& path) {
  Json value = config::value_at(job, path);
  return path == "webhook.url" && !value.is_null() ? Json(mask_url(value.text(), true)) : value;
}

Json settings_of(const JobConfig& job) {
  using config::Capability;
  Json settings = Json::object();
  for (const auto& placed : config::all_fields()) {
    if (placed.field->section != nullptr || !placed.field->deprecated.empty()) continue;
    switch (placed.field->capability) {
      case Capability::training:
      case Capability::packing:
      case Capability::quantization:
      case Capability::long_context:
      case Capability::retention: settings.set(placed.path, config::value_at(job, placed.path)); break;
      case Capability::webhooks: settings.set(placed.path, shown_value(job, placed.path)); break;
      default: break;
    }
  }
  return settings;
}

/// What the job says for the record and the receivers of metrics.
Json record_of(const JobConfig& job) {
  using config::Capability;
  Json record = Json::object();
  for (const auto& placed : config::all_fields()) {
    const Capability capability = placed.field->capability;
    if (placed.field->section != nullptr ||
        (capability != Capability::compliance_record && capability != Capability::cost_record &&
         capability != Capability::monitoring))
      continue;
    Json value = config::value_at(job, placed.path);
    if (!value.is_null()) record.set(placed.path, std::move(value));
  }
  return record;
}

StagePlan plan_stage(const config::LoadedJob& loaded, const config::StageJob& stage, PlanMode mode,
                     std::vector<Diagnostic>& findings) {
  const JobConfig& job = stage.job;
  StagePlan plan;
  plan.name = stage.name;
  plan.model = job.model.name_or_path;
  plan.trainer = to_text(job.training.trainer_type);
  plan.method = method_of(job);
  const bool holds_4_bits = job.model.load_in_4bit && job.lora.method != config::LoraMethod::none;
  plan.precision_of_weights = job.model.load_in_8bit ? "8 bits"
                              : holds_4_bits         ? "4 bits, " + to_text(job.model.bnb_4bit_quant_type)
                                                     : to_text(job.training.precision);
  plan.data_source = job.data.dataset_ref.value_or(job.data.dataset_name_or_path);
  plan.learning = learning_of(job);
  plan.settings = settings_of(job);
  plan.record = record_of(job);
  plan.gates = gates_of(job);
  plan.report_to = to_text(job.training.report_to);
  plan.final_model = config::final_model_path(job);
  const Preflight preflight{loaded, stage, mode, findings};
  const std::optional<config::DataSection> data = check_registered_data(preflight);
  const std::vector<data::Glance> sets = data ? glance_all(*data) : std::vector<data::Glance>(1);
  plan_rows(job.data, sets, plan);
  plan_steps(job, sets, plan);
  check_capabilities(preflight);
  check_files_and_environment(preflight);
  if (data) check_rows(preflight, sets.front(), plan);
  for (std::size_t i = 1; i < sets.size(); ++i)
    if (sets[i].where == data::Where::missing)
      preflight.add("missing_file", "data.extra_datasets", cat("there is nothing at ", quote(sets[i].path)));
  check_steps(preflight, plan);
  return plan;
}

Json maybe(const std::optional<int64_t>& value) { return value ? Json(*value) : Json(); }

/// Three significant digits, for people: 0.0001234567 -> "0.000123".
std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

}  // namespace

Plan make_plan(const config::LoadedJob& loaded, PlanMode mode) {
  Plan plan;
  const auto stages = config::stage_jobs(loaded);
  if (loaded.job.pipeline) check_stage_folders(loaded, stages, plan.findings);
  for (const auto& stage : stages) plan.stages.push_back(plan_stage(loaded, stage, mode, plan.findings));
  for (auto& finding : plan.findings) finding.source_line = config::shown_line(loaded, finding.spot.line);
  return plan;
}

Json to_json(const StagePlan& stage) {
  Json points = Json::array();
  for (const auto& point : stage.learning_rates)
    points.push(Json::object({{"step", point.step}, {"learning_rate", point.learning_rate}}));
  Json out = Json::object({
      {"model", stage.model},
      {"trainer", stage.trainer},
      {"method", stage.method},
      {"weights", stage.precision_of_weights},
      {"data", stage.data_source},
      {"train_rows", maybe(stage.num_train_rows)},
      {"eval_rows", maybe(stage.num_eval_rows)},
      {"rows_are_estimated", stage.rows_are_estimated},
      {"effective_batch_size", stage.effective_batch_size},
      {"steps_per_epoch", maybe(stage.num_steps_per_epoch)},
      {"steps", maybe(stage.num_steps)},
      {"warmup_steps", maybe(stage.num_warmup_steps)},
      {"evaluations", maybe(stage.num_evaluations)},
      {"checkpoints", maybe(stage.num_checkpoints)},
      {"estimated_tokens_per_epoch",
       stage.num_tokens_per_epoch ? Json(static_cast<int64_t>(std::llround(*stage.num_tokens_per_epoch))) : Json()},
      {"learning_rates", points},
      {"learning", stage.learning},
      {"settings", stage.settings},
      {"gates", Json::array_of(stage.gates)},
      {"report_to", stage.report_to},
      {"record", stage.record},
      {"final_model", stage.final_model},
  });
  if (stage.name.empty()) return out;
  Json named = Json::object({{"stage", stage.name}});
  for (auto& [key, value] : out.members()) named.set(key, std::move(value));
  return named;
}

std::string describe(const StagePlan& stage) {
  std::string out;
  const auto row = [&](std::string_view name, const std::string& value) {
    out += cat("  ", name, std::string(name.size() < 16 ? 16 - name.size() : 1, ' '), value, "\n");
  };
  const std::string about = stage.rows_are_estimated ? "about " : "";
  if (!stage.name.empty()) out += cat("stage ", stage.name, "\n");
  row("model", cat(stage.model, " (", stage.precision_of_weights, ")"));
  row("training", cat(stage.trainer, ", ", stage.method));
  row("data", stage.data_source);
  if (stage.num_train_rows)
    row("rows", cat(about, grouped(*stage.num_train_rows), " to learn, ", grouped(stage.num_eval_rows.value_or(0)),
                    " to evaluate"));
  else row("rows", "not known before the data is read");
  row("learns", cat(stage.learning.at("train_on").text() == "all" ? "every token" : "the answers", ", chat template ",
                    stage.learning.at("chat_template").text(), "; beyond ", stage.learning.at("max_length").integer(),
                    " tokens: ", stage.learning.at("length_policy").text()));
  if (stage.num_tokens_per_epoch)
    row("tokens",
        cat("about ", grouped(std::llround(*stage.num_tokens_per_epoch)), " per epoch (estimated at 4 bytes a token)"));
  if (stage.num_steps) {
    std::string steps = cat(about, grouped(*stage.num_steps), " of ", stage.effective_batch_size, " rows, ",
                            grouped(*stage.num_warmup_steps), " of them warm-up");
    if (stage.num_steps_per_epoch) steps += cat("; ", grouped(*stage.num_steps_per_epoch), " per epoch");
    row("steps", steps);
    if (stage.num_evaluations) row("evaluations", grouped(*stage.num_evaluations));
    row("checkpoints", grouped(*stage.num_checkpoints));
  }
  std::string rates;
  for (const auto& point : stage.learning_rates)
    rates += cat(rates.empty() ? "" : ", ", short_number(point.learning_rate), " at step ", point.step);
  if (!rates.empty()) row("learning rate", rates);
  row("gates", stage.gates.empty() ? "none" : join(stage.gates, "; "));
  row("metrics", stage.report_to == "none" ? "in the log only" : cat("in the log and to ", stage.report_to));
  row("final model", stage.final_model);
  return out;
}

}  // namespace forgelm::pipeline
