// 4-bit weights against bitsandbytes' bytes (tests/golden/four_bit, made by tools/golden/four_bit), the two forms of
// every step against each other, and the linear part against dense arithmetic.
#include "support/torch_test.hpp"

#include <bit>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "engine/quantization/four_bit.hpp"
#include "engine/quantization/four_bit_kernels.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/json.hpp"

using namespace forgelm;
using namespace forgelm::engine;

namespace {

const std::string kGoldens = FORGELM_SOURCE_DIR "/tests/golden/four_bit/";

std::string contents(const std::string& name) {
  std::ifstream in(kGoldens + name, std::ios::binary);
  REQUIRE(in.good());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string_view bytes_of(const at::Tensor& tensor) {
  return {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()};
}

/// As the goldens have bytes: hex, or a digest of many.
std::string stored(std::string_view bytes) {
  return bytes.size() <= 160 ? hex_encode(bytes) : "sha256:" + sha256_hex(bytes);
}

at::ScalarType dtype_named(const std::string& name) {
  if (name == "bfloat16") return at::kBFloat16;
  return name == "float16" ? at::kHalf : at::kFloat;
}

/// The rule of the maker's `ruled`.
at::Tensor ruled(std::int64_t count, std::int64_t exponent) {
  at::Tensor values = at::empty({count}, at::kDouble);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint32_t h = static_cast<std::uint32_t>(static_cast<std::uint64_t>(i) * 2654435761U) >> 20;
    values.data_ptr<double>()[i] = std::ldexp((h - 2048.0) / 1024, static_cast<int>(exponent));
  }
  return values.to(at::kFloat);
}

at::Tensor weights_of(const Json& row) {
  std::vector<std::int64_t> shape;
  for (const auto& size : row.at("shape").items()) shape.push_back(size.integer());
  const auto dtype = dtype_named(row.at("dtype").text());
  const at::Tensor weights = at::empty(shape, dtype);
  if (const Json* exponent = row.find("exponent"))
    return ruled(weights.numel(), exponent->integer()).to(dtype).view(shape);
  const auto bytes = hex_decode(row.at("bits").text()).value();
  REQUIRE(bytes.size() == weights.nbytes());
  std::copy(bytes.begin(), bytes.end(), static_cast<char*>(weights.mutable_data_ptr()));
  return weights;
}

std::vector<Json> cases() {
  std::vector<Json> rows;
  std::istringstream lines(contents("cases.jsonl"));
  for (std::string line; std::getline(lines, line);) rows.push_back(parse_json(line).value());
  REQUIRE(rows.size() > 100);
  return rows;
}

bool equal_bytes(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type() &&
         bytes_of(a.contiguous()) == bytes_of(b.contiguous());
}

/// Runs a test with a number of threads, and puts the number before back.
class Threads {
 public:
  explicit Threads(int count) : before_(at::get_num_threads()) { at::set_num_threads(count); }
  ~Threads() { at::set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

at::Tensor random_normal(at::IntArrayRef shape, std::uint64_t seed) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  return at::randn(shape, generator);
}

WeightPtr weight_of(at::Tensor value) {
  auto weight = std::make_shared<Weight>();
  weight->value = std::move(value);
  return weight;
}

}  // namespace

TEST_CASE("values of codes and of scales are bitsandbytes'") {
  const Json maps = parse_json(contents("maps.json")).value();
  const auto check = [&](const char* name, const auto& values) {
    const auto& expected = maps.at(name).items();
    REQUIRE(expected.size() == values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      CAPTURE(name, i);
      const auto bits = std::bit_cast<std::int32_t>(values[i]);
      // Its table of FP4 has zero twice; what it dequantizes with has the negative one as well (cases.jsonl).
      CHECK((bits == expected[i].integer() || (values[i] == 0 && expected[i].integer() == 0)));
    }
  };
  check("dynamic", signed_dynamic_map().values);
  check("nf4", four_bit_table(FourBitKind::nf4).values);
  check("fp4", four_bit_table(FourBitKind::fp4).values);
}

TEST_CASE("4-bit weights have bitsandbytes' bytes, on one thread and on two") {
  for (const int num_threads : {1, 2}) {
    const Threads threads(num_threads);
    for (const Json& row : cases()) {
      const bool is_double = row.at("double").boolean();
      CAPTURE(num_threads, row.at("name").text(), row.at("kind").text(), row.at("dtype").text(), is_double);
      const auto kind = row.at("kind").text() == "nf4" ? FourBitKind::nf4 : FourBitKind::fp4;
      const at::Tensor weights = weights_of(row);
      const auto quantized = quantize_four_bit(weights, kind, is_double, row.at("block").integer());
      CHECK(quantized.source_dtype == weights.scalar_type());
      CHECK(stored(bytes_of(quantized.codes)) == row.at("codes").text());
      CHECK(quantized.is_double() == is_double);
      CHECK(stored(bytes_of(is_double ? quantized.absmax_codes : quantized.absmax)) == row.at("scales").text());
      if (is_double) {
        CHECK(stored(bytes_of(quantized.nested_absmax)) == row.at("nested").text());
        CHECK(hex_encode({reinterpret_cast<const char*>(&quantized.offset), 4}) == row.at("offset").text());
      }
      for (const char* dtype : {"float32", "bfloat16", "float16"})
        CHECK(stored(bytes_of(dequantize(quantized, dtype_named(dtype)))) == row.at(dtype).text());
    }
  }
}

TEST_CASE("the composed form of 4-bit quantization gives the bytes of the loops") {
  const FourBitKernels &loops = four_bit_loops(), &composed = four_bit_composed();
  for (const Json& row : cases()) {
    CAPTURE(row.at("name").text(), row.at("kind").text(), row.at("dtype").text());
    const auto kind = row.at("kind").text() == "nf4" ? FourBitKind::nf4 : FourBitKind::fp4;
    const auto& table = four_bit_table(kind);
    const auto block_size = row.at("block").integer();
    const at::Tensor weights = weights_of(row).view({-1});
    const auto [codes, absmax] = loops.quantize_weights(weights, table, block_size);
    const auto composed_weights = composed.quantize_weights(weights, table, block_size);
    CHECK(equal_bytes(codes, composed_weights.first));
    CHECK(equal_bytes(absmax, composed_weights.second));

    const at::Tensor centred = absmax - absmax.mean();
    const auto [scale_codes, nested] = loops.quantize_scales(centred);
    const auto composed_scales = composed.quantize_scales(centred);
    CHECK(equal_bytes(scale_codes, composed_scales.first));
    CHECK(equal_bytes(nested, composed_scales.second));
    CHECK(equal_bytes(loops.dequantize_scales(scale_codes, nested), composed.dequantize_scales(scale_codes, nested)));

    const FourBitLayout layout{table.values, weights.numel(), block_size};
    for (const auto dtype : {at::kFloat, at::kBFloat16, at::kHalf})
      CHECK(equal_bytes(loops.dequantize_weights(codes, absmax, layout, dtype),
                        composed.dequantize_weights(codes, absmax, layout, dtype)));
  }
}

TEST_CASE("4-bit quantization of many weights does not depend on threads but for the mean of the scales") {
  const at::Tensor weights = random_normal({1500, 1600}, 1);
  FourBitTensor one, two;
  {
    const Threads threads(1);
    one = quantize_four_bit(weights, FourBitKind::nf4, false);
  }
  {
    const Threads threads(2);
    two = quantize_four_bit(weights, FourBitKind::nf4, false);
  }
  CHECK(equal_bytes(one.codes, two.codes));
  CHECK(equal_bytes(one.absmax, two.absmax));
  CHECK(equal_bytes(dequantize(one, at::kFloat), dequantize(two, at::kFloat)));
}

TEST_CASE("weights that are no number become a code, and their block is no number") {
  at::Tensor weights = at::ones({128});
  weights[70] = std::numeric_limits<float>::quiet_NaN();
  const auto quantized = quantize_four_bit(weights, FourBitKind::nf4, false);
  const at::Tensor values = dequantize(quantized, at::kFloat);
  CHECK(values.narrow(0, 0, 64).equal(at::ones({64})));
  CHECK(values.narrow(0, 64, 64).isnan().all().item<bool>());
}

TEST_CASE("a transposed matrix and one in double precision are quantized as their contiguous float32 form") {
  const at::Tensor weights = random_normal({70, 33}, 2);
  const auto expected = quantize_four_bit(weights.t().contiguous(), FourBitKind::fp4, true);
  CHECK(equal_bytes(quantize_four_bit(weights.t(), FourBitKind::fp4, true).codes, expected.codes));
  const auto wide = quantize_four_bit(weights.t().to(at::kDouble), FourBitKind::fp4, true);
  CHECK(equal_bytes(wide.codes, expected.codes));
  CHECK(wide.source_dtype == at::kFloat);
  CHECK(wide.shape == std::vector<std::int64_t>{33, 70});
}

TEST_CASE("weights that begin at an odd byte, as files may hold them, are quantized as others") {
  const at::Tensor weights = random_normal({8, 40}, 14);
  std::string file(weights.nbytes() + 1, '\0');
  std::copy_n(static_cast<const char*>(weights.const_data_ptr()), weights.nbytes(), file.begin() + 1);
  const at::Tensor mapped = at::from_blob(file.data() + 1, {8, 40}, at::kFloat);
  const auto expected = quantize_four_bit(weights, FourBitKind::nf4, true);
  const auto quantized = quantize_four_bit(mapped, FourBitKind::nf4, true);
  CHECK(equal_bytes(quantized.codes, expected.codes));
  CHECK(equal_bytes(quantized.absmax_codes, expected.absmax_codes));
}

TEST_CASE("blocks of another size than bitsandbytes has are refused") {
  for (const std::int64_t size : {0, 16, 48, 65, 8192})
    CHECK_THROWS_WITH(quantize_four_bit(at::ones({64}), FourBitKind::nf4, false, size), Catch::Contains("32 to 4096"));
}

TEST_CASE("a 4-bit linear part multiplies with what its codes stand for, forwards and backwards") {
  const at::Tensor matrix = random_normal({48, 96}, 3) * 0.1;
  auto bias = weight_of(random_normal({48}, 4));
  set_trained(*bias);
  const auto quantized = quantize_four_bit(matrix, FourBitKind::nf4, true);
  const at::Tensor dense = dequantize(quantized, at::kFloat);
  const auto part = make_four_bit_linear(quantized, bias, at::kFloat);
  CHECK(part->in_features() == 96);
  CHECK(part->out_features() == 48);
  CHECK(equal_bytes(part->dense_weight(), dense));

  at::Tensor x = random_normal({10, 96}, 5).requires_grad_(true);
  const at::Tensor y = part->forward(x, {});
  CHECK(y.equal(at::linear(x.detach(), dense, bias->value.detach())));
  const at::Tensor gradient = random_normal({10, 48}, 6);
  y.backward(gradient);
  CHECK(x.grad().equal(gradient.matmul(dense)));
  CHECK(bias->value.grad().equal(gradient.sum(0)));
}

TEST_CASE("a 4-bit linear part computes in its own type and answers in that of its input") {
  const at::Tensor matrix = random_normal({32, 64}, 7);
  const auto quantized = quantize_four_bit(matrix, FourBitKind::fp4, false);
  for (const auto compute : {at::kFloat, at::kBFloat16, at::kHalf})
    for (const auto outside : {at::kFloat, at::kBFloat16}) {
      CAPTURE(compute, outside);
      const auto part = make_four_bit_linear(quantized, nullptr, compute);
      at::Tensor x = random_normal({5, 64}, 8).to(outside).requires_grad_(true);
      const at::Tensor y = part->forward(x, {});
      CHECK(y.scalar_type() == outside);
      CHECK(y.equal(at::linear(x.detach().to(compute), dequantize(quantized, compute)).to(outside)));
      const at::Tensor gradient = random_normal({5, 32}, 9).to(outside);
      y.backward(gradient);
      CHECK(x.grad().scalar_type() == outside);
      CHECK(x.grad().equal(gradient.to(compute).matmul(dequantize(quantized, compute)).to(outside)));
    }
}

TEST_CASE("a 4-bit linear part keeps codes for the backward pass, not the dense matrix") {
  const auto quantized = quantize_four_bit(random_normal({64, 64}, 10), FourBitKind::nf4, true);
  const at::Tensor codes = quantized.codes;
  const auto part = make_four_bit_linear(quantized, nullptr, at::kFloat);
  at::Tensor x = at::ones({1, 64}).requires_grad_(true);
  const at::Tensor y = part->forward(x, {});
  codes.zero_();  // seen by the backward pass, since it reads them again: all weights are -1 times their scale now
  y.sum().backward();
  CHECK(x.grad().equal(at::ones({1, 64}).matmul(part->dense_weight())));
  CHECK((x.grad() < 0).all().item<bool>());
}

TEST_CASE("the weights of a 4-bit linear part have bitsandbytes' names and are what it computes with") {
  const auto names_of = [](Linear& part) {
    std::vector<std::string> names;
    part.visit("q_proj.", [&](const std::string& name, const WeightPtr&) { names.push_back(name); });
    return names;
  };
  const auto quantized = quantize_four_bit(random_normal({32, 64}, 11), FourBitKind::nf4, true);
  const auto part = make_four_bit_linear(quantized, weight_of(at::zeros({32})), at::kFloat);
  using Names = std::vector<std::string>;
  CHECK(names_of(*part) ==
        Names{"q_proj.weight", "q_proj.weight.absmax", "q_proj.weight.nested_absmax", "q_proj.bias"});
  const auto plain = make_four_bit_linear(quantize_four_bit(random_normal({32, 64}, 11), FourBitKind::nf4, false),
                                          nullptr, at::kFloat);
  CHECK(names_of(*plain) == Names{"q_proj.weight", "q_proj.weight.absmax"});
  part->visit("", [](const std::string& name, const WeightPtr& weight) {
    CHECK(!weight->is_trained);
    if (name == "weight") {
      CHECK(weight->value.sizes() == at::IntArrayRef{1024, 1});
      weight->value = at::full({1024, 1}, 0x77, at::kByte);  // NF4's zero
    }
  });
  CHECK(part->dense_weight().eq(0).all().item<bool>());
}

TEST_CASE("the maker for a model rounds to the type the model is loaded in, then quantizes") {
  const at::Tensor file_matrix = random_normal({32, 64}, 12);
  at::Tensor file_bias = random_normal({32}, 13);
  const auto make = four_bit_maker({FourBitKind::nf4, true, at::kFloat}, at::kCPU, at::kBFloat16);
  const auto part = make("model.layers.0.mlp.up_proj", file_matrix, file_bias);
  const auto expected = quantize_four_bit(file_matrix.to(at::kBFloat16), FourBitKind::nf4, true);
  CHECK(equal_bytes(part->dense_weight(), dequantize(expected, at::kFloat)));
  const at::Tensor bias_before = file_bias.to(at::kBFloat16);
  file_bias.zero_();  // the file goes; the part has its own
  CHECK(part->bias()->value.equal(bias_before));
  CHECK(make("model.layers.0.mlp.up_proj", file_matrix, at::Tensor())->bias() == nullptr);
}

TEST_CASE("bnb_4bit_compute_dtype resolves to the type that is named, auto to that of the activations") {
  using config::ComputeDtype;
  CHECK(resolve_compute_dtype(ComputeDtype::auto_, at::kBFloat16) == at::kBFloat16);
  CHECK(resolve_compute_dtype(ComputeDtype::auto_, at::kFloat) == at::kFloat);
  CHECK(resolve_compute_dtype(ComputeDtype::bf16, at::kFloat) == at::kBFloat16);
  CHECK(resolve_compute_dtype(ComputeDtype::bfloat16, at::kFloat) == at::kBFloat16);
  CHECK(resolve_compute_dtype(ComputeDtype::fp16, at::kFloat) == at::kHalf);
  CHECK(resolve_compute_dtype(ComputeDtype::float16, at::kFloat) == at::kHalf);
  CHECK(resolve_compute_dtype(ComputeDtype::fp32, at::kBFloat16) == at::kFloat);
  CHECK(resolve_compute_dtype(ComputeDtype::float32, at::kBFloat16) == at::kFloat);
}
