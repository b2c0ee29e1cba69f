// Sources: from a data set's name in a job to the files of its splits. A file is the split `train`. In a directory,
// files and folders named after splits are those splits, as datasets names them: train or training; validation, valid,
// val or dev; test, testing, eval, evaluation or holdout, as a word of the name (train-00000-of-00002.parquet,
// my_test.jsonl, validation/a.csv). Where nothing is named train, files that name no split train. A name on the Hub is
// looked up in the local Hugging Face cache; nothing is downloaded. Invariant: files of a split come in the order of
// their paths.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/formats/rows.hpp"

namespace forgelm::data {

struct SourceSplit {
  std::string name;  ///< "train", "validation", "test", or the name the job asked for
  std::vector<std::filesystem::path> files;  ///< all of one kind of rows
};

struct Source {
  enum class Kind { file, directory, hub };
  std::string name;  ///< as the job has it
  Kind kind = Kind::file;
  std::filesystem::path root;       ///< the file, the directory or the snapshot
  std::string revision = {};        ///< of a snapshot of the Hub
  std::vector<SourceSplit> splits;  ///< `train` first; never without it
  std::vector<std::string> unused;  ///< files of rows in the directory that are in no split, relative to root

  /// By any of a split's names; nullptr when there is no such split.
  const SourceSplit* find_split(std::string_view name) const;
  const SourceSplit& train() const { return splits.front(); }
};

/// Finds the files. `extra_split`: a further name that files or folders may have (data.eval_split). ConfigError for what
/// is missing, an empty directory, a split of several kinds of rows, no rows to train on, an unknown ending, and a name
/// on the Hub without a copy on this machine; RunError(io) when a directory cannot be read.
Source find_source(const std::string& name, std::string_view extra_split = {});

/// "train", "validation" or "test" for any of their names ("dev", "holdout"), else "".
std::string_view canonical_split(std::string_view name);

/// Whether a text is a Hub name, `owner/name` or `name`, rather than a path.
bool is_hub_name(std::string_view name);

/// What a job evaluates on.
struct EvalSplit {
  const SourceSplit* split = nullptr;  ///< a split of its own
  bool is_held_out = false;            ///< a part of the training rows, held out
};

/// data.eval_split of the primary data set: `auto` is validation, else test, else a part of the rows; `none` is nothing;
/// anything else names a split. ConfigError when there is no such split, or it is the one trained on.
EvalSplit choose_eval_split(const Source& source, std::string_view eval_split);

/// The rows of all files of a split as one stream; rows are numbered through.
std::unique_ptr<formats::RowReader> open_split(const SourceSplit& split, const formats::RowOptions& options = {});

}  // namespace forgelm::data
