// The quickstart model in 4 bits against transformers with bitsandbytes (tests/golden/four_bit/logits.bin).
#include <cstring>

#include "engine/model_support.hpp"
#include "engine/quantization/four_bit.hpp"
#include "forgelm/core/files.hpp"

using namespace forgelm;
using namespace forgelm::engine;
using namespace forgelm::test;

namespace {

const std::filesystem::path kFolder = kSourceFolder / "tests/golden/four_bit";

DecoderModel four_bit_model(const FourBitOptions& options, at::ScalarType dtype = at::kFloat) {
  LoadModelOptions load;
  load.dtype = dtype;
  load.make_linear = four_bit_maker(options, at::kCPU, dtype);
  return load_model(kQuickstartModel, formats::read_model_config(kQuickstartModel), load);
}

}  // namespace

TEST_CASE("a model in 4 bits gives the logits of transformers with bitsandbytes, alone and in a row") {
  const auto manifest = parse_json(read_file(kFolder / "MANIFEST.json")).value();
  const auto sequences = sequences_of(manifest.at("logits.bin").at("ids"));
  const auto bytes = read_file(kFolder / "logits.bin");
  std::size_t place = 0;
  for (const auto& options : {FourBitOptions{FourBitKind::nf4, true}, FourBitOptions{FourBitKind::fp4, false}}) {
    DecoderModel model = four_bit_model(options);
    const auto together = row_of(sequences);
    const at::Tensor packed = logits_of(model, together);
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      at::Tensor expected = at::empty({static_cast<std::int64_t>(sequences[i].size()), 512});
      REQUIRE(place + expected.nbytes() <= bytes.size());
      std::memcpy(expected.mutable_data_ptr(), bytes.data() + place, expected.nbytes());
      place += expected.nbytes();
      const double alone = distance(logits_of(model, row_of({sequences[i]})), expected);
      const double in_row = distance(packed.slice(0, together.starts[i], together.starts[i + 1]), expected);
      INFO("sequence " << i << ": alone " << alone << ", in a row " << in_row);
      CHECK(alone <= 1e-5);
      CHECK(in_row <= 1e-5);
    }
  }
  CHECK(place == bytes.size());
}

TEST_CASE("a model in 4 bits has the linear parts of its blocks quantized, and its head and embedding not") {
  DecoderModel model = four_bit_model({});
  std::size_t num_codes = 0;
  std::int64_t num_bytes = 0;
  model.visit_weights([&](const std::string& name, const WeightPtr& weight) {
    if (weight->value.scalar_type() == at::kByte && name.ends_with(".weight")) ++num_codes;
    num_bytes += static_cast<std::int64_t>(weight->value.nbytes());
    if (name == "model.embed_tokens.weight") CHECK(weight->value.scalar_type() == at::kFloat);
  });
  CHECK(num_codes == 35);
  // 226,560 weights in the blocks: half a byte each, a byte for 64, and float32 for 256 of those of a matrix; then the
  // embedding and 11 norms.
  const std::int64_t q = 64 * 64, k = 32 * 64, mlp = 172 * 64;
  const auto in_blocks = [](std::int64_t n) { return n / 2 + n / 64 + 4; };
  CHECK(num_bytes == 5 * (2 * in_blocks(q) + 2 * in_blocks(k) + 3 * in_blocks(mlp)) + 4 * (512 * 64 + 11 * 64));
}
