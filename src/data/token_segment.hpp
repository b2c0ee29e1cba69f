// One segment of a token store: some thousands of examples in one file that is written once, whole, and then mapped.
// Layout, little-endian, all counts in the header (byte offsets):
//     0  "FGLMTOKS"              8  u32 version (2)          12  u32 size of the header (192)
//    16  u64 segment number     24  u64 examples             32  u64 sequences      40  u64 learnt ranges
//    48  u64 token ids          56  u64 bytes of extra JSON  64  u64 bytes of resume state
//    72  u64 size of the file   80  u64 learnt tokens        88  u64 0
//    96  SHA-256 of the store's description    128  SHA-256 of the index    160  SHA-256 of header bytes 0 to 159
//   192  body: i32 ids of all sequences, one after another; extra JSON of all examples; zeros up to a multiple of 8
//        index: u64 source row [examples]; u32 end among the ids [sequences]; u32 end among the ranges [sequences];
//        u32 end among the sequences [examples]; u32 end among the extra bytes [examples]; u32 characters of its
//        texts [examples]; u32 begin, u32 end of a learnt range, counted from its sequence's start [ranges]; SHA-256 of
//        each MiB of the body; resume state (JSON)
// Every byte is under a digest: the store's list of segments holds the header's, the header holds the index's, the
// index holds the body's. Header and index are checked when a segment is opened, a MiB of the body when it is first
// touched.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/hash.hpp"
#include "forgelm/core/mapped_file.hpp"
#include "forgelm/core/result.hpp"
#include "forgelm/data/example.hpp"

namespace forgelm::data {

/// What is counted over a store.
struct TokenTotals {
  std::uint64_t num_examples = 0;
  std::uint64_t num_sequences = 0;
  std::uint64_t num_tokens = 0;
  std::uint64_t num_learnt = 0;
  TokenTotals& operator+=(const TokenTotals& other) noexcept;
  bool operator==(const TokenTotals&) const = default;
};

/// Examples on their way into a segment, in memory.
class SegmentBuilder {
 public:
  /// RunError(internal) for an example without sequences, or ranges out of order or out of bounds.
  void append(const Example& example);
  /// Bytes of the file so far, about.
  std::uint64_t size_bytes() const noexcept;
  const TokenTotals& totals() const noexcept { return totals_; }

  /// Writes the file, durably, and starts anew. Gives the header's digest. After an error the examples are still here.
  Sha256Digest write(const std::filesystem::path& path, std::uint64_t number, const Sha256Digest& description,
                     std::string_view state);

 private:
  void clear() noexcept;

  std::vector<std::int32_t> ids_;
  std::string extra_;
  std::vector<std::uint64_t> rows_;
  std::vector<std::uint32_t> id_ends_, range_ends_, sequence_ends_, extra_ends_, characters_;
  std::vector<TokenRange> ranges_;
  TokenTotals totals_;
};

/// A segment on disk, mapped. Reading is thread-safe.
class Segment {
 public:
  /// Checks size, header and index. A failure says what is wrong; RunError(io) when the file cannot be read at all.
  static Result<Segment> open(const std::filesystem::path& path, std::uint64_t number, const Sha256Digest& description);

  const TokenTotals& totals() const noexcept { return totals_; }
  std::uint64_t size_bytes() const noexcept { return file_.bytes().size(); }
  const Sha256Digest& digest() const noexcept { return digest_; }
  std::string_view state() const noexcept { return state_; }
  const std::filesystem::path& path() const noexcept { return path_; }

  std::uint32_t num_sequences(std::uint64_t example) const noexcept;
  std::uint32_t length(std::uint64_t example) const noexcept;
  std::uint32_t num_tokens(std::uint64_t example) const noexcept;
  std::uint64_t row(std::uint64_t example) const noexcept { return rows_[example]; }
  std::uint32_t num_characters(std::uint64_t example) const noexcept { return characters_[example]; }
  /// RunError(data) when the bytes are not those that were written.
  SequenceView sequence(std::uint64_t example, std::uint32_t which) const;
  std::string_view extra(std::uint64_t example) const;

  /// Whether the whole body is as it was written.
  bool has_whole_body() const;
  void release_pages() const noexcept { file_.release_pages(); }

 private:
  Segment(std::filesystem::path path, MappedFile file);
  bool is_block_whole(std::uint64_t block) const;
  void require_whole(const void* begin, std::size_t size_bytes) const;

  std::filesystem::path path_;
  MappedFile file_;
  TokenTotals totals_;
  Sha256Digest digest_{};
  std::string_view body_, state_, block_digests_;
  const std::int32_t* ids_ = nullptr;
  const char* extra_ = nullptr;
  const std::uint64_t* rows_ = nullptr;
  const std::uint32_t *id_ends_ = nullptr, *range_ends_ = nullptr, *sequence_ends_ = nullptr, *extra_ends_ = nullptr,
                      *characters_ = nullptr;
  const TokenRange* ranges_ = nullptr;
  std::unique_ptr<std::atomic<std::uint64_t>[]> known_whole_;  ///< a bit for each block that was checked
};

}  // namespace forgelm::data
