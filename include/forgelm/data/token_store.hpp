// TokenStore: the examples of one data source on disk, memory-mapped, in the order of its rows. Written once, read by
// any number of processes; splitting, shuffling and mixing only choose indices into it. The header names the sources,
// so that erasure of a person's data can find every cache that holds it. Layout: src/data/token_store.cpp. Invariants:
// a store is whole or absent (built under another name, renamed last); a damaged one is rebuilt, never read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/json.hpp"
#include "forgelm/data/example.hpp"

namespace forgelm::data {

class TokenStoreWriter {
 public:
  /// `description`: what the store was made from and how (sources with digests, tokenizer, template, rules), stored as
  /// is.
  TokenStoreWriter(const std::filesystem::path& path, const Json& description);
  ~TokenStoreWriter();
  void append(const Example& example);
  std::uint64_t num_examples() const noexcept;
  /// Makes the store appear; `report`: counts for the data report, stored as is. Without it nothing was ever there.
  void commit(const Json& report);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Thread-safe; views stay valid as long as the store lives.
class TokenStore {
 public:
  /// Nothing when there is no whole store of this description at `path`.
  static std::optional<TokenStore> open(const std::filesystem::path& path, const Json& description);
  TokenStore(TokenStore&&) noexcept;
  TokenStore& operator=(TokenStore&&) noexcept;
  ~TokenStore();

  std::uint64_t num_examples() const noexcept;
  std::uint32_t num_sequences(std::uint64_t example) const;
  SequenceView sequence(std::uint64_t example, std::uint32_t which = 0) const;
  /// Tokens of the longest sequence of an example; what packing and batching go by.
  std::uint32_t length(std::uint64_t example) const;
  std::uint64_t row(std::uint64_t example) const;
  std::string_view extra(std::uint64_t example) const;
  const Json& description() const noexcept;
  const Json& report() const noexcept;

 private:
  struct Impl;
  explicit TokenStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace forgelm::data
