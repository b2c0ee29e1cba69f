// What the registry knows of a data set and of a run, as plain records. A data set is registered once per name and
// version; its record is a file of its own (dataset.json beside the index) and the index can be made from these files.
// Invariant: `digest` follows from the files' digests alone (data_set_digest), wherever they lie.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/json.hpp"
#include "forgelm/core/result.hpp"

namespace forgelm::registry {

/// A file of rows of a data set.
struct DatasetFile {
  std::string path;  ///< below the data set's path; of a data set that is one file, its name
  std::string sha256;
  std::uint64_t size_bytes = 0;
  std::uint64_t num_rows = 0;
  bool operator==(const DatasetFile&) const = default;
};

inline constexpr std::string_view kPiiNone = "none", kPiiFindings = "findings", kPiiCritical = "critical";
inline constexpr std::string_view kAuditPassed = "passed", kAuditAccepted = "accepted", kAuditFailed = "failed";

struct Dataset {
  std::string id;       ///< "ds-" and 12 hex digits
  std::string name;     ///< "support-chats"
  std::string version;  ///< "1.0.0"
  std::string path;     ///< absolute
  bool is_directory = false;
  std::string digest;  ///< data_set_digest(files)
  std::string format;  ///< of its rows: "jsonl", "csv", ...
  std::uint64_t num_rows = 0;
  std::uint64_t size_bytes = 0;
  std::string license, description;  ///< empty: not said
  std::vector<std::string> tags;
  std::string parent_id, parent;         ///< what it was made from: its id, and name@version; empty: nothing
  std::string pii_status;                ///< kPiiNone, kPiiFindings, kPiiCritical
  std::string audit_status;              ///< kAuditPassed, kAuditAccepted, kAuditFailed
  std::string audit_note;                ///< why findings were accepted
  std::vector<std::string> audit_paths;  ///< the reports that cover its files, absolute
  std::string created;                   ///< ISO 8601
  std::vector<DatasetFile> files;        ///< in the order of their paths

  std::string ref() const;  ///< "name@version"
  /// Whether its audit lets it be trained on.
  bool is_admitted() const { return audit_status == kAuditPassed || audit_status == kAuditAccepted; }
  bool operator==(const Dataset&) const = default;
};

/// The digest of a data set: of one file its SHA-256; of a directory the SHA-256 of the lines that `sha256sum` prints
/// for its files of rows, in the order of their paths.
std::string data_set_digest(const std::vector<DatasetFile>& files, bool is_directory);

/// "name" or "name@version".
struct DatasetRef {
  std::string name;
  std::optional<std::string> version;
};
/// A failure for what is no such text.
Result<DatasetRef> parse_dataset_ref(std::string_view text);
/// Why a text is no name (or version) of a data set; nothing when it is one. They are names of folders, too: letters,
/// digits and `._-` (in a version `+` besides), at most 100, the first a letter or digit.
std::optional<std::string> name_problem(std::string_view name, bool is_version = false);

/// The record as its file has it, and back; a failure names what is missing or wrong.
Json to_json(const Dataset& dataset);
Result<Dataset> dataset_from_json(const Json& record);

/// A run that used a registered data set, as far as the index is concerned; the truth about it is in its folder.
struct RunRow {
  std::string id, name, state, trainer, base_model, dataset_id, config_digest, dir, started, ended;
  std::optional<int> exit_code;
  bool operator==(const RunRow&) const = default;
};
Json to_json(const RunRow& run);
Result<RunRow> run_from_json(const Json& record);

struct ModelRow {
  std::string id, name, version, stage, run_id, path;
};

}  // namespace forgelm::registry
