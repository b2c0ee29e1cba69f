// A check of every row of a data set against what a trainer needs, without a tokenizer or a model: which format the
// rows have, which of them are wrong, empty or of no use, with file, line and field. Findings come in the order of the
// files, whatever the number of threads; what is beyond the limit is counted and not kept.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "forgelm/core/diagnostic.hpp"
#include "forgelm/data/row_converter.hpp"
#include "forgelm/data/source.hpp"

namespace forgelm::data {

struct CheckOptions {
  RowRules rules;
  std::uint64_t min_rows = 10;        ///< usable rows that the training split must have
  std::size_t max_findings = 1000;    ///< kept; all are counted
  double num_billion_parameters = 0;  ///< of the model to be trained; 0: not known, and no advice by it
  int num_threads = 1;
  std::function<void(std::uint64_t done, std::uint64_t all)> on_progress = {};  ///< bytes
};

struct CheckedSplit {
  std::string name;
  std::string format;  ///< RowConverter::description(); empty: none was found
  std::uint64_t num_rows = 0, num_usable = 0, num_wrong = 0, num_empty = 0, num_dropped = 0, size_bytes = 0;
  std::vector<std::string> unused_columns;
};

struct CheckReport {
  std::vector<CheckedSplit> splits;  ///< the training split first
  std::vector<Diagnostic> findings;  ///< wrong rows are errors, empty and useless ones warnings
  std::uint64_t num_findings = 0;    ///< those not kept included
  std::vector<std::string> advice;   ///< size of the set for the model, sizes of files: never an error
  bool has_error = false;            ///< among the findings, those not kept included
};

/// Reads all rows. ConfigError for what find_source() refuses.
CheckReport check_rows(const Source& source, const CheckOptions& options);

}  // namespace forgelm::data
