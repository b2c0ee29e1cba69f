// From the check of the folder to the last step: check, data, open, train.
#include <cmath>

#include "forgelm/compliance/approval.hpp"
#include "forgelm/core/env.hpp"
#include "forgelm/core/interrupt.hpp"
#include "forgelm/core/json_members.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/token_cache.hpp"
#include "forgelm/formats/checkpoint_folder.hpp"
#include "model_card.hpp"
#include "run_facts.hpp"
#include "run_stages.hpp"

namespace forgelm::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr Logger logger("forgelm.run");

Beginning find_beginning(const std::optional<std::string>& resume, const fs::path& folder) {
  if (!resume) return {};
  if (*resume == "auto") {
    const auto newest = formats::newest_checkpoint(folder);
    if (newest) return {newest->path, true, true};
    logger.warning("there is no checkpoint in ", folder.native(), " to go on from: the run begins at its start");
    return {};
  }
  if (!fs::is_directory(*resume))
    throw ConfigError(cat("--resume: there is no folder ", quote(*resume)),
                      cat("name a checkpoint's folder, or leave the path out for the newest in ", folder.native()));
  std::error_code error;
  const bool is_here = fs::equivalent(
      fs::absolute(fs::path(*resume) / ".").lexically_normal().parent_path().parent_path(), folder, error);
  return {*resume, is_here && !error && fs::exists(fs::path(*resume) / formats::kCommittedFile), false};
}

Json metrics_of(const engine::TrainingOutcome& outcome, const RunRecorder& recorder, std::uint64_t num_examples,
                bool wants_perplexity) {
  const double seconds = outcome.seconds;
  const auto rate = [&](double count) { return seconds > 0 ? count / seconds : 0.0; };
  Json metrics = Json::object({
      {"train_runtime", seconds},
      {"train_samples_per_second", rate(recorder.last_epoch() * static_cast<double>(num_examples))},
      {"train_steps_per_second", rate(static_cast<double>(outcome.step))},
      {"train_loss", outcome.train_loss},
      {"epoch", recorder.last_epoch()},
      {"num_steps", outcome.step},
      {"num_tokens", outcome.num_tokens},
  });
  // A run that was resumed at its end has taken no step and measured nothing.
  if (recorder.peak_memory_bytes() > 0) metrics.set("peak_memory_bytes", recorder.peak_memory_bytes());
  if (outcome.initial_eval_loss) metrics.set("initial_eval_loss", *outcome.initial_eval_loss);
  if (outcome.eval_loss) metrics.set("eval_loss", *outcome.eval_loss);
  if (outcome.eval_loss && wants_perplexity) metrics.set("eval_perplexity", std::exp(*outcome.eval_loss));
  if (outcome.best_step) metrics.set("best_step", *outcome.best_step);
  return metrics;
}

}  // namespace

void Run::check() {
  stage_ = "check";
  final_model_.check();
  beginning_ = find_beginning(options_.resume, folder_.path());
  record_.emplace(loaded_, beginning_.continues ? folder_.record() : Json());
  if (beginning_.checkpoint) record_->set_resumed_from(*beginning_.checkpoint);
  signing_key_ = signing_key(job_, options_.sign_key);
  audit_ = options_.open_audit(job_, folder_.path(), record_->id());
  orphan_ = find_orphan();
}

std::optional<fs::path> Run::find_orphan() const {
  const Json earlier = folder_.record();
  const Json* id = earlier.find("id");
  if (id == nullptr || id->kind() != Json::Kind::text) return std::nullopt;
  const Json* state = earlier.find("state");
  if (state != nullptr && *state == Json(to_string(RunState::rejected))) return std::nullopt;
  const fs::path waiting = staging_path(model_place(), id->text());
  if (!fs::is_directory(waiting) || compliance::has_asked_for_approval(folder_.path(), id->text())) return std::nullopt;
  return waiting;
}

std::optional<Refusal> Run::check_data() {
  stage_ = "data";
  if (auto refusal = check_registered(resolved_)) return refusal;
  return check_audited(job_, audited_);
}

void Run::note_in_index(RunState state) noexcept try {
  if (!resolved_.dataset) return;
  const Json& record = record_->document();
  registry::RunRow row;
  row.id = record_->id();
  row.state = to_string(state);
  row.trainer = to_text(job_.training.trainer_type);
  row.base_model = job_.model.name_or_path;
  row.dataset_id = resolved_.dataset->id;
  row.config_digest = config::config_hash(loaded_);
  row.dir = fs::absolute(folder_.path()).lexically_normal().native();
  row.started = text_at(record, "started_at");
  if (state != RunState::running) {
    row.ended = iso_format(environment().utc_now());
    row.exit_code = static_cast<int>(exit_code_of(state));
  }
  registry::Index::open().record_run(row);
} catch (const std::exception& error) {
  logger.warning("the run cannot be noted in the index of data sets: ", error.what());
}

void Run::prepare_data() {
  stage_ = "data";
  data::TokenizeOptions options;
  options.cache_folder = data::token_cache_folder();
  options.num_threads = num_processors();
  options.shows_progress = options_.shows_progress;
  options.wants_stop = [] { return is_interrupt_requested(); };
  data_ = data::prepare(job_, options);
  for (const std::string& warning : data_.warnings) logger.warning(warning);
  model_digest_ = model_digest(job_.model);
  record_->set_model(model_digest_);
  record_->set_data(job_, data_);
  if (resolved_.dataset) record_->set("dataset", registered_json(resolved_));
  if (!audited_.is_null()) record_->set("data_audits", audited_);
  logger.info(grouped(static_cast<std::int64_t>(data_.train->size())), " examples to learn, ",
              grouped(static_cast<std::int64_t>(data_.eval->size())), " to evaluate (", data_.eval_origin, ")");
}

void Run::open() {
  stage_ = "open";
  engine::TrainingRequest request;
  request.job = job_;
  request.data = data_;
  request.run_folder = folder_.path();
  request.resume_from = beginning_.checkpoint;
  request.is_resume_checked = beginning_.is_checked;
  request.needs_baseline = eval::needs_measured_baseline(job_);
  request.run_id = record_->id();
  request.made_with = made_with(job_, data_, model_digest_);
  session_ = options_.open_training(std::move(request));
  audit_->record({"pipeline.initialized", Json::object({{"model", job_.model.name_or_path},
                                                        {"trainer_type", to_text(job_.training.trainer_type)}})});
  is_initialized_ = true;
}

void Run::train() {
  stage_ = "train";
  RecorderOptions options;
  options.run_folder = folder_.path();
  if (job_.training.report_to == config::ReportTo::tensorboard)
    options.tensorboard_folder = folder_.path() / "runs" / record_->tracker_name();
  options.configuration = cat("```yaml\n", to_yaml(config::dump(loaded_)), "```\n");
  options.log_steps = job_.training.log_steps;
  options.has_samples = !job_.training.sample_prompts.empty();
  options.shows_progress = options_.shows_progress;
  observer_.emplace(std::move(options), folder_, *record_, *audit_, beginning_.continues);
  observer_->batch_size = job_.training.per_device_train_batch_size;
  observer_->on_ready = [this] {
    note_in_index(RunState::running);
    tell([this](RunListener& one) { one.on_started(record_->id()); });
  };
  outcome_ = session_->run(*observer_);
  observer_->finish(*outcome_);
  record_->set_metrics(metrics_of(*outcome_, *observer_, data_.train->size(), job_.evaluation.has_value()));
  record_->set_resources(job_, compute_facts(observer_->start(), *outcome_, observer_->peak_memory_bytes()));
}

}  // namespace forgelm::pipeline
