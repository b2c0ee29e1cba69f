#include "engine/model_support.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "engine/model/tensor_file.hpp"
#include "engine/model/tensor_names.hpp"
#include "forgelm/core/files.hpp"
#include "support/temporary_directory.hpp"

namespace forgelm::test {

using namespace engine;

std::vector<Json> json_lines(const std::filesystem::path& path) {
  std::vector<Json> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) lines.push_back(parse_json(line).value());
  if (lines.empty()) throw std::runtime_error(path.string() + " is empty");
  return lines;
}

std::vector<std::int32_t> ids_of(const Json& list) {
  std::vector<std::int32_t> ids;
  for (const Json& id : list.items()) ids.push_back(static_cast<std::int32_t>(id.integer()));
  return ids;
}

Sequences sequences_of(const Json& lists) {
  Sequences sequences;
  for (const Json& list : lists.items()) sequences.push_back(ids_of(list));
  return sequences;
}

ForwardInput row_of(const Sequences& sequences) {
  ForwardInput input;
  std::vector<std::int64_t> ids, positions;
  for (const auto& sequence : sequences) {
    for (std::size_t i = 0; i < sequence.size(); ++i) {
      ids.push_back(sequence[i]);
      positions.push_back(static_cast<std::int64_t>(i));
    }
    const auto length = static_cast<std::int32_t>(sequence.size());
    input.starts.push_back(input.starts.back() + length);
    input.max_length = std::max(input.max_length, length);
  }
  input.ids_T = at::tensor(at::ArrayRef<std::int64_t>(ids), at::kLong);
  input.positions_AT = at::tensor(at::ArrayRef<std::int64_t>(positions), at::kLong).unsqueeze(0);
  return input;
}

at::Tensor logits_of(DecoderModel& model, const ForwardInput& input) {
  return model.logits(model.hidden(input, {}), {}).to(at::kFloat);
}

double distance(const at::Tensor& actual, const at::Tensor& expected) {
  if (actual.sizes() != expected.sizes()) throw std::runtime_error("shapes differ");
  return ((actual.detach() - expected).abs().max() / expected.abs().max()).item<double>();
}

at::Tensor rule_tensor(at::IntArrayRef shape, std::uint64_t place, double scale) {
  at::Tensor out = at::empty(shape);
  float* const values = out.data_ptr<float>();
  for (std::int64_t i = 0; i < out.numel(); ++i) {
    std::uint64_t state = (static_cast<std::uint64_t>(i) + 1 + 1000003 * place) * 0x9e3779b97f4a7c15U;
    state = (state ^ (state >> 30U)) * 0xbf58476d1ce4e5b9U;
    state = (state ^ (state >> 27U)) * 0x94d049bb133111ebU;
    state = (state ^ (state >> 31U)) >> 40U;
    values[i] = static_cast<float>((static_cast<double>(state) / 16777216.0 - 0.5) * scale);
  }
  return out;
}

void write_rule_model(const std::filesystem::path& folder, const Json& config, double scale) {
  write_file_durably(folder / "config.json", dump(config, {.indent = 2}));
  auto expected = expected_tensors(formats::read_model_config(folder));
  std::sort(expected.begin(), expected.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  NamedTensors tensors;
  for (std::size_t place = 0; place < expected.size(); ++place) {
    const std::string& name = expected[place].name;
    const bool is_norm = name.find("norm") != std::string::npos;
    const bool is_bias = name.size() > 5 && name.compare(name.size() - 5, 5, ".bias") == 0;
    if (is_norm) tensors.emplace_back(name, rule_tensor(expected[place].shape, place, 0.4) + 1.0);
    else tensors.emplace_back(name, rule_tensor(expected[place].shape, place, (is_bias ? 0.4 : 0.8) * scale));
  }
  write_tensor_file(folder / "model.safetensors", tensors);
}

DecoderModel quickstart_model(at::ScalarType dtype) {
  return load_model(kQuickstartModel, formats::read_model_config(kQuickstartModel), {at::kCPU, dtype, nullptr});
}

DecoderModel rule_model(const Json& line, at::ScalarType dtype) {
  const TemporaryDirectory folder;
  const Json* scale = line.find("scale");
  write_rule_model(folder.path(), line.at("config"), scale == nullptr ? 1.0 : scale->real());
  auto config = formats::read_model_config(folder.path());
  if (const Json* window = line.find("sliding_window")) config.sliding_window = window->integer();
  return load_model(folder.path(), config, {at::kCPU, dtype, nullptr});
}

Json case_line(const std::string& name) {
  for (const Json& line : json_lines(kModelGoldens / "cases.jsonl"))
    if (line.at("name").text() == name) return line;
  throw std::runtime_error("there is no case " + name);
}

}  // namespace forgelm::test
