#include "engine/training/checkpoint.hpp"

#include <algorithm>

#include "engine/model/tensor_file.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/formats/checkpoint_folder.hpp"

namespace forgelm::engine {
namespace {

namespace fs = std::filesystem;

constexpr Logger logger("forgelm.training");
constexpr const char* kStateFile = "trainer_state.json";
constexpr const char* kOptimizerFile = "optimizer.safetensors";

[[noreturn]] void fail_no_checkpoint(const fs::path& folder, const std::string& why) {
  throw ConfigError(cat("cannot resume from ", folder.native(), ": ", why),
                    "name a checkpoint-<step> folder, or resume without a path to take the newest whole one");
}

Json read_state_json(const fs::path& folder) {
  const auto text = read_file_if_exists(folder / kStateFile);
  if (!text) fail_no_checkpoint(folder, cat("it has no ", kStateFile));
  auto json = parse_json(*text);
  if (!json) fail_no_checkpoint(folder, cat(kStateFile, ": ", json.error().message));
  return std::move(json).value();
}

void require_undamaged(const fs::path& folder) {
  const auto problems = formats::verify_checkpoint(folder);
  if (!problems.empty()) fail_no_checkpoint(folder, join(problems, "; "));
}

}  // namespace

fs::path write_checkpoint(const fs::path& run_folder, TrainedModel& trained, Optimizer& optimizer,
                          const TrainerState& state, const std::function<void()>& before_commit) {
  formats::CheckpointWriter writer(run_folder, state.step);
  save_trained_weights(trained, writer.staging());
  write_tensor_file(writer.staging() / kOptimizerFile, optimizer.state());
  write_file_durably(writer.staging() / kStateFile, dump(to_json(state), {.indent = 2}) + "\n");
  before_commit();
  return writer.commit(Json::object({{"run_id", state.run_id},
                                     {"step", state.step},
                                     {"epoch", state.epoch},
                                     {"best_step", state.best_step ? Json(*state.best_step) : Json()}}));
}

void remove_old_checkpoints(const fs::path& run_folder, const TrainerState& state, std::int64_t save_total_limit) {
  const auto checkpoints = formats::list_checkpoints(run_folder);  // by step
  const auto num_kept_at_most = static_cast<std::size_t>(save_total_limit);
  std::size_t num_not_later = 0;
  for (const auto& checkpoint : checkpoints) num_not_later += checkpoint.step <= state.step ? 1 : 0;
  for (std::size_t i = 0; i < checkpoints.size(); ++i) {
    const auto& [path, step, about] = checkpoints[i];
    const bool is_later = step > state.step;
    const bool is_old = i + num_kept_at_most < num_not_later && step != state.best_step;
    if (!is_later && !is_old) continue;
    if (is_later) logger.info(path.native(), " is removed: the run went on from an earlier step");
    formats::remove_checkpoint(path);
  }
}

ResumePoint read_resume_point(const fs::path& folder, bool is_checked) {
  if (!fs::is_directory(folder)) fail_no_checkpoint(folder, "there is no such folder");
  ResumePoint point;
  point.folder = folder;
  const bool is_committed = fs::exists(folder / formats::kCommittedFile);
  if (is_committed && !is_checked) require_undamaged(folder);
  const Json json = read_state_json(folder);
  if (json.find("forgelm") != nullptr) {
    if (!is_committed) fail_no_checkpoint(folder, cat("it was never finished (no ", formats::kCommittedFile, ")"));
    point.state = trainer_state_from_json(json, folder / kStateFile);
    point.global_step = point.state->step;
    return point;
  }
  const Json* step = json.find("global_step");
  if (step == nullptr || step->kind() != Json::Kind::integer || step->integer() < 0)
    fail_no_checkpoint(folder, cat(kStateFile, " has no global_step"));
  point.global_step = step->integer();
  return point;
}

void load_optimizer(Optimizer& optimizer, const fs::path& folder, at::Device device) {
  optimizer.load_state(read_tensor_file(folder / kOptimizerFile, device));
}

void load_best_weights(TrainedModel& trained, const fs::path& run_folder, std::int64_t step) {
  const fs::path folder = run_folder / cat("checkpoint-", step);
  const auto problems = formats::verify_checkpoint(folder);
  if (!problems.empty())
    throw RunError(RunErrorKind::data,
                   cat("the best checkpoint ", folder.native(), " is damaged: ", join(problems, "; ")),
                   "the newest checkpoint holds the last weights; resuming the run evaluates and saves again",
                   {{"path", folder.native()}});
  load_trained_weights(trained, folder);
}

}  // namespace forgelm::engine
