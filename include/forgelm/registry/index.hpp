// The index of data sets, runs, models and evaluations: an SQLite file that can be thrown away. Truth is in files: for
// data sets and their runs in the folder of the index,
//   FOLDER/forgelm.db                          the index (FORGELM_DB names another file, and so another folder)
//   FOLDER/datasets/NAME/VERSION/dataset.json  the record of a data set, with its audit reports beside it
//   FOLDER/datasets/NAME/VERSION/audit-N.json
//   FOLDER/runs/RUN.json                       that a run used a data set, and where its own record is
// A data set is registered by the move of its whole folder into place, so that a kill leaves it registered or not; what
// a kill left out of the index is taken into it by the next look for it. Errors are RunError(store, io, out_of_disk);
// ConfigError for what a user asked wrongly. Not for several threads; several processes may use one index.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forgelm/registry/dataset.hpp"

namespace forgelm::registry {

/// FORGELM_HOME, else XDG_STATE_HOME/forgelm, else ~/.local/state/forgelm. ConfigError when none is known.
std::filesystem::path state_folder();
/// FORGELM_DB, else state_folder()/forgelm.db.
std::filesystem::path index_path();

struct DatasetFilter {
  std::string name_part;  ///< of the name, ASCII case ignored; empty: all
  std::string tag;        ///< empty: all
  std::int64_t limit = 50;
  std::int64_t offset = 0;
};

struct DatasetPage {
  std::vector<Dataset> items;  ///< newest first; without their files
  std::int64_t total = 0;      ///< that the filter finds, on all pages
};

/// A data set and what it is connected with. A set that its own parents lead back to stands once, and `has_cycle` says
/// so.
struct Lineage {
  Dataset dataset;
  std::vector<Dataset> ancestors;    ///< parent, its parent, ...
  std::vector<Dataset> descendants;  ///< in the order of a breadth-first walk
  std::vector<RunRow> runs;          ///< of the set and its descendants
  std::vector<ModelRow> models;      ///< of these runs
  bool has_cycle = false;
};

struct RebuildReport {
  std::size_t num_datasets = 0, num_runs = 0;
  std::vector<std::string> problems;          ///< records that cannot be read, and why
  std::optional<std::filesystem::path> kept;  ///< where a damaged index was moved
};

class Index {
 public:
  /// Opens the index, made with its folder when missing; read only where nothing can be written.
  static Index open(const std::filesystem::path& path = index_path());
  /// The same, or nothing when there is neither an index nor a record to make it from.
  static std::optional<Index> open_existing(const std::filesystem::path& path = index_path());
  Index(Index&&) noexcept;
  Index& operator=(Index&&) noexcept;
  ~Index();

  /// ConfigError when a set of that name and version is registered, or no set could be called so: asked before the work
  /// of an audit.
  void require_free(const std::string& name, const std::string& version);
  /// Registers: puts the record and `reports` (the audit's documents, written as audit-1.json, ...) into place and the
  /// row into the index. Sets id, digest, sizes, rows, created and audit_paths. ConfigError when name and version are
  /// taken, or the parent is not known.
  Dataset add(Dataset dataset, const std::vector<Json>& reports);
  /// The set of that name and version, or without one the version registered last.
  std::optional<Dataset> find(const std::string& name, const std::optional<std::string>& version);
  /// find() for a text of a user; ConfigError with near names when it is not there.
  Dataset get(std::string_view ref);
  DatasetPage list(const DatasetFilter& filter);
  /// Versions of a name, the one registered last first.
  std::vector<std::string> versions(const std::string& name);
  Lineage lineage(const Dataset& dataset);
  /// What keeps a set from being removed: sets made from it and runs that used it.
  std::vector<std::string> references(const Dataset& dataset);
  /// ConfigError while something refers to the set.
  void require_unused(const Dataset& dataset);
  /// Removes a set from the index, with its record; its data stay. ConfigError while something refers to it.
  void remove(const Dataset& dataset);
  /// The status of the audits of sets that hold a file of this digest, with the sets' names, best first.
  std::vector<std::pair<std::string, std::string>> audits_of_file(const std::string& sha256);
  /// Adds a run, or what became of it.
  void record_run(const RunRow& run);
  const std::filesystem::path& path() const noexcept;

 private:
  struct Impl;
  explicit Index(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Makes the rows of data sets and their runs anew from the records. What else the index holds stays, unless it is
/// damaged: then it is moved aside.
RebuildReport rebuild_index(const std::filesystem::path& path = index_path());

}  // namespace forgelm::registry
