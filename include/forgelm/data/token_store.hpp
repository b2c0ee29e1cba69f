// TokenStore: the examples of one data source on disk, memory-mapped, in the order of its rows. Written once, read by
// any number of processes; splitting, shuffling and mixing only choose indices into it. The description names the
// sources, so that erasure of a person's data can find every cache that holds it. A store is a directory: store.json
// (src/data/token_manifest.hpp) and segments (src/data/token_segment.hpp has the bytes), each written durably and once.
// Invariants: a store is whole or absent for a reader (store.json names the segments, last of all); a damaged one is
// rebuilt, never read; an interrupted build goes on after its last segment.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "forgelm/core/json.hpp"
#include "forgelm/data/example.hpp"

namespace forgelm::data {

struct TokenStoreOptions {
  /// A segment is closed by the first checkpoint() at which it holds this much; memory while writing is about twice it.
  std::uint64_t segment_bytes = std::uint64_t{64} << 20;
  /// How long to wait for another process that builds the same store.
  int lock_timeout_ms = 0;
};

/// Builds a store, or goes on with one whose building was interrupted. Not thread-safe. Errors are RunErrors (io,
/// out_of_disk); after one the object is done with, and a new one goes on from the last segment.
class TokenStoreWriter {
 public:
  /// `description`: what the store is made from and how (forgelm/data/token_cache.hpp), stored as is. Makes the
  /// directory (for its owner alone) and locks PATH.lock. A store that is there stops being whole; segments of an
  /// unfinished or damaged one are kept as far as they are undamaged and of the same description, others are removed.
  /// RunError(io) that names the holder when another process builds here and does not end in time.
  TokenStoreWriter(const std::filesystem::path& path, const Json& description, const TokenStoreOptions& options = {});
  TokenStoreWriter(TokenStoreWriter&&) noexcept;
  TokenStoreWriter& operator=(TokenStoreWriter&&) noexcept;
  ~TokenStoreWriter();

  /// Where to go on: what the last checkpoint on disk was given. Null: from the start.
  const Json& resume_state() const noexcept;
  /// Examples so far, those of earlier, interrupted builds included. `source` of an example is not kept: a store is of
  /// one source.
  std::uint64_t num_examples() const noexcept;
  void append(const Example& example);
  /// Says that all that comes from the input before the place `state` is appended (a byte offset, the counts for the
  /// report, whatever the caller needs to go on), and writes a segment when there is enough for one. Call it at least
  /// every few MiB of input: without it segments become four times as large and an interrupted build starts again.
  void checkpoint(const Json& state);
  /// Makes the store whole. `report`: counts for the data report, stored as is.
  void commit(const Json& report);

 private:
  friend class TokenStore open_or_build(const std::filesystem::path&, const Json&,
                                        const std::function<Json(TokenStoreWriter&)>&, const TokenStoreOptions&, bool);
  struct Impl;
  explicit TokenStoreWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Thread-safe; views stay valid as long as the store lives, also when its files are removed.
class TokenStore {
 public:
  /// Nothing when there is no whole store of this description at `path`: missing, unfinished, another description,
  /// damaged (sizes, headers and indices are checked here; tokens when they are touched). RunError(io) when the disk
  /// fails.
  static std::optional<TokenStore> open(const std::filesystem::path& path, const Json& description);
  /// The same, and `why_not` says why there is none.
  static std::optional<TokenStore> open(const std::filesystem::path& path, const Json& description,
                                        std::string& why_not);
  TokenStore(TokenStore&&) noexcept;
  TokenStore& operator=(TokenStore&&) noexcept;
  ~TokenStore();

  std::uint64_t num_examples() const noexcept;
  std::uint64_t num_tokens() const noexcept;
  std::uint64_t num_learnt() const noexcept;
  std::uint64_t size_bytes() const noexcept;
  // What follows takes an example < num_examples().
  std::uint32_t num_sequences(std::uint64_t example) const;
  /// RunError(data) when the tokens are not those that were written; the store is then no longer whole, so that the
  /// next run rebuilds it.
  SequenceView sequence(std::uint64_t example, std::uint32_t which = 0) const;
  /// Tokens of the longest sequence of an example; what packing and batching go by.
  std::uint32_t length(std::uint64_t example) const;
  /// Tokens of all sequences of an example together.
  std::uint32_t num_tokens(std::uint64_t example) const;
  /// Of the texts that it was made of (Sequence::num_characters).
  std::uint32_t num_characters(std::uint64_t example) const;
  std::uint64_t row(std::uint64_t example) const;
  std::string_view extra(std::uint64_t example) const;
  const Json& description() const noexcept;
  const Json& report() const noexcept;
  /// SHA-256, hex, that stands for the description, the report and every token.
  const std::string& digest() const noexcept;

  /// Reads all tokens and compares them with their digests, with up to `num_threads` threads. False: there is damage,
  /// and the store is no longer whole (open a new one after rebuilding).
  bool verify(int num_threads = 1) const;
  /// Takes the mapped pages out of this process's resident memory; they come back when touched.
  void release_pages() const noexcept;

 private:
  struct Impl;
  explicit TokenStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The store of this description: opened when it is whole and, with `verify_tokens`, undamaged to the last token;
/// otherwise built by `build`, which appends through the writer from its resume_state() on and returns the report.
/// While another process builds the same store, waits for it (options.lock_timeout_ms) and opens what it made.
TokenStore open_or_build(const std::filesystem::path& path, const Json& description,
                         const std::function<Json(TokenStoreWriter&)>& build, const TokenStoreOptions& options = {},
                         bool verify_tokens = true);

}  // namespace forgelm::data
