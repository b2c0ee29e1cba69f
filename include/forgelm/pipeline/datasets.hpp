// Registered data sets (forgelm/registry) and the data itself: registering what is on disk with its audit, comparing it
// with its record, and putting it into a job that names it. Files are read whole where digests are concerned; nothing
// of the data is changed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/config/job.hpp"
#include "forgelm/registry/index.hpp"

namespace forgelm::pipeline {

struct RegisterRequest {
  std::string path;  ///< a file of rows or a directory of them
  std::string name, version = "1.0.0";
  std::optional<std::string> parent;  ///< NAME@VERSION that it was made from
  std::string license, description;
  std::vector<std::string> tags;
  /// A report of `forgelm audit` to take instead of auditing; it has to be of these very files.
  std::optional<std::filesystem::path> audit_report;
  std::string accepted_because;  ///< why findings of the audit are no obstacle; empty: they are one
  int num_workers = 1;
  std::function<void(std::uint64_t done, std::uint64_t all)> on_progress = {};  ///< bytes of the audit
};

struct Registration {
  registry::Dataset dataset;
  std::vector<std::string> notes;  ///< what people should know: rows that could not be read, findings
};

/// Counts and hashes the files, audits them, and registers. ConfigError for what cannot be registered: an address
/// instead of a path, a path without rows, a name or version that is taken or none, an unknown parent, a report of
/// other files. RunError(store, io).
Registration register_dataset(registry::Index& index, const RegisterRequest& request);
/// Takes a set out of the registry; its data stay. ConfigError while something refers to it. Both leave an event in the
/// audit log of the index's folder; ConfigError when nobody can be named as the operator.
void unregister_dataset(registry::Index& index, const registry::Dataset& dataset);

/// ConfigError for an address in place of a path (s3://...), with how to get the data here.
void refuse_address(std::string_view path);

/// A file that is not as it was registered.
struct FileMismatch {
  std::string path;      ///< as it lies now, or lay
  std::string expected;  ///< the digest in the record; empty: the record knows no such file
  std::string found;     ///< the file's digest now; empty: there is no such file
};
std::string describe(const FileMismatch& mismatch);

/// Hashes the files of a set and compares; empty when all is as registered. RunError(io) when a file cannot be read.
std::vector<FileMismatch> verify_dataset(const registry::Dataset& dataset);
/// The part of verify_dataset() that costs nothing: files that are missing, or of another size.
std::vector<FileMismatch> glance_at_dataset(const registry::Dataset& dataset);

/// A job whose primary data set is where its reference says.
struct ResolvedJob {
  config::JobConfig job;                     ///< data.dataset_name_or_path is the registered path
  std::optional<registry::Dataset> dataset;  ///< of data.dataset_ref
  std::vector<std::string> ancestors;        ///< what it was made from, as NAME@VERSION, the parent first
};

/// The job itself when it has no data.dataset_ref. ConfigError when the reference is not NAME@VERSION or names nothing
/// that is registered.
ResolvedJob resolve_data(const config::JobConfig& job);

}  // namespace forgelm::pipeline
