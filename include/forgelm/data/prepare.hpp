// prepare: from a job's data sets to the examples that training and evaluation go through, in order. Stores are made or
// found in the cache; splitting, shuffling and mixing choose rows exactly as the reference does (rows that give no
// example count as rows there, so that all others keep their places).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "forgelm/config/job.hpp"
#include "forgelm/data/batches.hpp"
#include "forgelm/data/data_report.hpp"
#include "forgelm/data/model_text.hpp"
#include "forgelm/data/tokenize_source.hpp"

namespace forgelm::data {

struct PreparedSource {
  std::string name;  ///< as the job names it; with the split, where it is not the training split
  TokenizedSource tokens;
};

/// A training or evaluation set as the rows that were chosen for it; not every row gives an example.
struct ChosenRows {
  std::uint64_t num_rows = 0;
  std::vector<std::string> columns;  ///< of the rows of its sources (DataReport::columns)
};

struct PreparedData {
  ModelText model;
  std::vector<PreparedSource> sources;
  std::shared_ptr<const ExampleList> train;
  std::shared_ptr<const ExampleList> eval;  ///< may be empty
  ChosenRows train_rows, eval_rows;
  std::string eval_origin;  ///< "validation split", "held out of the training rows", "none"
  std::vector<std::string> warnings;
};

/// ConfigError when a data set is missing or unusable, when fewer rows than data.min_examples are left, or when nothing
/// would be learnt.
PreparedData prepare(const config::JobConfig& job, const TokenizeOptions& options);

/// What of a job decides how rows are read.
RowRules row_rules_of(const config::JobConfig& job);
/// The files of the primary data set's training or evaluation split. ConfigError when there is no such split.
std::vector<std::filesystem::path> files_of(const config::JobConfig& job, bool is_eval);

}  // namespace forgelm::data
