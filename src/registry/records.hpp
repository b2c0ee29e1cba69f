// The files behind the index: where records lie, how they come into place, and how they are read back.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/registry/dataset.hpp"

namespace forgelm::registry {

class Records {
 public:
  /// `folder`: the index's.
  explicit Records(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Whether there is a record at all.
  bool any() const;
  /// The record of a set; nothing when there is none. RunError(store) when it cannot be understood.
  std::optional<Dataset> read(const std::string& name, const std::string& version) const;
  /// All that can be read, the sets by name and version, the runs by id; what cannot goes to `problems`.
  std::vector<Dataset> datasets(std::vector<std::string>& problems) const;
  std::vector<RunRow> runs(std::vector<std::string>& problems) const;

  /// Where the reports of a set come to lie.
  std::vector<std::string> report_paths(const Dataset& dataset, std::size_t count) const;
  /// Puts the record with its reports into place, whole or not at all. The caller keeps other writers out; what writers
  /// that died left behind is removed. RunError(store) when something is in its place.
  void put(const Dataset& dataset, const std::vector<Json>& reports) const;
  void put(const RunRow& run) const;
  /// Takes a record away; none is no error.
  void remove(const Dataset& dataset) const;

 private:
  std::filesystem::path dataset_folder(const std::string& name, const std::string& version) const;

  std::filesystem::path folder_;
};

}  // namespace forgelm::registry
