// Rules that look at the file system, and keys that do nothing in a job. The other rules stand in tests/golden/config.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "forgelm/config/load.hpp"
#include "forgelm/core/text.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
namespace fs = std::filesystem;

config::LoadedJob read(const std::string& training, const std::string& rest = "",
                       const std::string& model = "name_or_path: m", const std::string& lora = "") {
  return config::read_job(cat("model: {", model, "}\nlora: {", lora, "}\ntraining: {", training,
                              "}\ndata: {dataset_name_or_path: d}\n", rest),
                          "job.yaml");
}

/// Why final_model_dir is refused with `out` as the run's folder; "" when it is taken.
std::string refusal(const fs::path& out, const std::string& name) {
  const auto loaded = read(cat("output_dir: \"", out.native(), "\", final_model_dir: \"", name, "\""));
  for (const auto& diagnostic : loaded.diagnostics)
    if (diagnostic.severity == Severity::error) return cat(diagnostic.path, ": ", diagnostic.message);
  return "";
}

bool mentions(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// Paths that have no effect, with the reason.
std::map<std::string, std::string> idle(const config::LoadedJob& loaded) {
  std::map<std::string, std::string> found;
  for (const auto& diagnostic : loaded.diagnostics)
    if (diagnostic.code == "no_effect") {
      CHECK(diagnostic.severity == Severity::warning);
      found[diagnostic.path] = diagnostic.hint;
    }
  return found;
}

std::vector<std::string> idle_paths(const config::LoadedJob& loaded) {
  std::vector<std::string> paths;
  for (const auto& [path, reason] : idle(loaded)) paths.push_back(path);
  return paths;
}

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("final_model_dir: a new or an existing folder inside the run's folder is taken") {
  const test::TemporaryDirectory folder;
  const fs::path out = folder / "out";
  CHECK(refusal(out, "final_model") == "");
  fs::create_directories(out / "final_model");
  CHECK(refusal(out, "final_model") == "");
  CHECK(refusal(out, "a/b") == "");
}

TEST_CASE("final_model_dir: a file or a symbolic link on the way is refused") {
  const test::TemporaryDirectory folder;
  const fs::path out = folder / "out";
  fs::create_directories(out / "real");
  std::ofstream(out / "file") << "x";
  CHECK(mentions(refusal(out, "file"), "leads through the file"));
  fs::create_symlink(out / "real", out / "link");
  CHECK(mentions(refusal(out, "link"), "leads through the symbolic link"));
  CHECK(mentions(refusal(out, "link/deeper"), "leads through the symbolic link"));
  fs::create_symlink(out / "nowhere", out / "dangling");
  CHECK(mentions(refusal(out, "dangling"), "leads through the symbolic link"));
}

TEST_CASE("final_model_dir: a link out of the run's folder is refused") {
  const test::TemporaryDirectory folder;
  const fs::path out = folder / "out";
  fs::create_directories(out);
  fs::create_directories(folder / "elsewhere");
  fs::create_symlink(folder / "elsewhere", out / "away");
  CHECK(mentions(refusal(out, "away/model"), "is not a folder of its own inside output_dir"));
}

TEST_CASE("final_model_dir: a folder that a checkpoint's link leads into is refused") {
  const test::TemporaryDirectory folder;
  const fs::path out = folder / "out";
  fs::create_directories(out / "final_model" / "inner");
  fs::create_symlink(out / "final_model" / "inner", out / "checkpoint-100");
  CHECK(mentions(refusal(out, "final_model"), "overlaps"));
  CHECK(mentions(refusal(out, "final_model"), "checkpoint-100"));
  CHECK(refusal(out, "other") == "");
}

TEST_CASE("final_model_dir: the run's folder may itself be reached through a link") {
  const test::TemporaryDirectory folder;
  fs::create_directories(folder / "real");
  fs::create_symlink(folder / "real", folder / "out");
  CHECK(refusal(folder / "out", "final_model") == "");
  CHECK(mentions(refusal(folder / "out", "../real/model"), "leads upwards"));
}

TEST_CASE("revision: a local folder has none, and the user is told") {
  const test::TemporaryDirectory folder;
  const auto loaded = read("", "", cat("name_or_path: \"", folder.path().native(), "\", revision: main"));
  CHECK(loaded.ok());
  CHECK(std::any_of(loaded.diagnostics.begin(), loaded.diagnostics.end(),
                    [](const Diagnostic& diagnostic) { return diagnostic.code == "revision.local"; }));
}

TEST_CASE("unsloth: a sliding window of 0 changes nothing and is taken, as by the reference") {
  CHECK(read("sliding_window_attention: 0", "", "name_or_path: m, backend: unsloth").ok());
  CHECK_FALSE(read("sliding_window_attention: 8", "", "name_or_path: m, backend: unsloth").ok());
}

TEST_CASE("no effect: keys of another trainer") {
  CHECK(idle_paths(read("dpo_beta: 0.2, kto_beta: 0.3")) == Paths{"training.dpo_beta", "training.kto_beta"});
  CHECK(idle_paths(read("trainer_type: dpo, dpo_beta: 0.2, kto_beta: 0.3")) == Paths{"training.kto_beta"});
  CHECK(idle(read("dpo_beta: 0.2")).at("training.dpo_beta") == "it counts when training.trainer_type is dpo");
}

TEST_CASE("no effect: a default written out is nothing to warn of") {
  CHECK(idle_paths(read("dpo_beta: 0.1")).empty());
}

TEST_CASE("no effect: keys of what is switched off") {
  CHECK(idle_paths(read("galore_rank: 64")) == Paths{"training.galore_rank"});
  CHECK(idle_paths(read("galore_enabled: true, galore_rank: 64")).empty());
  CHECK(idle_paths(read("", "evaluation: {safety: {min_safety_score: 0.5}}\n")) ==
        Paths{"evaluation.safety.min_safety_score"});
  CHECK(idle_paths(
            read("", "evaluation: {safety: {enabled: true, scoring: confidence_weighted, min_safety_score: 0.5}}\n"))
            .empty());
  CHECK(idle_paths(read("", "merge: {method: dare}\n")) == Paths{"merge.method"});
  CHECK(idle_paths(read("", "monitoring: {endpoint: https://example.org}\n")) == Paths{"monitoring.endpoint"});
}

TEST_CASE("no effect: what another key decides") {
  CHECK(idle_paths(read("max_steps: 10, num_train_epochs: 2")) == Paths{"training.num_train_epochs"});
  CHECK(idle_paths(read("warmup_steps: 10, warmup_ratio: 0.2")) == Paths{"training.warmup_ratio"});
  CHECK(idle_paths(read("lr_scheduler: constant, min_lr_ratio: 0.1")) == Paths{"training.min_lr_ratio"});
  CHECK(idle_paths(read("", "", "name_or_path: m", "method: none, r: 16, alpha: 4")) == Paths{"lora.alpha", "lora.r"});
  CHECK(idle_paths(read("", "", "name_or_path: m, load_in_4bit: false, bnb_4bit_quant_type: fp4")) ==
        Paths{"model.bnb_4bit_quant_type"});
  CHECK(idle_paths(read("", "webhook: {url: https://example.org, url_env: HOOK}\n")) == Paths{"webhook.url_env"});
}

TEST_CASE("no effect: a stage is judged by its own sections") {
  const auto loaded = read(
      "dpo_beta: 0.2",
      "pipeline: {stages: [{name: one}, {name: two, training: {trainer_type: dpo, dpo_beta: 0.3, kto_beta: 0.4}}]}\n");
  CHECK(idle_paths(loaded) == Paths{"pipeline.stages[1].training.kto_beta", "training.dpo_beta"});
}
