// What tests of models share: rows of sequences, distances, and models whose weights follow the rule of
// tools/golden/models/make.py.
#pragma once

#include "support/torch_test.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/model/load_model.hpp"
#include "engine/nn/decoder.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/formats/model_config.hpp"

namespace forgelm::test {

using Sequences = std::vector<std::vector<std::int32_t>>;

inline const std::filesystem::path kSourceFolder = FORGELM_SOURCE_DIR;
inline const std::filesystem::path kQuickstartModel = kSourceFolder / "templates/quickstart/model";
inline const std::filesystem::path kModelGoldens = kSourceFolder / "tests/golden/models";

/// The documents of a file with one a line.
std::vector<Json> json_lines(const std::filesystem::path& path);
std::vector<std::int32_t> ids_of(const Json& list);
Sequences sequences_of(const Json& lists);

/// Laid end to end, with positions from 0 in each.
engine::ForwardInput row_of(const Sequences& sequences);

/// Logits of all tokens, in float32.
at::Tensor logits_of(engine::DecoderModel& model, const engine::ForwardInput& input);

/// The largest difference in units of the largest expected number.
double distance(const at::Tensor& actual, const at::Tensor& expected);

/// Values by the rule.
at::Tensor rule_tensor(at::IntArrayRef shape, std::uint64_t place, double scale);

/// Writes config.json and weights by the rule; all but those of norms are multiplied with `scale`.
void write_rule_model(const std::filesystem::path& folder, const Json& config, double scale = 1);

engine::DecoderModel quickstart_model(at::ScalarType dtype = at::kFloat);
/// By the rule, from a line of cases.jsonl.
engine::DecoderModel rule_model(const Json& line, at::ScalarType dtype = at::kFloat);
/// The line of cases.jsonl with this name.
Json case_line(const std::string& name);

}  // namespace forgelm::test
