#include "engine/nn/rope_frequencies.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::engine {
namespace {

using formats::RopeConfig;
using formats::RopeKind;

constexpr double kTwoPi = 2 * std::numbers::pi;

/// 0, 2/dim, 4/dim ...
at::Tensor exponents(std::int64_t dim) { return at::arange(0, dim, 2, at::kFloat) / dim; }

at::Tensor plain(double theta, std::int64_t dim) { return at::reciprocal(at::pow(theta, exponents(dim))); }

/// The base that grows with the text, in float32 as the reference has it.
at::Tensor dynamic(const RopeConfig& rope, std::int64_t dim, std::int64_t max_positions, std::int64_t length) {
  if (length <= max_positions) return plain(rope.theta, dim);
  const at::Tensor stretch = at::scalar_tensor(length, at::kLong) * rope.factor / max_positions - (rope.factor - 1);
  const at::Tensor theta = at::pow(stretch, static_cast<double>(dim) / static_cast<double>(dim - 2)) * rope.theta;
  return at::reciprocal(at::pow(theta, exponents(dim)));
}

double yarn_attention_scale(const RopeConfig& rope) {
  if (rope.attention_factor) return *rope.attention_factor;
  const auto scale = [&](double mscale) { return rope.factor <= 1 ? 1.0 : 0.1 * mscale * std::log(rope.factor) + 1.0; };
  const double above = rope.mscale.value_or(0), below = rope.mscale_all_dim.value_or(0);
  return above != 0 && below != 0 ? scale(above) / scale(below) : scale(1);
}

at::Tensor yarn(const RopeConfig& rope, std::int64_t dim, std::int64_t original_positions) {
  // The pair that turns `rotations` times within the original length.
  const auto correction = [&](double rotations) {
    return static_cast<double>(dim) * std::log(static_cast<double>(original_positions) / (rotations * kTwoPi)) /
           (2 * std::log(rope.theta));
  };
  double low = correction(rope.beta_fast), high = correction(rope.beta_slow);
  if (rope.truncates) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, static_cast<double>(dim - 1));
  if (low == high) high += 0.001;
  const at::Tensor kept = 1 - at::clamp((at::arange(dim / 2, at::kFloat) - low) / (high - low), 0, 1);
  const at::Tensor wavelengths = at::pow(rope.theta, exponents(dim));
  return at::reciprocal(rope.factor * wavelengths) * (1 - kept) + at::reciprocal(wavelengths) * kept;
}

double longrope_attention_scale(const RopeConfig& rope, std::int64_t original_positions) {
  if (rope.attention_factor) return *rope.attention_factor;
  if (rope.factor <= 1) return 1;
  return std::sqrt(1 + std::log(rope.factor) / std::log(static_cast<double>(original_positions)));
}

at::Tensor longrope(const RopeConfig& rope, std::int64_t dim, bool is_long) {
  const std::vector<double>& factors = is_long ? rope.long_factor : rope.short_factor;
  if (static_cast<std::int64_t>(factors.size()) != dim / 2)
    throw ConfigError(
        cat("rope_scaling.", is_long ? "long_factor" : "short_factor", " has ", factors.size(), " numbers"),
        cat("this model needs ", dim / 2, ", one for each rotated pair of a head"));
  const at::Tensor stretched = at::tensor(at::ArrayRef<double>(factors), at::kDouble).to(at::kFloat);
  return at::reciprocal(stretched * at::pow(rope.theta, exponents(dim)));
}

at::Tensor llama3(const RopeConfig& rope, std::int64_t dim, std::int64_t original_positions) {
  const auto original = static_cast<double>(original_positions);
  const at::Tensor base = plain(rope.theta, dim);
  const at::Tensor wavelength = at::reciprocal(base) * kTwoPi;
  const at::Tensor is_long = wavelength.gt(original / rope.low_freq_factor);
  const at::Tensor is_short = wavelength.lt(original / rope.high_freq_factor);
  const at::Tensor smooth =
      (at::reciprocal(wavelength) * original - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor);
  const at::Tensor between = (1 - smooth) * base / rope.factor + smooth * base;
  return at::where(is_long, base / rope.factor, at::where(is_short, base, between));
}

}  // namespace

bool depends_on_length(RopeKind kind) noexcept { return kind == RopeKind::dynamic || kind == RopeKind::longrope; }

std::int64_t rotated_dim(const RopeConfig& rope, std::int64_t head_dim) noexcept {
  return static_cast<std::int64_t>(static_cast<double>(head_dim) * rope.partial_rotary_factor);
}

RopeFrequencies rope_frequencies(const RopeConfig& rope, std::int64_t head_dim, std::int64_t max_positions,
                                 std::int64_t length) {
  const std::int64_t dim = rotated_dim(rope, head_dim);
  const std::int64_t original = rope.original_max_positions > 0 ? rope.original_max_positions : max_positions;
  switch (rope.kind) {
    case RopeKind::none: break;
    case RopeKind::linear: return {plain(rope.theta, dim) / rope.factor};
    case RopeKind::dynamic: return {dynamic(rope, dim, max_positions, length)};
    case RopeKind::yarn: return {yarn(rope, dim, original), yarn_attention_scale(rope)};
    case RopeKind::longrope: return {longrope(rope, dim, length > original), longrope_attention_scale(rope, original)};
    case RopeKind::llama3: return {llama3(rope, dim, original)};
  }
  return {plain(rope.theta, dim)};
}

}  // namespace forgelm::engine
