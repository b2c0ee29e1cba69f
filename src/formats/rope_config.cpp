// Both forms become the dictionary that transformers 5 makes of them (convert_rope_params_to_dict, then
// standardize_rope_params): rope_scaling goes before rope_parameters when it holds anything, what stands inside goes
// before what stands beside it, save original_max_position_embeddings, where it is the other way round.
#include "rope_config.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::formats {
namespace {

constexpr Logger logger("forgelm.formats");
constexpr std::int64_t kMaxPositions = std::int64_t{1} << 40;
constexpr double kDefaultTheta = 10000.0;

/// Set when `key` is absent or null.
void set_default(Json& object, std::string_view key, const Json& value) {
  const Json* known = object.find(key);
  if (known == nullptr || known->is_null()) object.set(std::string(key), value);
}

/// The dictionary, with theta in it.
Json parameters_of(const JsonFields& config) {
  Json out = Json::object();
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    const Json::Object& members = config.members(key);
    if (members.empty()) continue;
    out = Json(members);
    break;
  }
  const Json* theta = config.find("rope_theta");
  set_default(out, "rope_theta", theta != nullptr ? *theta : Json(kDefaultTheta));
  if (const Json* part = config.find("partial_rotary_factor")) set_default(out, "partial_rotary_factor", *part);
  return out;
}

RopeKind kind_of(const JsonFields& parameters) {
  const char* key = parameters.has("rope_type") ? "rope_type" : "type";
  const std::string name = parameters.text(key, "default");
  if (name == "default") return RopeKind::none;
  const auto kind = from_text<RopeKind>(name);
  if (!kind || *kind == RopeKind::none)
    parameters.fail(
        key, "this scaling of rotary positions is not known (known: default, linear, dynamic, yarn, longrope, llama3)");
  return *kind;
}

void check_keys(const JsonFields& parameters) {
  static constexpr std::array<std::string_view, 16> kKnown = {"rope_type",        "type",
                                                              "rope_theta",       "partial_rotary_factor",
                                                              "factor",           "original_max_position_embeddings",
                                                              "beta_fast",        "beta_slow",
                                                              "short_factor",     "long_factor",
                                                              "low_freq_factor",  "high_freq_factor",
                                                              "attention_factor", "mscale",
                                                              "mscale_all_dim",   "truncate"};
  for (const auto& [key, value] : parameters.object().members()) {
    if (value.kind() == Json::Kind::object)
      parameters.fail(key, "rotary positions that differ by kind of layer are not known for this family");
    if (key.substr(0, 5) == "mrope")
      parameters.fail(key, "rotary positions of several axes are not known for this family");
    if (std::find(kKnown.begin(), kKnown.end(), key) == kKnown.end())
      logger.warning(parameters.place(), ": ", key, " is not a key of rotary positions and has no effect");
  }
}

std::vector<double> read_factors(const JsonFields& parameters, std::string_view key, std::int64_t num_expected) {
  std::vector<double> out;
  const Json* list = parameters.find(key);
  const std::string expected = cat("expected a list of ", num_expected, " numbers above 0, one for each rotated pair");
  if (list == nullptr || list->kind() != Json::Kind::array) parameters.fail(key, expected);
  for (const Json& item : list->items()) {
    if (!item.is_number() || !std::isfinite(item.real()) || item.real() <= 0) parameters.fail(key, expected);
    out.push_back(item.real());
  }
  if (std::cmp_not_equal(out.size(), num_expected)) parameters.fail(key, cat(expected, ", found ", out.size()));
  return out;
}

double required(const JsonFields& parameters, std::string_view key, RopeKind kind) {
  if (!parameters.has(key)) parameters.fail(key, cat("rope_type ", to_text(kind), " needs it, a number above 0"));
  return parameters.real(key, 0, 0.0);
}

/// A number that 0 leaves out, as the reference's `or` and `if` have it.
std::optional<double> nonzero(const JsonFields& parameters, std::string_view key) {
  const double value = parameters.real(key, 0);
  return value == 0 ? std::nullopt : std::optional(value);
}

void read_yarn(const JsonFields& parameters, RopeConfig& out) {
  if (out.theta <= 1) parameters.fail("rope_theta", "rope_type yarn takes its logarithm: expected a number above 1");
  out.beta_fast = nonzero(parameters, "beta_fast").value_or(32);
  out.beta_slow = nonzero(parameters, "beta_slow").value_or(1);
  for (const char* key : {"beta_fast", "beta_slow"})
    if (parameters.real(key, 0) < 0) parameters.fail(key, "expected a number above 0");
  out.mscale = nonzero(parameters, "mscale");
  out.mscale_all_dim = nonzero(parameters, "mscale_all_dim");
  out.truncates = parameters.boolean("truncate", true);
}

}  // namespace

RopeConfig read_rope(const JsonFields& config, std::int64_t head_dim, std::int64_t max_positions) {
  const Json dictionary = parameters_of(config);
  const bool is_old = !config.members("rope_scaling").empty() || !config.has("rope_parameters");
  const JsonFields parameters(dictionary, cat(config.place(), ": ", is_old ? "rope_scaling" : "rope_parameters"));
  check_keys(parameters);

  RopeConfig out;
  out.kind = kind_of(parameters);
  out.theta = parameters.real("rope_theta", kDefaultTheta, 0.0);
  out.partial_rotary_factor = parameters.real("partial_rotary_factor", 1.0, 0.0);
  if (out.partial_rotary_factor > 1) parameters.fail("partial_rotary_factor", "expected a number above 0, at most 1");
  if (out.kind == RopeKind::none) return out;

  const bool knows_original =
      out.kind == RopeKind::yarn || out.kind == RopeKind::longrope || out.kind == RopeKind::llama3;
  constexpr const char* kOriginal = "original_max_position_embeddings";
  if (knows_original) {
    const std::int64_t inside = parameters.integer(kOriginal, max_positions, 1, kMaxPositions);
    out.original_max_positions = config.integer(kOriginal, inside, 1, kMaxPositions);
  }
  const bool is_implied = knows_original && out.kind != RopeKind::llama3 && !parameters.has("factor");
  out.factor = is_implied ? static_cast<double>(max_positions) / static_cast<double>(out.original_max_positions)
                          : required(parameters, "factor", out.kind);
  if (parameters.has("attention_factor") && (out.kind == RopeKind::yarn || out.kind == RopeKind::longrope))
    out.attention_factor = parameters.real("attention_factor", 1.0);
  if (out.kind == RopeKind::yarn) read_yarn(parameters, out);
  if (out.kind == RopeKind::longrope) {
    const auto rotated = static_cast<std::int64_t>(static_cast<double>(head_dim) * out.partial_rotary_factor);
    out.short_factor = read_factors(parameters, "short_factor", rotated / 2);
    out.long_factor = read_factors(parameters, "long_factor", rotated / 2);
  }
  if (out.kind == RopeKind::llama3) {
    out.low_freq_factor = required(parameters, "low_freq_factor", out.kind);
    out.high_freq_factor = required(parameters, "high_freq_factor", out.kind);
  }
  return out;
}

void override_rope(ModelConfig& config, const Json& rope_scaling) {
  Json requested = JsonFields(rope_scaling, "training.rope_scaling").object();
  const JsonFields own(config.raw, "config.json");
  Json merged = parameters_of(own);
  // The model's own scaling is named by rope_type alone from here on, or its `type` could stand beside the job's.
  const bool had_type = merged.find("rope_type") != nullptr;
  if (const Json* type = merged.find("type"); type != nullptr && !had_type) merged.set("rope_type", *type);
  for (const auto& [key, value] : requested.members()) {
    const bool is_old_name = key == "type" && requested.find("rope_type") == nullptr;
    merged.set(is_old_name ? "rope_type" : key, value);
  }

  // In the form that the file has, so that a model saved with it is read alike by old and new readers.
  Json raw = config.raw;
  const Json theta = merged.at("rope_theta");
  if (own.has("rope_parameters")) {
    raw.set("rope_parameters", merged);
    if (raw.find("rope_scaling") != nullptr) raw.set("rope_scaling", Json());
  } else {
    std::erase_if(merged.members(), [](const Json::Member& member) { return member.first == "rope_theta"; });
    raw.set("rope_scaling", merged);
    raw.set("rope_theta", theta);
  }
  config.rope = read_rope(JsonFields(raw, "training.rope_scaling, over the model's config.json"), config.head_dim,
                          config.max_positions);
  config.raw = std::move(raw);
}

}  // namespace forgelm::formats
