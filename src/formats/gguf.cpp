// Reading a GGUF header. GgufCursor is the one place that takes bytes; it never passes the end. Arrays are walked once
// to check them and are not copied, so that what a header costs is what its pairs and tensors cost.
#include "forgelm/formats/gguf.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <unordered_set>
#include <utility>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::formats {
namespace {

constexpr std::string_view kMagic = "GGUF";
constexpr std::uint32_t kMaxDimensions = 4;
// The fewest bytes that a pair (empty key, one byte) and a tensor (empty name, no sizes) take.
constexpr std::uint64_t kMinPairBytes = 8 + 4 + 1;
constexpr std::uint64_t kMinTensorBytes = 8 + 4 + 4 + 8;

// From gguf-py 0.19 (GGML_QUANT_SIZES); what ggml dropped (4, 5, 31 to 33, 36 to 38) has no row.
constexpr GgmlType kGgmlTypes[] = {
    {0, "F32", 1, 4},         {1, "F16", 1, 2},         {2, "Q4_0", 32, 18},      {3, "Q4_1", 32, 20},
    {6, "Q5_0", 32, 22},      {7, "Q5_1", 32, 24},      {8, "Q8_0", 32, 34},      {9, "Q8_1", 32, 40},
    {10, "Q2_K", 256, 84},    {11, "Q3_K", 256, 110},   {12, "Q4_K", 256, 144},   {13, "Q5_K", 256, 176},
    {14, "Q6_K", 256, 210},   {15, "Q8_K", 256, 292},   {16, "IQ2_XXS", 256, 66}, {17, "IQ2_XS", 256, 74},
    {18, "IQ3_XXS", 256, 98}, {19, "IQ1_S", 256, 50},   {20, "IQ4_NL", 32, 18},   {21, "IQ3_S", 256, 110},
    {22, "IQ2_S", 256, 82},   {23, "IQ4_XS", 256, 136}, {24, "I8", 1, 1},         {25, "I16", 1, 2},
    {26, "I32", 1, 4},        {27, "I64", 1, 8},        {28, "F64", 1, 8},        {29, "IQ1_M", 256, 56},
    {30, "BF16", 1, 2},       {34, "TQ1_0", 256, 54},   {35, "TQ2_0", 256, 66},   {39, "MXFP4", 32, 17},
    {40, "NVFP4", 64, 36},    {41, "Q1_0", 128, 18},
};

constexpr const char* kTypeNames[] = {"uint8",   "int8", "uint16", "int16",  "uint32", "int32",  "float32",
                                      "boolean", "text", "array",  "uint64", "int64",  "float64"};
/// Bytes of a value; 0 for texts and arrays.
constexpr std::uint8_t kTypeBytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
static_assert(std::size(kTypeNames) == std::size(kTypeBytes));

std::size_t index_of(GgufType type) { return static_cast<std::size_t>(type); }

/// The unsigned number in `num_bytes` bytes.
std::uint64_t number_in(std::string_view bytes, bool is_big_endian) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    number = number << 8 | static_cast<unsigned char>(bytes[is_big_endian ? i : bytes.size() - 1 - i]);
  return number;
}

/// A value of fixed size.
GgufValue scalar_in(GgufType type, std::string_view bytes, bool is_big_endian) {
  const std::uint64_t number = number_in(bytes, is_big_endian);
  switch (type) {
    case GgufType::int8: return static_cast<std::int64_t>(static_cast<std::int8_t>(number));
    case GgufType::int16: return static_cast<std::int64_t>(static_cast<std::int16_t>(number));
    case GgufType::int32: return static_cast<std::int64_t>(static_cast<std::int32_t>(number));
    case GgufType::int64: return static_cast<std::int64_t>(number);
    case GgufType::float32: return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(number)));
    case GgufType::float64: return std::bit_cast<double>(number);
    case GgufType::boolean: return number != 0;
    default: return number;
  }
}

/// Bytes from the start of a file onwards. The first thing that is not there or not right ends all reading: `problem`
/// says what, and everything read after it is empty or 0.
class GgufCursor {
 public:
  GgufCursor(std::string_view file, const GgufLimits& limits) : file_(file), limits_(limits) {}

  std::uint64_t at() const { return at_; }
  std::uint64_t num_left() const { return file_.size() - at_; }
  bool is_good() const { return problem_.empty(); }
  const std::string& problem() const { return problem_; }
  bool is_big_endian() const { return is_big_endian_; }
  void set_big_endian(bool is_it) { is_big_endian_ = is_it; }

  template <class... Parts>
  void fail(const Parts&... parts) {
    if (is_good()) problem_ = cat("at byte ", at_, ": ", parts...);
    at_ = file_.size();
  }

  std::string_view take(std::uint64_t num_bytes, std::string_view what) {
    if (num_bytes > num_left()) {
      fail(what, " needs ", num_bytes, " bytes and ", num_left(), " are left");
      return {};
    }
    const std::string_view taken = file_.substr(at_, num_bytes);
    at_ += num_bytes;
    return taken;
  }

  std::uint32_t u32(std::string_view what) {
    return static_cast<std::uint32_t>(number_in(take(4, what), is_big_endian_));
  }
  std::uint64_t u64(std::string_view what) { return number_in(take(8, what), is_big_endian_); }

  std::string_view text(std::string_view what, std::uint64_t max_bytes) {
    const std::uint64_t length = u64(what);
    if (is_good() && length > max_bytes) fail(what, " is ", length, " bytes long, more than ", max_bytes);
    return take(is_good() ? length : 0, what);
  }

  /// A number of things that take at least `min_bytes` each.
  std::uint64_t count(std::string_view what, std::uint64_t max, std::uint64_t min_bytes) {
    const std::uint64_t number = u64(what);
    if (is_good() && (number > max || number > num_left() / min_bytes))
      fail("the file has ", num_left(), " bytes left and counts ", number, " ", what, " (at most ", max, ")");
    return is_good() ? number : 0;
  }

  std::optional<GgufType> type(std::string_view what) {
    const std::uint32_t number = u32(what);
    if (is_good() && number >= std::size(kTypeNames)) fail(what, " is ", number, ", which is no type of values");
    if (!is_good()) return std::nullopt;
    return static_cast<GgufType>(number);
  }

  GgufValue value(GgufType type, int depth = 0) {
    if (type == GgufType::text) return text("a text", limits_.max_text_bytes);
    if (type == GgufType::array) return array(depth + 1);
    const std::string_view bytes = take(kTypeBytes[index_of(type)], "a value");
    if (!is_good()) return std::uint64_t{0};
    if (type == GgufType::boolean && static_cast<unsigned char>(bytes[0]) > 1)
      fail("a boolean is ", static_cast<int>(static_cast<unsigned char>(bytes[0])), ", neither 0 nor 1");
    return scalar_in(type, bytes, is_big_endian_);
  }

  static constexpr std::string_view kPairs = "pairs of metadata";
  static constexpr std::string_view kTensors = "tensors";

 private:
  GgufValue array(int depth) {
    if (depth > limits_.max_array_depth) {
      fail("arrays within arrays, more than ", limits_.max_array_depth, " deep");
      return GgufArray();
    }
    const std::optional<GgufType> element = type("an array's type");
    const std::uint64_t num_elements = u64("an array's length");
    if (!element || !is_good()) return GgufArray();
    const std::uint64_t start = at_;
    if (const std::uint64_t size = kTypeBytes[index_of(*element)]; size > 0) {
      if (num_elements > num_left() / size) {
        fail("an array of ", num_elements, " ", to_string(*element), " values and ", num_left(), " bytes are left");
        return GgufArray();
      }
      const std::string_view bytes = take(num_elements * size, "an array");
      if (*element == GgufType::boolean &&
          std::any_of(bytes.begin(), bytes.end(), [](char c) { return (c & ~1) != 0; }))
        fail("an array holds a boolean that is neither 0 nor 1");
    } else {
      // Each text takes 8 bytes at least, each array 12: the end of the file bounds the loop.
      for (std::uint64_t i = 0; i < num_elements && is_good(); ++i) static_cast<void>(value(*element, depth));
    }
    if (!is_good()) return GgufArray();
    return GgufArray(*element, num_elements, file_.substr(start, at_ - start), is_big_endian_);
  }

  std::string_view file_;
  const GgufLimits& limits_;
  std::uint64_t at_ = 0;
  std::string problem_;
  bool is_big_endian_ = false;
};

void read_version(GgufCursor& cursor, GgufHeader& header) {
  header.version = cursor.u32("the version");
  if (cursor.is_good() && (header.version & 0xFFFF) == 0) {  // small numbers are large the other way round
    cursor.set_big_endian(true);
    header.is_big_endian = true;
    header.version = header.version >> 24 | (header.version >> 8 & 0xFF00);
  }
  if (cursor.is_good() && header.version != 2 && header.version != 3)
    cursor.fail("the version is ", header.version, "; 2 and 3 are read");
}

void read_metadata(GgufCursor& cursor, std::uint64_t num_pairs, const GgufLimits& limits, GgufHeader& header) {
  std::unordered_set<std::string_view> keys;
  header.metadata.reserve(num_pairs);
  for (std::uint64_t i = 0; i < num_pairs && cursor.is_good(); ++i) {
    GgufMetadata pair;
    pair.key = cursor.text("a key", limits.max_key_bytes);
    if (cursor.is_good() && !is_valid_utf8(pair.key)) cursor.fail("the key ", quote(pair.key), " is not UTF-8");
    if (cursor.is_good() && !keys.insert(pair.key).second) cursor.fail("the key ", quote(pair.key), " stands twice");
    const std::optional<GgufType> type = cursor.type("a value's type");
    if (!type) return;
    pair.type = *type;
    pair.value = cursor.value(*type);
    if (cursor.is_good()) header.metadata.push_back(pair);
  }
}

void read_alignment(GgufCursor& cursor, const GgufLimits& limits, GgufHeader& header) {
  const GgufMetadata* const pair = header.find("general.alignment");
  if (pair == nullptr || !cursor.is_good()) return;
  const auto* const number = std::get_if<std::uint64_t>(&pair->value);
  if (pair->type != GgufType::uint32 || number == nullptr || !std::has_single_bit(*number) ||
      *number > limits.max_alignment)
    cursor.fail("general.alignment is not a uint32 that is a power of two up to ", limits.max_alignment);
  else header.alignment = static_cast<std::uint32_t>(*number);
}

/// The bytes that a tensor's numbers take; nothing when 64 bits do not hold them or a row is not whole blocks.
std::optional<std::uint64_t> checked_bytes(const GgufTensor& tensor) {
  if (tensor.sizes[0] % tensor.type->block_size != 0) return std::nullopt;
  std::uint64_t bytes = tensor.sizes[0] / tensor.type->block_size;
  const std::uint64_t factors[] = {tensor.type->block_bytes, tensor.sizes[1], tensor.sizes[2], tensor.sizes[3]};
  for (const std::uint64_t factor : factors)
    if (__builtin_mul_overflow(bytes, factor, &bytes)) return std::nullopt;
  return bytes;
}

/// Offsets are relative still.
void read_tensors(GgufCursor& cursor, std::uint64_t num_tensors, const GgufLimits& limits, GgufHeader& header) {
  std::unordered_set<std::string_view> names;
  header.tensors.reserve(num_tensors);
  for (std::uint64_t i = 0; i < num_tensors && cursor.is_good(); ++i) {
    GgufTensor tensor;
    tensor.name = cursor.text("a tensor's name", limits.max_name_bytes);
    if (cursor.is_good() && !is_valid_utf8(tensor.name)) cursor.fail("the name ", quote(tensor.name), " is not UTF-8");
    if (cursor.is_good() && !names.insert(tensor.name).second)
      cursor.fail("the tensor ", quote(tensor.name), " stands twice");
    tensor.num_dimensions = cursor.u32("a number of dimensions");
    if (cursor.is_good() && tensor.num_dimensions > kMaxDimensions)
      cursor.fail("the tensor ", quote(tensor.name), " has ", tensor.num_dimensions, " dimensions, more than ",
                  kMaxDimensions);
    tensor.sizes.fill(1);
    for (std::uint32_t k = 0; k < tensor.num_dimensions && cursor.is_good(); ++k)
      tensor.sizes[k] = cursor.u64("a size");
    const std::uint32_t type = cursor.u32("a tensor's type");
    tensor.offset = cursor.u64("a tensor's offset");
    if (!cursor.is_good()) return;
    tensor.type = find_ggml_type(type);
    if (tensor.type == nullptr)
      return cursor.fail("the tensor ", quote(tensor.name), " has the type ", type, ", which is none");
    const std::optional<std::uint64_t> bytes = checked_bytes(tensor);
    if (!bytes)
      return cursor.fail("the sizes of the tensor ", quote(tensor.name), " do not fit ", tensor.type->name,
                         " blocks of ", tensor.type->block_size, ", or 64 bits");
    tensor.size_bytes = *bytes;
    header.tensors.push_back(tensor);
  }
}

/// Empty, or what is wrong with where the tensors lie. Makes their offsets count from the start of the file.
std::string place_tensors(std::uint64_t file_bytes, std::uint64_t header_bytes, GgufHeader& header) {
  const std::uint64_t mask = header.alignment - 1;
  header.data_offset = (header_bytes + mask) & ~mask;
  const std::uint64_t data_bytes = file_bytes > header.data_offset ? file_bytes - header.data_offset : 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (GgufTensor& tensor : header.tensors) {
    if ((tensor.offset & mask) != 0)
      return cat("the tensor ", quote(tensor.name), " begins at ", tensor.offset, ", no multiple of the alignment ",
                 header.alignment);
    if (tensor.offset > data_bytes || tensor.size_bytes > data_bytes - tensor.offset)
      return cat("the tensor ", quote(tensor.name), " takes ", tensor.size_bytes, " bytes from ", tensor.offset,
                 " on, and the data has ", data_bytes);
    ranges.emplace_back(tensor.offset, tensor.offset + tensor.size_bytes);
    tensor.offset += header.data_offset;
  }
  std::erase_if(ranges, [](const auto& range) { return range.first == range.second; });
  std::sort(ranges.begin(), ranges.end());
  for (std::size_t i = 1; i < ranges.size(); ++i)
    if (ranges[i].first < ranges[i - 1].second)
      return cat("tensors overlap: one begins at byte ", ranges[i].first, " of the data, before another ends at ",
                 ranges[i - 1].second);
  return {};
}

}  // namespace

const char* to_string(GgufType type) noexcept {
  return index_of(type) < std::size(kTypeNames) ? kTypeNames[index_of(type)] : "unknown";
}

GgufValue GgufArray::next(std::size_t& at) const {
  const std::uint64_t size = kTypeBytes[index_of(element_)];
  if (size > 0) {
    at += size;
    return scalar_in(element_, bytes_.substr(at - size, size), is_big_endian_);
  }
  GgufLimits none;  // checked when the file was read
  GgufCursor cursor(bytes_.substr(at), none);
  cursor.set_big_endian(is_big_endian_);
  GgufValue value = cursor.value(element_);
  at += cursor.at();
  return value;
}

const GgmlType* find_ggml_type(std::uint32_t id) noexcept {
  const auto* const at =
      std::find_if(std::begin(kGgmlTypes), std::end(kGgmlTypes), [id](const GgmlType& type) { return type.id == id; });
  return at == std::end(kGgmlTypes) ? nullptr : at;
}

const GgufMetadata* GgufHeader::find(std::string_view key) const noexcept {
  const auto at = std::find_if(metadata.begin(), metadata.end(), [key](const auto& pair) { return pair.key == key; });
  return at == metadata.end() ? nullptr : &*at;
}

const GgufTensor* GgufHeader::find_tensor(std::string_view name) const noexcept {
  const auto at =
      std::find_if(tensors.begin(), tensors.end(), [name](const auto& tensor) { return tensor.name == name; });
  return at == tensors.end() ? nullptr : &*at;
}

bool has_gguf_magic(std::string_view bytes) noexcept { return bytes.starts_with(kMagic); }

Result<GgufHeader> parse_gguf_header(std::string_view file, const GgufLimits& limits) {
  if (!has_gguf_magic(file))
    return Failure{cat("the file begins with ", quote(file.substr(0, kMagic.size())), " and not with \"GGUF\"")};
  GgufCursor cursor(file, limits);
  static_cast<void>(cursor.take(kMagic.size(), "the magic"));
  GgufHeader header;
  read_version(cursor, header);
  const std::uint64_t num_tensors = cursor.count(GgufCursor::kTensors, limits.max_tensors, kMinTensorBytes);
  const std::uint64_t num_pairs = cursor.count(GgufCursor::kPairs, limits.max_metadata, kMinPairBytes);
  read_metadata(cursor, num_pairs, limits, header);
  read_alignment(cursor, limits, header);
  read_tensors(cursor, num_tensors, limits, header);
  if (!cursor.is_good()) return Failure{cursor.problem()};
  std::string problem = place_tensors(file.size(), cursor.at(), header);
  if (!problem.empty()) return Failure{std::move(problem)};
  return header;
}

GgufReader GgufReader::open(const std::filesystem::path& path) {
  MappedFile file = MappedFile::open(path);
  Result<GgufHeader> header = parse_gguf_header(file.bytes());
  if (!header) throw ConfigError(cat(path.native(), " is not a GGUF file that can be read: ", header.error().message));
  return GgufReader(std::move(file), std::move(header).value());
}

}  // namespace forgelm::formats
