// The numbers of a plan, by arithmetic from a job and its rows, and what a run would trip over, in every mode.
#include "forgelm/pipeline/plan.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "forgelm/core/text.hpp"
#include "support/fake_environment.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using pipeline::PlanMode;

/// An empty working directory with a file of 100 rows, and an environment without variables.
class Workplace {
 public:
  Workplace() : before_(std::filesystem::current_path()), environment_(fake) {
    std::filesystem::current_path(folder_.path());
    write("data.jsonl", 100, "{\"prompt\": \"abcdefgh\", \"completion\": \"ijklmnop\"}\n");
  }
  ~Workplace() { std::filesystem::current_path(before_); }

  static void write(const std::string& name, int num_rows, const std::string& row) {
    std::ofstream out(name, std::ios::binary);
    for (int i = 0; i < num_rows; ++i) out << row;
  }

  test::FakeEnvironment fake;

 private:
  std::filesystem::path before_;
  test::TemporaryDirectory folder_;
  ScopedEnvironment environment_;
};

config::LoadedJob job(const std::string& training, const std::string& data = "dataset_name_or_path: data.jsonl",
                      const std::string& rest = "",
                      const std::string& model = "name_or_path: org/model, load_in_4bit: false") {
  auto loaded = config::read_job(
      cat("model: {", model, "}\nlora: {}\ntraining: {", training, "}\ndata: {", data, "}\n", rest), "job.yaml");
  INFO(render(loaded.diagnostics, DiagnosticStyle::text));
  REQUIRE(loaded.ok());
  return loaded;
}

pipeline::StagePlan plan_of(const config::LoadedJob& loaded) {
  return pipeline::make_plan(loaded, PlanMode::dry_run).stages.at(0);
}

/// The finding of a code, or nothing.
const Diagnostic* find(const pipeline::Plan& plan, std::string_view code, std::string_view path = "") {
  const auto found = std::find_if(plan.findings.begin(), plan.findings.end(), [&](const Diagnostic& finding) {
    return finding.code == code && (path.empty() || finding.path == path);
  });
  return found == plan.findings.end() ? nullptr : &*found;
}

bool has(const config::LoadedJob& loaded, std::string_view code, std::string_view path) {
  return find(pipeline::make_plan(loaded, PlanMode::dry_run), code, path) != nullptr;
}

}  // namespace

TEST_CASE("plan: steps follow from rows, batches and epochs") {
  const Workplace here;
  // 100 rows, ceil(0.1 * 100) = 10 held out, 90 to learn; batches of 4: 23; two batches a step: 12; three epochs: 36.
  const auto plan =
      plan_of(job("per_device_train_batch_size: 4, gradient_accumulation_steps: 2, num_train_epochs: 3, eval_steps: "
                  "10, save_steps: 10"));
  CHECK(plan.num_train_rows == 90);
  CHECK(plan.num_eval_rows == 10);
  CHECK_FALSE(plan.rows_are_estimated);
  CHECK(plan.effective_batch_size == 8);
  CHECK(plan.num_steps_per_epoch == 12);
  CHECK(plan.num_steps == 36);
  CHECK(plan.num_warmup_steps == 4);  // ceil(36 * 0.1)
  CHECK(plan.num_evaluations == 3);
  CHECK(plan.num_checkpoints == 3);
  // 16 bytes of text a row, four bytes a token
  CHECK(plan.num_tokens_per_epoch == 360.0);
}

TEST_CASE("plan: max_steps decides over epochs, max_train_examples cuts rows") {
  const Workplace here;
  CHECK(plan_of(job("max_steps: 7")).num_steps == 7);
  CHECK(plan_of(job("max_steps: 7, warmup_steps: 3")).num_warmup_steps == 3);
  const auto cut = plan_of(job("per_device_train_batch_size: 5, gradient_accumulation_steps: 1, num_train_epochs: 1",
                               "dataset_name_or_path: data.jsonl, max_train_examples: 20"));
  CHECK(cut.num_train_rows == 20);
  CHECK(cut.num_steps == 4);
}

TEST_CASE("plan: learning rates stand at the ends, at the peak and between") {
  const Workplace here;
  const auto plan = plan_of(job("max_steps: 101, warmup_steps: 10, learning_rate: 1.0e-3, lr_scheduler: linear"));
  std::vector<std::int64_t> steps;
  for (const auto& point : plan.learning_rates) steps.push_back(point.step);
  CHECK(steps == std::vector<std::int64_t>{0, 10, 25, 50, 75, 100});
  CHECK(plan.learning_rates[0].learning_rate == 0.0);
  CHECK(plan.learning_rates[1].learning_rate == Approx(1e-3).epsilon(1e-12));
  CHECK(plan.learning_rates[5].learning_rate == Approx(1e-3 / 91).epsilon(1e-12));
  // People read three digits of them.
  CHECK(pipeline::describe(plan).find("0 at step 0, 0.001 at step 10, 0.000835 at step 25, 0.00056 at step 50, "
                                      "0.000286 at step 75, 1.1e-05 at step 100\n") != std::string::npos);
}

TEST_CASE("plan: a validation split of the data's own is not cut from the training rows") {
  const Workplace here;
  std::filesystem::create_directory("set");
  here.write("set/train.jsonl", 30, "{\"text\": \"abcd\"}\n");
  here.write("set/validation.jsonl", 7, "{\"text\": \"abcd\"}\n");
  const auto plan = plan_of(job("", "dataset_name_or_path: set"));
  CHECK(plan.num_train_rows == 30);
  CHECK(plan.num_eval_rows == 7);
}

TEST_CASE("plan: the split to evaluate on is the one that the job names") {
  const Workplace here;
  std::filesystem::create_directory("set");
  here.write("set/train.jsonl", 30, "{\"text\": \"abcd\"}\n");
  here.write("set/validation.jsonl", 7, "{\"text\": \"abcd\"}\n");
  here.write("set/test.jsonl", 5, "{\"text\": \"abcd\"}\n");
  CHECK(plan_of(job("", "dataset_name_or_path: set, eval_split: test")).num_eval_rows == 5);
  const auto none = plan_of(job("", "dataset_name_or_path: data.jsonl, eval_split: none"));
  CHECK(none.num_eval_rows == 0);
  CHECK(none.num_train_rows == 100);
}

TEST_CASE("plan: mixed data sets add up, or are cut to their shares") {
  const Workplace here;
  here.write("more.jsonl", 50, "{\"prompt\": \"a\", \"completion\": \"b\"}\n");
  // Mixed first, then a tenth held out: 150 rows less 15.
  CHECK(plan_of(job("", "dataset_name_or_path: data.jsonl, extra_datasets: [more.jsonl]")).num_train_rows == 135);
  // Shares of the largest set (100 rows): int(100 * 0.5) each, less a tenth.
  CHECK(plan_of(job("", "dataset_name_or_path: data.jsonl, extra_datasets: [more.jsonl], mix_ratio: [1, 1]"))
            .num_train_rows == 90);
}

TEST_CASE("plan: rows on the Hub are not known, and nothing that follows from them") {
  const Workplace here;
  const auto plan = plan_of(job("", "dataset_name_or_path: org/set"));
  CHECK_FALSE(plan.num_train_rows.has_value());
  CHECK_FALSE(plan.num_steps.has_value());
  CHECK(plan.learning_rates.empty());
  CHECK(pipeline::to_json(plan).find("steps")->is_null());
  CHECK(plan_of(job("max_steps: 5", "dataset_name_or_path: org/set")).num_steps == 5);
}

TEST_CASE("plan: what is missing is a warning in a dry run and an error in a run and under --strict") {
  const Workplace here;
  const auto loaded = job("", "dataset_name_or_path: ./nothing.jsonl");
  for (const auto mode : {PlanMode::dry_run, PlanMode::strict, PlanMode::run}) {
    const auto plan = pipeline::make_plan(loaded, mode);
    const Diagnostic* finding = find(plan, "missing_file", "data.dataset_name_or_path");
    REQUIRE(finding != nullptr);
    CHECK(finding->severity == (mode == PlanMode::dry_run ? Severity::warning : Severity::error));
    CHECK(finding->spot.line == 4);
    CHECK(finding->spot.column == 30);
    CHECK(finding->source_line == "data: {dataset_name_or_path: ./nothing.jsonl}");
  }
}

TEST_CASE("plan: files, folders and variables that the job names are looked for") {
  Workplace here;
  CHECK(has(job("", "dataset_name_or_path: data.jsonl", "", "name_or_path: ./no/model, load_in_4bit: false"),
            "missing_file", "model.name_or_path"));
  std::filesystem::create_directory("model");
  CHECK(has(job("", "dataset_name_or_path: data.jsonl", "", "name_or_path: ./model, load_in_4bit: false"),
            "model_not_usable", "model.name_or_path"));
  here.write("model/config.json", 1, "{\"model_type\": \"nobody's\"}");
  CHECK(has(job("", "dataset_name_or_path: data.jsonl", "", "name_or_path: ./model, load_in_4bit: false"),
            "model_not_usable", "model.name_or_path"));
  std::filesystem::copy(std::filesystem::path(FORGELM_SOURCE_DIR) / "templates/quickstart/model/config.json",
                        "model/config.json", std::filesystem::copy_options::overwrite_existing);
  CHECK_FALSE(has(job("", "dataset_name_or_path: data.jsonl", "", "name_or_path: ./model, load_in_4bit: false"),
                  "model_not_usable", "model.name_or_path"));
  CHECK(has(
      job("", "dataset_name_or_path: data.jsonl", "", "name_or_path: org/model, load_in_4bit: false, offline: true"),
      "offline", "model.name_or_path"));
  CHECK(has(job("", "dataset_name_or_path: org/set", "", "name_or_path: org/model, load_in_4bit: false, offline: true"),
            "offline", "data.dataset_name_or_path"));
  CHECK(has(job("", "dataset_name_or_path: data.jsonl, extra_datasets: [./more.jsonl]"), "missing_file",
            "data.extra_datasets"));
  const std::string data = "dataset_name_or_path: data.jsonl";
  CHECK(has(job("", data, "evaluation: {safety: {enabled: true, test_prompts: p.jsonl}}\n"), "missing_file",
            "evaluation.safety.test_prompts"));
  CHECK_FALSE(has(job("", data, "evaluation: {safety: {enabled: false, test_prompts: p.jsonl}}\n"), "missing_file",
                  "evaluation.safety.test_prompts"));
  CHECK(has(job("", data, "webhook: {url: https://example.org, tls_ca_bundle: ca.pem}\n"), "missing_file",
            "webhook.tls_ca_bundle"));
  CHECK(has(job("", data, "distributed: {strategy: deepspeed, deepspeed_config: ds.json}\n"), "missing_file",
            "distributed.deepspeed_config"));
  CHECK_FALSE(has(job("", data, "distributed: {strategy: deepspeed, deepspeed_config: zero2}\n"), "missing_file",
                  "distributed.deepspeed_config"));
  const auto hook = job("", data, "webhook: {url_env: HOOK}\n");
  CHECK(has(hook, "missing_variable", "webhook.url_env"));
  here.fake.variables["HOOK"] = "https://example.org";
  CHECK_FALSE(has(hook, "missing_variable", "webhook.url_env"));
}

TEST_CASE("plan: rows without the columns of the trainer, and too few rows") {
  const Workplace here;
  const std::string data = "dataset_name_or_path: data.jsonl", path = "data.dataset_name_or_path";
  CHECK_FALSE(has(job("", data), "missing_column", path));
  const auto plan = pipeline::make_plan(job("trainer_type: dpo", data), PlanMode::dry_run);
  const Diagnostic* finding = find(plan, "missing_column", path);
  REQUIRE(finding != nullptr);
  CHECK(finding->message.find("prompt, completion") != std::string::npos);
  CHECK(finding->message.find("chosen + rejected") != std::string::npos);
  here.write("pairs.jsonl", 20, "{\"good\": \"a\", \"bad\": \"b\"}\n");
  CHECK(has(job("trainer_type: dpo", "dataset_name_or_path: pairs.jsonl"), "missing_column", path));
  CHECK_FALSE(has(job("trainer_type: dpo", "dataset_name_or_path: pairs.jsonl, columns: {chosen: good, rejected: bad}"),
                  "missing_column", path));
  const auto renamed = pipeline::make_plan(job("trainer_type: dpo",
                                               "dataset_name_or_path: pairs.jsonl, columns: {chosn: good, "
                                               "rejected: bda}"),
                                           PlanMode::dry_run);
  const Diagnostic* unknown = find(renamed, "unknown_column", "data.columns.chosn");
  REQUIRE(unknown != nullptr);
  CHECK(unknown->hint.find("\"chosen\"") != std::string::npos);
  unknown = find(renamed, "unknown_column", "data.columns.rejected");
  REQUIRE(unknown != nullptr);
  CHECK(unknown->message.find("\"bda\"; allowed: good, bad") != std::string::npos);
  CHECK(has(job("", "dataset_name_or_path: data.jsonl, min_examples: 91"), "too_few_rows", path));
  CHECK_FALSE(has(job("", "dataset_name_or_path: data.jsonl, min_examples: 90"), "too_few_rows", path));
  here.write("broken.jsonl", 1, "{\"text\": \n");
  CHECK(has(job("", "dataset_name_or_path: broken.jsonl"), "data_not_readable", path));
}

TEST_CASE("plan: steps that do not divide, batches that are too small, warm-up that outlasts the run") {
  const Workplace here;
  CHECK(has(job("save_steps: 25, eval_steps: 10"), "steps_do_not_divide", "training.save_steps"));
  CHECK_FALSE(has(job("save_steps: 20, eval_steps: 10"), "steps_do_not_divide", "training.save_steps"));
  CHECK(has(job("trainer_type: grpo, per_device_train_batch_size: 3, gradient_accumulation_steps: 1, "
                "grpo_num_generations: 4"),
            "steps_do_not_divide", "training.grpo_num_generations"));
  CHECK_FALSE(has(job("trainer_type: grpo, per_device_train_batch_size: 4, gradient_accumulation_steps: 1, "
                      "grpo_num_generations: 4"),
                  "steps_do_not_divide", "training.grpo_num_generations"));
  CHECK(has(job("trainer_type: kto, per_device_train_batch_size: 1"), "batch_too_small",
            "training.per_device_train_batch_size"));
  CHECK_FALSE(has(job("trainer_type: kto, per_device_train_batch_size: 2"), "batch_too_small",
                  "training.per_device_train_batch_size"));
  CHECK(has(job("max_steps: 10, warmup_steps: 11"), "warmup_too_long", "training.warmup_steps"));
  CHECK_FALSE(has(job("max_steps: 10, warmup_steps: 10"), "warmup_too_long", "training.warmup_steps"));
}

TEST_CASE("plan: stages that share a folder are refused in every mode") {
  const Workplace here;
  const auto shared = job("", "dataset_name_or_path: data.jsonl", "pipeline: {stages: [{name: one}, {name: two}]}\n");
  for (const auto mode : {PlanMode::dry_run, PlanMode::run}) {
    const auto plan = pipeline::make_plan(shared, mode);
    CHECK(plan.stages.size() == 2);
    const Diagnostic* finding = find(plan, "shared_folder");
    REQUIRE(finding != nullptr);
    CHECK(finding->severity == Severity::error);
  }
  const auto apart =
      job("", "dataset_name_or_path: data.jsonl",
          "pipeline: {stages: [{name: one}, {name: two, training: {trainer_type: sft, output_dir: out2}}]}\n");
  CHECK(find(pipeline::make_plan(apart, PlanMode::run), "shared_folder") == nullptr);
}

TEST_CASE("plan: an absent capability stops a run when it changes weights or verdicts, and is warned of otherwise") {
  const Workplace here;
  const auto loaded = job("packing: true, gpu_cost_per_hour: 2.5", "dataset_name_or_path: data.jsonl",
                          "webhook: {url: https://example.org}\nevaluation: {max_acceptable_loss: 2.0}\n");
  for (const auto capability : {config::Capability::packing, config::Capability::loss_gate,
                                config::Capability::cost_record, config::Capability::webhooks}) {
    const auto& info = config::info(capability);
    const bool stops = info.effect == config::Effect::weights || info.effect == config::Effect::verdict;
    for (const auto mode : {PlanMode::dry_run, PlanMode::strict, PlanMode::run}) {
      const auto plan = pipeline::make_plan(loaded, mode);
      const auto found = std::find_if(plan.findings.begin(), plan.findings.end(), [&](const Diagnostic& finding) {
        return finding.code == "absent_capability" &&
               finding.message.find(cat("this build has no ", info.what, ";")) != std::string::npos;
      });
      INFO(info.what);
      CHECK((found == plan.findings.end()) == info.is_available);
      if (found == plan.findings.end()) continue;
      const bool is_error = mode == PlanMode::strict || (mode == PlanMode::run && stops);
      CHECK(found->severity == (is_error ? Severity::error : Severity::warning));
      CHECK(found->spot.line > 0);
    }
  }
}

TEST_CASE("plan: gates are named with what they compare with") {
  const Workplace here;
  const auto plan = plan_of(job("", "dataset_name_or_path: data.jsonl",
                                "evaluation: {max_acceptable_loss: 2.5, baseline_loss: 3.0, require_human_approval: "
                                "true, benchmark: {enabled: true, tasks: [arc_easy, boolq]}}\n"));
  CHECK(plan.gates == std::vector<std::string>{"loss at most 2.5", "loss not above the baseline 3.0",
                                               "benchmark arc_easy, boolq", "human approval"});
}
