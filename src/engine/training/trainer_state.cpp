#include "engine/training/trainer_state.hpp"

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"

namespace forgelm::engine {
namespace {

constexpr std::int64_t kVersion = 1;

std::uint64_t count_of(const Json& json) {
  if (json.integer() < 0) throw RunError(RunErrorKind::data, cat(json.integer(), " is negative"));
  return static_cast<std::uint64_t>(json.integer());
}

Json to_json(const RunConditions& conditions) {
  return Json::object({{"precision", conditions.precision},
                       {"recomputes_blocks", conditions.recomputes_blocks},
                       {"device", conditions.device},
                       {"cpu_capability", conditions.cpu_capability},
                       {"libtorch", conditions.libtorch_version},
                       {"num_threads", conditions.num_threads}});
}

RunConditions conditions_from_json(const Json& json) {
  RunConditions conditions;
  conditions.precision = json.at("precision").text();
  conditions.recomputes_blocks = json.at("recomputes_blocks").boolean();
  conditions.device = json.at("device").text();
  conditions.cpu_capability = json.at("cpu_capability").text();
  conditions.libtorch_version = json.at("libtorch").text();
  conditions.num_threads = static_cast<int>(json.at("num_threads").integer());
  return conditions;
}

TrainerState from_json(const Json& json) {
  if (json.at("version").integer() != kVersion)
    throw RunError(RunErrorKind::data, cat("it is of version ", json.at("version").integer(), ", not ", kVersion));
  TrainerState state;
  state.step = static_cast<std::int64_t>(count_of(json.at("global_step")));
  state.num_steps = json.at("max_steps").integer();
  state.epoch = json.at("epoch").real();
  state.is_settled = json.at("is_settled").boolean();
  if (!json.at("data").is_null()) state.cursor = data::data_cursor_from_json(json.at("data")).value();
  state.num_tokens = count_of(json.at("num_tokens"));
  state.num_learnt_tokens = count_of(json.at("num_learnt_tokens"));
  state.loss_sum = json.at("loss_sum").real();
  state.num_losses = static_cast<std::int64_t>(count_of(json.at("num_losses")));
  state.seconds = json.at("seconds").real();
  for (const Json& point : json.at("evaluations").items())
    state.evaluations.push_back({point.at("step").integer(), point.at("epoch").real(), point.at("loss").real()});
  state.num_evaluations_without_gain = json.at("num_evaluations_without_gain").integer();
  if (!json.at("best_step").is_null()) state.best_step = json.at("best_step").integer();
  state.batch_size = json.at("batch_size").integer();
  if (state.batch_size < 1) throw RunError(RunErrorKind::data, "batch_size is less than 1");
  state.conditions = conditions_from_json(json.at("conditions"));
  state.seed = json.at("seed").integer();
  state.run_id = json.at("run_id").text();
  state.made_with = json.at("made_with");
  return state;
}

}  // namespace

std::optional<double> TrainerState::evaluation_at(std::int64_t at_step) const {
  for (const EvaluationPoint& point : evaluations)
    if (point.step == at_step) return point.loss;
  return std::nullopt;
}

// The names of transformers' file where the meaning is the same, so that its readers find step, epoch and best.
Json to_json(const TrainerState& state) {
  Json evaluations = Json::array();
  for (const EvaluationPoint& point : state.evaluations)
    evaluations.push(Json::object({{"step", point.step}, {"epoch", point.epoch}, {"loss", point.loss}}));
  const auto best_metric = state.best_step ? state.evaluation_at(*state.best_step) : std::nullopt;
  return Json::object({{"forgelm", std::string(version())},
                       {"version", kVersion},
                       {"run_id", state.run_id},
                       {"global_step", state.step},
                       {"max_steps", state.num_steps},
                       {"epoch", state.epoch},
                       {"is_settled", state.is_settled},
                       {"best_step", state.best_step ? Json(*state.best_step) : Json()},
                       {"best_metric", best_metric ? Json(*best_metric) : Json()},
                       {"num_evaluations_without_gain", state.num_evaluations_without_gain},
                       {"evaluations", std::move(evaluations)},
                       {"loss_sum", state.loss_sum},
                       {"num_losses", state.num_losses},
                       {"num_tokens", state.num_tokens},
                       {"num_learnt_tokens", state.num_learnt_tokens},
                       {"seconds", state.seconds},
                       {"seed", state.seed},
                       {"batch_size", state.batch_size},
                       {"conditions", to_json(state.conditions)},
                       {"data", state.cursor ? data::to_json(*state.cursor) : Json()},
                       {"made_with", state.made_with}});
}

TrainerState trainer_state_from_json(const Json& json, const std::filesystem::path& path) {
  try {
    return from_json(json);
  } catch (const RunError& error) {
    throw ConfigError(cat(path.native(), " is no state of a training run: ", error.what()),
                      "resume from another checkpoint, or start a new run");
  }
}

std::optional<double> lowest_loss(const TrainerState& state) {
  std::optional<double> lowest;
  for (const EvaluationPoint& point : state.evaluations)
    if (point.step > 0 && (!lowest || point.loss < *lowest)) lowest = point.loss;
  return lowest;
}

}  // namespace forgelm::engine
