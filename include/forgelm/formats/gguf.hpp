// GGUF: models for llama.cpp and its kin. Layout, little-endian: "GGUF", u32 version (2 or 3), u64 tensors, u64 pairs;
// the pairs (string key, u32 type, value; string: u64 length and bytes; array: u32 type, u64 count, elements); for each
// tensor its name, u32 number of sizes, u64 sizes (the fastest first), u32 type, u64 offset from where the data begins:
// the next multiple of general.alignment (32). A big-endian file has all numbers the other way round. The reader takes
// hostile files: every count is checked against the bytes that are left before anything is allocated or skipped. The
// trap: files are mapped; see safetensors.hpp.
// Specification: github.com/ggml-org/ggml, docs/gguf.md; oracle: the Python package gguf.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "forgelm/core/mapped_file.hpp"
#include "forgelm/core/result.hpp"

namespace forgelm::formats {

/// What a metadata value is, by its number in the file.
enum class GgufType : std::uint32_t {
  uint8 = 0,
  int8,
  uint16,
  int16,
  uint32,
  int32,
  float32,
  boolean,
  text,
  array,
  uint64,
  int64,
  float64,
};
const char* to_string(GgufType type) noexcept;

class GgufArray;
/// A view of the file's bytes where it is a text or an array.
using GgufValue = std::variant<std::uint64_t, std::int64_t, double, bool, std::string_view, GgufArray>;

/// A checked array in the file: reading its elements cannot fail. Elements have one type; they may be arrays again.
class GgufArray {
 public:
  GgufArray() = default;
  GgufArray(GgufType element, std::uint64_t num_elements, std::string_view bytes, bool is_big_endian) noexcept
      : element_(element), num_elements_(num_elements), bytes_(bytes), is_big_endian_(is_big_endian) {}

  GgufType element() const noexcept { return element_; }
  std::uint64_t size() const noexcept { return num_elements_; }
  /// Calls `see(GgufValue)` for each element in order, until it gives false.
  template <class See>
  void for_each(See see) const {
    std::size_t at = 0;
    for (std::uint64_t i = 0; i < num_elements_; ++i)
      if (!see(next(at))) return;
  }

 private:
  GgufValue next(std::size_t& at) const;

  GgufType element_ = GgufType::uint8;
  std::uint64_t num_elements_ = 0;
  std::string_view bytes_;
  bool is_big_endian_ = false;
};

struct GgufMetadata {
  std::string_view key;
  GgufType type = GgufType::uint8;
  GgufValue value;
};

/// How ggml lays numbers out: `block_size` of them in `block_bytes` bytes.
struct GgmlType {
  std::uint32_t id;
  std::string_view name;  ///< "Q4_K"
  std::uint32_t block_size;
  std::uint32_t block_bytes;
};
/// nullptr for a number that is no type here.
const GgmlType* find_ggml_type(std::uint32_t id) noexcept;

struct GgufTensor {
  std::string_view name;
  const GgmlType* type = nullptr;
  std::uint32_t num_dimensions = 0;         ///< 0: a scalar
  std::array<std::uint64_t, 4> sizes = {};  ///< the fastest first; 1 beyond num_dimensions
  std::uint64_t offset = 0;                 ///< from the start of the file
  std::uint64_t size_bytes = 0;
};

/// What is refused beyond these: more than any model has, and little enough to hold.
struct GgufLimits {
  std::uint64_t max_metadata = 65'536;
  std::uint64_t max_tensors = 65'536;
  std::uint64_t max_key_bytes = 65'535;
  std::uint64_t max_text_bytes = std::uint64_t{16} << 20;
  std::uint64_t max_name_bytes = 1024;
  std::uint32_t max_alignment = std::uint32_t{1} << 20;
  int max_array_depth = 4;
};

/// Everything but the data. Views point into the bytes that were read.
struct GgufHeader {
  std::uint32_t version = 0;
  bool is_big_endian = false;
  std::uint32_t alignment = 32;
  std::uint64_t data_offset = 0;       ///< where tensors' offsets count from
  std::vector<GgufMetadata> metadata;  ///< in the order of the file; keys are unique
  std::vector<GgufTensor> tensors;     ///< in the order of the file; names are unique, bytes in the file and apart

  const GgufMetadata* find(std::string_view key) const noexcept;
  const GgufTensor* find_tensor(std::string_view name) const noexcept;
};

/// True when the bytes begin as a GGUF file does.
bool has_gguf_magic(std::string_view bytes) noexcept;

/// Reads the header of a whole file's bytes. Failures say what is wrong and at which byte.
Result<GgufHeader> parse_gguf_header(std::string_view file, const GgufLimits& limits = {});

/// A GGUF file, read-only. Thread-safe; views stay valid as long as the object lives.
class GgufReader {
 public:
  /// ConfigError that says what of the format is broken and where; RunError(io) when it cannot be read.
  static GgufReader open(const std::filesystem::path& path);
  const GgufHeader& header() const noexcept { return header_; }
  /// The bytes of a tensor of this file's header.
  std::string_view bytes(const GgufTensor& tensor) const noexcept {
    return file_.bytes().substr(tensor.offset, tensor.size_bytes);
  }

 private:
  GgufReader(MappedFile file, GgufHeader header) noexcept : file_(std::move(file)), header_(std::move(header)) {}
  MappedFile file_;
  GgufHeader header_;
};

}  // namespace forgelm::formats
