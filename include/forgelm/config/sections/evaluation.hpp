// `evaluation`: the gates that judge the staged model, and what happens when one refuses it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/config/fields.hpp"

namespace forgelm::config {

FORGELM_CHOICES(ClassifierMode, auto_, classification, generation)
FORGELM_CHOICES(SafetyScoring, binary, confidence_weighted)
FORGELM_CHOICES(BestCheckpoint, val_loss, composite, last)

struct BenchmarkSection {
  bool enabled = false;
  std::vector<std::string> tasks = {};
  std::optional<std::int64_t> num_fewshot;
  std::string batch_size = "auto";
  std::optional<std::int64_t> limit;
  std::optional<std::string> output_dir;
  std::optional<double> min_score;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    using S = BenchmarkSection;
    constexpr auto gate = served_by(Capability::benchmark_gate);
    rows(field<&S::enabled>, "Run the benchmark gate.", wizard, gate);
    rows(field<&S::tasks>, "Names of the tasks.", gate);
    rows(field<&S::num_fewshot>, "Worked examples before each question; null is the task's own number.", at_least(0),
         gate);
    rows(field<&S::batch_size>, "Questions per forward pass, as text; `auto` decides.", gate);
    rows(field<&S::limit>, "Use only the first so many questions of each task.", at_least(1), gate);
    rows(field<&S::output_dir>, "Folder of the results; null is `benchmark` in the run's folder.", names_path, gate);
    rows(field<&S::min_score>, "The gate fails below this mean score.", at_least(0), at_most(1), finite, gate);
  }
};

struct SafetySection {
  bool enabled = false;
  std::string classifier = "meta-llama/Llama-Guard-3-8B";
  ClassifierMode classifier_mode = ClassifierMode::auto_;
  std::optional<std::string> classifier_revision;
  std::string test_prompts = "safety_prompts.jsonl";
  double max_safety_regression = 0.05;
  SafetyScoring scoring = SafetyScoring::binary;
  std::optional<double> min_safety_score;
  double min_classifier_confidence = 0.7;
  bool track_categories = false;
  std::optional<std::map<std::string, double>> severity_thresholds;
  std::int64_t batch_size = 8;
  bool include_eval_samples = false;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    using S = SafetySection;
    constexpr auto gate = served_by(Capability::safety_gate);
    rows(field<&S::enabled>, "Run the safety gate.", wizard, gate);
    rows(field<&S::classifier>, "Model that judges the answers.", names_path, gate);
    rows(field<&S::classifier_mode>, "How the classifier is asked; `auto` knows the usual guards.", gate);
    rows(field<&S::classifier_revision>, "Revision of the classifier on the Hub.", pattern("revision"), gate);
    rows(field<&S::test_prompts>, "File with one prompt per line.", names_path, gate);
    rows(field<&S::max_safety_regression>, "Largest share of unsafe answers.", at_least(0), at_most(1), finite, gate);
    rows(field<&S::scoring>, "Count answers, or weigh them by the classifier's confidence.", gate);
    rows(field<&S::min_safety_score>, "The gate fails below this weighted score.", at_least(0), at_most(1), finite,
         gate);
    rows(field<&S::min_classifier_confidence>, "Verdicts below this confidence are counted as uncertain.", at_least(0),
         at_most(1), finite, gate);
    rows(field<&S::track_categories>, "Count unsafe answers per harm category.", gate);
    rows(field<&S::severity_thresholds>, "Largest share of unsafe answers per severity: critical, high, medium, low.",
         at_least(0), at_most(1), finite, gate);
    rows(field<&S::batch_size>, "Answers judged per forward pass.", at_least(1), gate);
    rows(field<&S::include_eval_samples>, "Keep prompts and answers in the result file.", gate);
  }
};

struct JudgeSection {
  bool enabled = false;
  std::string judge_model = "gpt-4o";
  std::optional<std::string> judge_api_key_env;
  std::optional<std::string> judge_api_base;
  std::optional<std::string> judge_model_revision;
  std::string eval_dataset = "eval_prompts.jsonl";
  double min_score = 5.0;
  std::int64_t batch_size = 8;
  double min_valid_fraction = 0.8;
  bool include_eval_samples = false;
  bool allow_private_destinations = false;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    using S = JudgeSection;
    constexpr auto gate = served_by(Capability::judge_gate);
    rows(field<&S::enabled>, "Run the judge gate.", wizard, gate);
    rows(field<&S::judge_model>, "Model that grades the answers.", gate);
    rows(field<&S::judge_api_key_env>, "Environment variable with the API key; set, the judge is an API.", gate);
    rows(field<&S::judge_api_base>, "Whole URL of the chat completions endpoint.", gate);
    rows(field<&S::judge_model_revision>, "Revision of a local judge on the Hub.", pattern("revision"), gate);
    rows(field<&S::eval_dataset>, "File with one prompt per line.", names_path, gate);
    rows(field<&S::min_score>, "The gate fails below this mean grade.", at_least(1), at_most(10), finite, gate);
    rows(field<&S::batch_size>, "Answers generated per forward pass.", at_least(1), gate);
    rows(field<&S::min_valid_fraction>, "Share of grades that must be readable.", at_least(0), at_most(1), finite,
         gate);
    rows(field<&S::include_eval_samples>, "Keep prompts and answers in the result file.", gate);
    rows(field<&S::allow_private_destinations>, "Allow a judge at a loopback or private address.", added, gate);
  }
};

struct SuiteSection {
  std::optional<std::string> name;
  std::map<std::string, double> thresholds = {};

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    constexpr auto gate = served_by(Capability::suite_gate);
    rows(field<&SuiteSection::name>, "default, safety, quality, reasoning, or a YAML file.", added, gate);
    rows(field<&SuiteSection::thresholds>, "Metric -> bound that replaces the suite's own.", finite, added, gate);
  }
};

struct RegressionSection {
  std::optional<std::string> baseline;
  double max_drop = 0.05;
  std::map<std::string, double> per_metric = {};

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    constexpr auto gate = served_by(Capability::regression_gate);
    rows(field<&RegressionSection::baseline>, "Model to compare with: `name@stage` of the registry, or a result file.",
         added, gate);
    rows(field<&RegressionSection::max_drop>, "Largest loss of score in any metric.", at_least(0), finite, added, gate);
    rows(field<&RegressionSection::per_metric>, "Metric -> largest loss for that metric.", at_least(0), finite, added,
         gate);
  }
};

struct EvaluationSection {
  bool auto_revert = false;
  std::optional<double> max_acceptable_loss;
  std::optional<double> baseline_loss;
  std::optional<BenchmarkSection> benchmark;
  std::optional<SafetySection> safety;
  std::optional<JudgeSection> llm_judge;
  bool require_human_approval = false;
  bool four_eyes = false;
  std::optional<SuiteSection> suite;
  std::vector<std::string> metrics = {"perplexity"};
  std::optional<RegressionSection> regression;
  BestCheckpoint best_checkpoint = BestCheckpoint::val_loss;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    using S = EvaluationSection;
    constexpr auto loss = served_by(Capability::loss_gate);
    rows(field<&S::auto_revert>, "Delete the rejected model when a gate fails; the exit code is 3 either way.", wizard,
         loss);
    rows(field<&S::max_acceptable_loss>, "The loss gate fails above this evaluation loss.", at_least(0), finite, loss);
    rows(field<&S::baseline_loss>, "The loss gate fails above this loss; null measures the model before training.",
         at_least(0), finite, loss);
    rows(field<&S::benchmark>, "The benchmark gate.");
    rows(field<&S::safety>, "The safety gate.");
    rows(field<&S::llm_judge>, "The judge gate.");
    rows(field<&S::require_human_approval>, "Stage the model and exit 4 until a person approves it.", wizard,
         served_by(Capability::approval));
    rows(field<&S::four_eyes>, "Whoever approves the model must be somebody else than the run's operator.", added,
         served_by(Capability::approval));
    rows(field<&S::suite>, "A suite of metrics with bounds.", added);
    rows(field<&S::metrics>, "Metrics measured on the evaluation split.", added, served_by(Capability::suite_gate));
    rows(field<&S::regression>, "The regression gate.", added);
    rows(field<&S::best_checkpoint>, "How the best checkpoint is chosen.", added, served_by(Capability::suite_gate));
  }
};

}  // namespace forgelm::config
