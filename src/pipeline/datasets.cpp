#include "forgelm/pipeline/datasets.hpp"

#include <algorithm>
#include <memory>
#include <set>

#include "audit_reports.hpp"
#include "forgelm/audit/audit.hpp"
#include "forgelm/compliance/audit_log.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/source.hpp"
#include "forgelm/formats/row_blocks.hpp"

namespace forgelm::pipeline {
namespace {

namespace fs = std::filesystem;
using registry::Dataset;
using registry::DatasetFile;

/// What brings data of an address to this machine.
struct AddressTool {
  std::string_view scheme, command;
};
constexpr AddressTool kAddressTools[] = {
    {"s3", "aws s3 sync ADDRESS data/NAME"},
    {"gs", "gcloud storage cp --recursive ADDRESS data/NAME"},
    {"gcs", "gcloud storage cp --recursive ADDRESS data/NAME"},
    {"az", "azcopy copy ADDRESS data/NAME --recursive"},
    {"abfs", "azcopy copy ADDRESS data/NAME --recursive"},
    {"abfss", "azcopy copy ADDRESS data/NAME --recursive"},
    {"wasb", "azcopy copy ADDRESS data/NAME --recursive"},
    {"wasbs", "azcopy copy ADDRESS data/NAME --recursive"},
    {"hf", "hf download --repo-type dataset OWNER/NAME --local-dir data/NAME"},
    {"http", "curl --location --output data/NAME.jsonl ADDRESS"},
    {"https", "curl --location --output data/NAME.jsonl ADDRESS"},
    {"ftp", "curl --output data/NAME.jsonl ADDRESS"},
    {"hdfs", "hdfs dfs -get ADDRESS data/NAME"},
};

/// The files of rows at a path, sorted; ConfigError when there are none.
std::vector<fs::path> row_files_at(const fs::path& path) {
  const data::Source source = data::find_source(path.native());
  std::vector<fs::path> files;
  for (const auto& split : source.splits) files.insert(files.end(), split.files.begin(), split.files.end());
  for (const std::string& unused : source.unused) files.push_back(source.root / unused);
  std::sort(files.begin(), files.end());
  return files;
}

std::string shown_path(const fs::path& file, const fs::path& root, bool is_directory) {
  return is_directory ? file.lexically_relative(root).generic_string() : file.filename().generic_string();
}

/// Rows as training counts them, and the digest, in one reading.
DatasetFile count_and_hash(const fs::path& file, std::string shown) {
  formats::RowOptions options;
  options.with_digest = true;
  formats::RowBlocks blocks(file, options);
  DatasetFile out{std::move(shown), {}, 0, 0};
  for (formats::RowBlock block; blocks.next(block);) out.num_rows += block.num_rows;
  out.sha256 = blocks.digest_hex();
  if (out.sha256.empty()) out.sha256 = sha256_file(file);
  out.size_bytes = fs::file_size(file);
  return out;
}

/// The reports on the files of a set, and what they come to.
struct Audited {
  std::vector<Json> reports;
  std::set<std::string> covered;
  std::vector<std::string> not_read, critical;
  std::string pii_status = std::string(registry::kPiiNone);

  bool add(Json report) {
    const auto verdict = audit_verdict(report);
    if (!verdict) return false;
    reports.push_back(std::move(report));
    covered.insert(verdict->covered.begin(), verdict->covered.end());
    not_read.insert(not_read.end(), verdict->not_read.begin(), verdict->not_read.end());
    critical.insert(critical.end(), verdict->critical.begin(), verdict->critical.end());
    const auto weight = [](std::string_view status) {
      return status == registry::kPiiCritical ? 2 : status == registry::kPiiFindings ? 1 : 0;
    };
    if (weight(verdict->pii_status) > weight(pii_status)) pii_status = verdict->pii_status;
    return true;
  }
};

/// The directory at once, so that leaks between splits are seen; then what the audit does not look at there.
Audited audit_files(const RegisterRequest& request, const fs::path& root, const std::vector<fs::path>& files,
                    const std::vector<DatasetFile>& known, bool is_directory) {
  Audited audited;
  audit::AuditOptions options;
  options.num_workers = request.num_workers;
  std::set<fs::path> looked_at;
  const auto look = [&](const fs::path& at) {
    options.input = at.native();
    const audit::AuditReport report = audit::audit_data(options, request.on_progress);
    for (const audit::SplitAudit& split : report.splits) looked_at.insert(split.path.lexically_normal());
    audited.add(audit::to_json(report));
  };
  if (is_directory) {
    try {
      look(root);
    } catch (const ConfigError&) {  // all rows lie in folders below
    }
  }
  for (std::size_t i = 0; i < files.size(); ++i)
    if (audited.covered.count(known[i].sha256) == 0 && looked_at.count(files[i].lexically_normal()) == 0)
      look(files[i]);
  return audited;
}

Audited take_report(const fs::path& path) {
  const Result<Json> document = parse_json(read_file(path), {.max_bytes = std::size_t{1} << 30});
  if (!document) throw ConfigError(cat(path.native(), ": ", document.error().message));
  Audited audited;
  if (!audited.add(*document))
    throw ConfigError(cat(path.native(), " is no report of an audit that names the digests of what it read"),
                      "`forgelm audit PATH` writes one");
  return audited;
}

bool is_same_file(const DatasetFile& file, const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && fs::file_size(path, error) == file.size_bytes && !error;
}

fs::path place_of(const Dataset& dataset, const DatasetFile& file) {
  return dataset.is_directory ? fs::path(dataset.path) / file.path : fs::path(dataset.path);
}

/// Files of rows that have appeared in the directory of a set.
void add_unknown(const Dataset& dataset, bool with_digest, std::vector<FileMismatch>& out) {
  std::error_code error;
  if (!dataset.is_directory || !fs::is_directory(dataset.path, error)) return;
  std::vector<fs::path> files;
  try {
    files = row_files_at(dataset.path);
  } catch (const ConfigError&) {  // no rows are left: every file is missing
  }
  for (const fs::path& file : files) {
    const std::string shown = shown_path(file, dataset.path, true);
    const bool is_known = std::any_of(dataset.files.begin(), dataset.files.end(),
                                      [&](const DatasetFile& known) { return known.path == shown; });
    if (!is_known) out.push_back({file.native(), "", with_digest ? sha256_file(file) : "not looked at"});
  }
}

/// The audit log of the registry, beside its records.
std::unique_ptr<AuditSink> registry_log(const registry::Index& index) {
  compliance::AuditLogOptions options;
  options.directory = index.path().parent_path();
  return std::make_unique<compliance::AuditLog>(std::move(options));
}

}  // namespace

void refuse_address(std::string_view path) {
  const std::size_t end = path.find("://");
  if (end == std::string_view::npos) return;
  const std::string scheme = ascii_lower(path.substr(0, end));
  for (const AddressTool& tool : kAddressTools)
    if (tool.scheme == scheme)
      throw ConfigError(cat(quote(path),
                            " is an address: what is registered lies on this machine, where it is read, "
                            "hashed and audited"),
                        cat("bring it here first (", tool.command, ") and register the path"));
  throw ConfigError(cat(quote(path), " is an address of a kind (", scheme, ") that is not known here"),
                    "bring the data to this machine and register the path");
}

Registration register_dataset(registry::Index& index, const RegisterRequest& request) {
  refuse_address(request.path);
  index.require_free(request.name, request.version);
  if (request.parent) static_cast<void>(index.get(*request.parent));
  std::error_code error;
  const auto status = fs::status(request.path, error);
  if (!fs::exists(status))
    throw ConfigError(cat(quote(request.path), ": there is no such file or directory"),
                      data::is_hub_name(request.path)
                          ? "data sets of the Hub are registered once they are here: hf download --repo-type dataset "
                            "OWNER/NAME --local-dir data/NAME"
                          : "");
  Registration out;
  Dataset& set = out.dataset;
  set.is_directory = fs::is_directory(status);
  const fs::path root = fs::canonical(request.path);
  if (!is_valid_utf8(root.native()))
    throw ConfigError(cat(quote(root.native()), ": a path that is not UTF-8 cannot be recorded"));
  set.path = root.native();
  const std::vector<fs::path> files = row_files_at(root);
  for (const fs::path& file : files)
    set.files.push_back(count_and_hash(file, shown_path(file, root, set.is_directory)));
  set.format = formats::to_string(formats::row_file_kind(files.front()));

  const Audited audited = request.audit_report ? take_report(*request.audit_report)
                                               : audit_files(request, root, files, set.files, set.is_directory);
  std::vector<std::string> uncovered;
  for (const DatasetFile& file : set.files)
    if (audited.covered.count(file.sha256) == 0) uncovered.push_back(file.path);
  if (request.audit_report && !uncovered.empty())
    throw ConfigError(cat(request.audit_report->native(), " does not cover ", join(uncovered, ", "),
                          ": it is of other content, or rows could not be read"),
                      "leave the report out, and the data is audited now");
  out.notes = audited.not_read;
  if (out.notes.empty() && !uncovered.empty())
    out.notes.push_back(cat("the audit does not cover ", join(uncovered, ", ")));
  set.pii_status = audited.pii_status;
  const bool passes = audited.critical.empty() && uncovered.empty();
  set.audit_status = passes                              ? registry::kAuditPassed
                     : !request.accepted_because.empty() ? registry::kAuditAccepted
                                                         : registry::kAuditFailed;
  if (!passes) set.audit_note = request.accepted_because;
  if (!audited.critical.empty()) out.notes.push_back(cat("the audit found ", join(audited.critical, ", ")));
  set.name = request.name;
  set.version = request.version;
  set.license = request.license;
  set.description = request.description;
  set.tags = request.tags;
  set.parent = request.parent.value_or("");
  const std::unique_ptr<AuditSink> log = registry_log(index);
  set = index.add(std::move(set), audited.reports);
  log->record({"data.registered", Json::object({{"dataset", set.ref()},
                                                {"id", set.id},
                                                {"digest", set.digest},
                                                {"path", set.path},
                                                {"rows", set.num_rows},
                                                {"audit_status", set.audit_status},
                                                {"audit_note", set.audit_note.empty() ? Json() : Json(set.audit_note)},
                                                {"parent", set.parent.empty() ? Json() : Json(set.parent)}})});
  return out;
}

void unregister_dataset(registry::Index& index, const Dataset& dataset) {
  const std::unique_ptr<AuditSink> log = registry_log(index);
  index.require_unused(dataset);
  log->record(
      {"data.unregistered",
       Json::object(
           {{"dataset", dataset.ref()}, {"id", dataset.id}, {"digest", dataset.digest}, {"path", dataset.path}})});
  index.remove(dataset);
}

std::string describe(const FileMismatch& mismatch) {
  if (mismatch.expected.empty()) return cat(mismatch.path, ": was not there when the data set was registered");
  if (mismatch.found.empty()) return cat(mismatch.path, ": is missing; registered with SHA-256 ", mismatch.expected);
  return cat(mismatch.path, ": has SHA-256 ", mismatch.found, ", registered ", mismatch.expected);
}

std::vector<FileMismatch> verify_dataset(const Dataset& dataset) {
  std::vector<FileMismatch> out;
  for (const DatasetFile& file : dataset.files) {
    const fs::path place = place_of(dataset, file);
    std::error_code error;
    const std::string found = fs::exists(place, error) ? sha256_file(place) : "";
    if (found != file.sha256) out.push_back({place.native(), file.sha256, found});
  }
  add_unknown(dataset, true, out);
  return out;
}

std::vector<FileMismatch> glance_at_dataset(const Dataset& dataset) {
  std::vector<FileMismatch> out;
  for (const DatasetFile& file : dataset.files) {
    const fs::path place = place_of(dataset, file);
    std::error_code error;
    if (!is_same_file(file, place))
      out.push_back({place.native(), file.sha256, fs::exists(place, error) ? "of another size" : ""});
  }
  add_unknown(dataset, false, out);
  return out;
}

ResolvedJob resolve_data(const config::JobConfig& job) {
  ResolvedJob out{job, std::nullopt, {}};
  if (!job.data.dataset_ref) return out;
  const std::string& text = *job.data.dataset_ref;
  const Result<registry::DatasetRef> ref = registry::parse_dataset_ref(text);
  if (!ref) throw ConfigError(cat("data.dataset_ref: ", ref.error().message), ref.error().hint);
  auto index = registry::Index::open_existing();
  if (!index)
    throw ConfigError(
        cat("data.dataset_ref: no data set ", quote(text), ": nothing is registered in ",
            registry::index_path().native()),
        "`forgelm data register PATH --name NAME` adds a data set; FORGELM_DB and FORGELM_HOME say where");
  if (!ref->version) {
    const std::vector<std::string> versions = index->versions(ref->name);
    if (!versions.empty())
      throw ConfigError(cat("data.dataset_ref: ", quote(text), " names no version, and a job names one"),
                        cat("write ", ref->name, "@", versions.front(), "; registered: ", join(versions, ", ")));
  }
  try {
    out.dataset = index->get(text);
  } catch (const ConfigError& error) {
    throw ConfigError(cat("data.dataset_ref: ", error.what()), error.hint());
  }
  for (const Dataset& ancestor : index->lineage(*out.dataset).ancestors) out.ancestors.push_back(ancestor.ref());
  out.job.data.dataset_name_or_path = out.dataset->path;
  return out;
}

}  // namespace forgelm::pipeline
