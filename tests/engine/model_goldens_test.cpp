// Oracle: transformers 5.23.0 (tools/golden/models/make.py says what the files under tests/golden/models are).
#include "engine/generation/greedy.hpp"
#include "engine/model/tensor_file.hpp"
#include "engine/model_support.hpp"
#include "forgelm/core/files.hpp"

using namespace forgelm;
using namespace forgelm::engine;
using namespace forgelm::test;

namespace {

Sequences prompts(const char* key) {
  return sequences_of(parse_json(read_file(kModelGoldens / "MANIFEST.json")).value().at(key));
}

/// The columns that are stored of a large vocabulary: of row t those of t % 8.
at::Tensor every_eighth(const at::Tensor& logits_TV) {
  std::vector<at::Tensor> rows;
  for (std::int64_t t = 0; t < logits_TV.size(0); ++t) rows.push_back(logits_TV[t].slice(0, t % 8, std::nullopt, 8));
  return at::stack(rows);
}

/// Each prompt in a row of its own and all in one row, against transformers' single and padded passes.
void check_against(const formats::SafetensorsReader& file, const std::string& name, DecoderModel& model,
                   const Sequences& sequences, double tolerance, at::Tensor (*stored)(const at::Tensor&)) {
  const auto together = row_of(sequences);
  const at::Tensor packed = logits_of(model, together);
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const at::Tensor single = stored(logits_of(model, row_of({sequences[i]})));
    const at::Tensor part = stored(packed.slice(0, together.starts[i], together.starts[i + 1]));
    for (const char* form : {"single", "padded"}) {
      const std::string key = name + "." + form + "." + std::to_string(i);
      if (file.find(key) == nullptr) continue;
      const at::Tensor expected = view_tensor(file, key);
      INFO(key << " alone " << distance(single, expected) << ", packed " << distance(part, expected));
      CHECK(distance(single, expected) <= tolerance);
      CHECK(distance(part, expected) <= tolerance);
    }
  }
}

}  // namespace

TEST_CASE("The quickstart model gives the logits of transformers: alone, padded and packed") {
  const auto file = formats::SafetensorsReader::open(kModelGoldens / "logits.safetensors");
  DecoderModel model = quickstart_model();
  const auto sequences = prompts("quickstart_prompts");
  REQUIRE(file.find("quickstart.single.2") != nullptr);
  REQUIRE(file.find("quickstart.padded.2") != nullptr);
  check_against(file, "quickstart", model, sequences, 1e-5, every_eighth);
}

TEST_CASE(
    "Models with groups, biases, other activations, windows and scaled positions give the logits of transformers") {
  const auto file = formats::SafetensorsReader::open(kModelGoldens / "logits.safetensors");
  for (const Json& line : json_lines(kModelGoldens / "cases.jsonl")) {
    const std::string name = line.at("name").text();
    const bool is_half = name == "bfloat16";
    REQUIRE(file.find(name + ".single.1") != nullptr);
    DecoderModel model = rule_model(line, is_half ? at::kBFloat16 : at::kFloat);
    CHECK(model.dtype() == (is_half ? at::kBFloat16 : at::kFloat));
    // bfloat16 has 8 bits, and each processor's kernels sum in an order of their own; the next test bounds the error.
    check_against(file, name, model, prompts("prompts"), is_half ? 5e-2 : 1e-5, [](const at::Tensor& x) { return x; });
  }
}

TEST_CASE("In bfloat16 a model is as near to its float32 logits as transformers' is") {
  const auto file = formats::SafetensorsReader::open(kModelGoldens / "logits.safetensors");
  bool is_found = false;
  for (const Json& line : json_lines(kModelGoldens / "cases.jsonl")) {
    if (line.at("name").text() != "bfloat16") continue;
    is_found = true;
    DecoderModel exact = rule_model(line, at::kFloat), half = rule_model(line, at::kBFloat16);
    const auto sequences = prompts("prompts");
    double ours = 0, theirs = 0;
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      const at::Tensor expected = logits_of(exact, row_of({sequences[i]}));
      ours = std::max(ours, distance(logits_of(half, row_of({sequences[i]})), expected));
      theirs = std::max(theirs, distance(view_tensor(file, "bfloat16.single." + std::to_string(i)), expected));
    }
    INFO("ours " << ours << ", transformers' " << theirs);
    CHECK(ours <= 1.5 * theirs);
  }
  CHECK(is_found);
}

TEST_CASE("Greedy continuations are those of transformers") {
  DecoderModel model = quickstart_model();
  for (const Json& line : json_lines(kModelGoldens / "greedy.jsonl")) {
    GreedyOptions options;
    options.stop_ids = {2};
    const auto expected = ids_of(line.at("continuation"));
    REQUIRE(expected.size() == 64);
    CHECK(continue_greedily(model, ids_of(line.at("prompt")), options) == expected);
    options.stop_ids = {expected[5]};
    const auto stopped = continue_greedily(model, ids_of(line.at("prompt")), options);
    CHECK(stopped.back() == expected[5]);
    CHECK(stopped.size() <= 6);
  }
  int questions = 0;
  GreedyOptions options;
  options.wants_stop = [&] { return ++questions == 4; };
  CHECK(continue_greedily(model, {1, 403}, options).size() == 3);
}
