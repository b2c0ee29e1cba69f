// From the files of one split of one data set to a token store: read, convert, render, tokenize, on all processors,
// with memory for a few blocks of rows only. What is in the cache already is not made again; what was interrupted goes
// on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "forgelm/data/data_report.hpp"
#include "forgelm/data/example_builder.hpp"
#include "forgelm/data/row_converter.hpp"
#include "forgelm/data/token_store.hpp"

namespace forgelm::data {

struct TokenizeOptions {
  std::filesystem::path cache_folder;  ///< forgelm/data/token_cache.hpp
  int num_threads = 1;
  bool shows_progress = false;
  /// Asked after every block; true ends the work with RunError(interrupted). What is done stays in the cache.
  std::function<bool()> wants_stop = {};
  TokenStoreOptions store = {};
};

struct TokenizedSource {
  std::shared_ptr<const TokenStore> store;
  DataReport report;
  std::uint64_t num_rows = 0;  ///< that splits and mixtures count; of message trees the conversations
  std::string format;          ///< RowConverter::description()
  bool was_cached = false;
  std::vector<std::string> warnings;  ///< options that have no effect on these rows
};

/// Rows of all `files`, in this order, are numbered through from 0. ConfigError when no row format fits, or with a
/// diagnostic for every bad row (the first 20; the rest are counted). `label` is shown with the progress.
TokenizedSource tokenize_source(const std::string& label, const std::vector<std::filesystem::path>& files,
                                const RowRules& rules, const ExampleBuilder& builder, const TokenizeOptions& options);

/// The converter for these files, chosen by the first rows of the first file that has any.
RowConverter converter_for(const std::vector<std::filesystem::path>& files, const RowRules& rules);

}  // namespace forgelm::data
