// safetensors: named tensors in one file. Layout: 8 bytes N (little-endian), N bytes of JSON header
// {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, ..., "__metadata__": {"k": "v"}}, then the
// data, without holes or overlaps. The reader takes hostile files: every number is checked against what the file holds
// before anything is allocated. The trap: files are mapped (weights are too large to copy first), so a file that
// somebody cuts short while it is open, or a disk that fails under it, ends the process with SIGBUS; replacing it by
// rename is safe, and so do all writers here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forgelm/core/choices.hpp"
#include "forgelm/core/files.hpp"

namespace forgelm::formats {

/// What a tensor holds; in a file "BOOL", "U8", ..., "BF16", "F32". Other types (4 and 6 bit, complex) are refused by
/// name.
FORGELM_CHOICES(TensorType, boolean, uint8, int8, int16, uint16, float16, bfloat16, int32, uint32, float32, float64,
                int64, uint64, float8_e4m3, float8_e5m2)

std::size_t size_of(TensorType type) noexcept;

struct TensorInfo {
  std::string name;
  TensorType type = TensorType::float32;
  std::vector<std::int64_t> shape;  ///< empty: a scalar
  std::uint64_t num_bytes() const;
  friend bool operator==(const TensorInfo&, const TensorInfo&) = default;
};

/// One file or a sharded model, read-only. Thread-safe; bytes stay valid as long as the object lives.
class SafetensorsReader {
 public:
  /// One file. ConfigError that says what of the format is broken and where; RunError(io) when it cannot be read.
  static SafetensorsReader open(const std::filesystem::path& file);
  /// The weights of a model folder: FOLDER/STEM.safetensors, or what FOLDER/STEM.safetensors.index.json lists (every
  /// key in the shard that it names, no shard outside the folder, nothing besides). ConfigError when there is neither;
  /// it names pickled weights that are there and not read.
  static SafetensorsReader open_folder(const std::filesystem::path& folder, std::string_view stem = "model");
  SafetensorsReader(SafetensorsReader&&) noexcept;
  SafetensorsReader& operator=(SafetensorsReader&&) noexcept;
  ~SafetensorsReader();

  /// In the order of the data.
  const std::vector<TensorInfo>& tensors() const noexcept;
  /// nullptr when there is no such tensor.
  const TensorInfo* find(std::string_view name) const noexcept;
  /// Row-major, little-endian; may start at any byte, aligned or not. RunError(internal) for a name that is not there.
  std::string_view bytes(std::string_view name) const;
  /// __metadata__; of a sharded model that of its first file.
  const std::map<std::string, std::string>& metadata() const noexcept;
  /// Takes the pages of a tensor out of this process's resident memory.
  void release_pages(std::string_view name) const;

 private:
  struct Impl;
  explicit SafetensorsReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Writes a file whose tensors are known beforehand; the bytes come one tensor after the other, in pieces if wanted. As
/// the reference library lays it out: types of large alignment first (order() tells), then by name, header padded to 8
/// bytes; metadata, whose order it leaves to chance, by key. Nothing is visible at the path before commit().
class SafetensorsWriter {
 public:
  /// RunError(internal) for two tensors of one name or an impossible shape, RunError(io | out_of_disk) as DurableFile.
  SafetensorsWriter(const std::filesystem::path& path, std::vector<TensorInfo> tensors,
                    const std::map<std::string, std::string>& metadata = {{"format", "pt"}});
  SafetensorsWriter(SafetensorsWriter&&) noexcept;
  ~SafetensorsWriter();

  /// The tensors in the order in which they must be written.
  const std::vector<TensorInfo>& order() const noexcept;
  /// Appends bytes of the tensor whose turn it is.
  void write(std::string_view bytes);
  /// Makes the file visible, durably. RunError(internal) when bytes are missing.
  void commit();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace forgelm::formats
