// Frequencies: oracle transformers 5.23.0 (tools/golden/models/make.py). The rest is arithmetic.
#include <cmath>

#include "engine/model_support.hpp"
#include "engine/nn/rope_frequencies.hpp"
#include "engine/nn/rotary.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "support/temporary_directory.hpp"

using namespace forgelm;
using namespace forgelm::engine;
using namespace forgelm::test;

namespace {

/// As config.json brings them.
formats::RopeConfig rope_of(const Json& parameters) {
  const TemporaryDirectory folder;
  Json config = case_line("grouped").at("config");
  config.set("rope_parameters", parameters).set("head_dim", 64).set("max_position_embeddings", 2048);
  write_file_durably(folder / "config.json", dump(config));
  return formats::read_model_config(folder.path()).rope;
}

Row angles(const Rope& rope, const at::Tensor& positions_AT, std::vector<std::int32_t> starts) {
  Row row;
  row.starts = std::move(starts);
  rope.write_angles(positions_AT, at::kFloat, row);
  return row;
}

}  // namespace

TEST_CASE("Frequencies of all kinds of rotary positions are transformers', within and beyond the trained length") {
  for (const Json& line : json_lines(kModelGoldens / "rope.jsonl")) {
    const auto own = rope_frequencies(rope_of(line.at("parameters")), line.at("head_dim").integer(),
                                      line.at("max_positions").integer(), line.at("length").integer());
    const auto& expected = line.at("inv_freq").items();
    REQUIRE(own.inverse.size(0) == static_cast<std::int64_t>(expected.size()));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const double value = expected[i].real();
      INFO(dump(line.at("parameters")) << " length " << line.at("length").integer() << " pair " << i);
      // One rounding of float32, of a power and of a division, at most.
      CHECK(std::abs(own.inverse[static_cast<std::int64_t>(i)].item<double>() - value) <= 1.8e-7 * value);
    }
    CHECK(std::abs(own.attention_scale - line.at("attention_scaling").real()) <= 1e-12);
  }
}

TEST_CASE("Factors of longrope that do not fit the head are refused") {
  formats::RopeConfig config;
  config.kind = formats::RopeKind::longrope;
  config.short_factor = {1, 1};
  config.long_factor = {1, 1, 1, 1};
  CHECK_THROWS_AS(Rope(config, 8, 64, at::kCPU), ConfigError);
}

TEST_CASE("A pair of a head is turned by position times frequency") {
  const Rope rope({}, 4, 64, at::kCPU);  // frequencies 1 and 1/100
  const Row row = angles(rope, at::tensor({3}, at::kLong).unsqueeze(0), {0, 1});
  const at::Tensor y = rotate(at::tensor({1.0F, 2.0F, 5.0F, 7.0F}).view({1, 1, 4}), row).view(4);
  CHECK(std::abs(y[0].item<double>() - (std::cos(3.0) - 5 * std::sin(3.0))) < 1e-6);
  CHECK(std::abs(y[2].item<double>() - (5 * std::cos(3.0) + std::sin(3.0))) < 1e-6);
  CHECK(std::abs(y[1].item<double>() - (2 * std::cos(0.03) - 7 * std::sin(0.03))) < 1e-6);
  CHECK(std::abs(y[3].item<double>() - (7 * std::cos(0.03) + 2 * std::sin(0.03))) < 1e-6);
}

TEST_CASE("Partial rotary positions turn the first part of a head as a smaller head, and leave the rest") {
  formats::RopeConfig half;
  half.partial_rotary_factor = 0.5;
  const at::Tensor positions = at::arange(5, at::kLong).unsqueeze(0);
  const at::Tensor x = rule_tensor({5, 3, 16}, 0, 2.0);
  const at::Tensor y = rotate(x, angles(Rope(half, 16, 64, at::kCPU), positions, {0, 5}));
  const at::Tensor small = rotate(x.narrow(2, 0, 8), angles(Rope({}, 8, 64, at::kCPU), positions, {0, 5}));
  CHECK(at::equal(y.narrow(2, 0, 8), small));
  CHECK(at::equal(y.narrow(2, 8, 8), x.narrow(2, 8, 8)));
}

TEST_CASE("Positions of three equal axes are those of text, and each pair follows the axis that it was given") {
  const std::vector<std::int64_t> axes = {0, 0, 1, 2};
  const Rope plain({}, 8, 64, at::kCPU), three({}, 8, 64, at::kCPU, axes);
  const at::Tensor time = at::arange(6, at::kLong).unsqueeze(0), across = time * 2 + 1, down = time + 7;
  const Row text = angles(plain, time, {0, 6});
  CHECK(at::equal(angles(three, at::cat({time, time, time}), {0, 6}).cos_T1K, text.cos_T1K));
  CHECK(at::equal(angles(plain, at::cat({time, across, down}), {0, 6}).sin_T1K, text.sin_T1K));
  const Row image = angles(three, at::cat({time, across, down}), {0, 6});
  for (std::int64_t k = 0; k < 4; ++k) {
    const at::Tensor& positions = axes[static_cast<std::size_t>(k)] == 0 ? time : k == 2 ? across : down;
    const Row own = angles(plain, positions, {0, 6});
    CHECK(at::equal(image.cos_T1K.select(2, k), own.cos_T1K.select(2, k)));
    CHECK(at::equal(image.sin_T1K.select(2, k + 4), own.sin_T1K.select(2, k + 4)));
  }
}

TEST_CASE("A model takes positions of three axes") {
  DecoderModel model = quickstart_model();
  ForwardInput input = row_of({{1, 403, 407}, {1, 5}});
  const at::Tensor text = logits_of(model, input);
  input.positions_AT = input.positions_AT.repeat({3, 1});
  CHECK(at::equal(logits_of(model, input), text));
}
