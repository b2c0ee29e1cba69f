// What erasures share: records of runs, sizes, and words for the audit log.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/error.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::pipeline {

/// A forgelm_run.json below a folder.
struct FoundRecord {
  std::filesystem::path path;
  Json document;
  std::string id;
};

/// All that can be read, by path; folders are looked into a few levels deep, links are not followed.
std::vector<FoundRecord> run_records_below(const std::filesystem::path& folder);

/// Paths and digests of the files that a run read, as its record names them.
std::vector<std::string> sources_of(const Json& record);

/// By its name.
bool is_parquet(const std::filesystem::path& path);

/// Bytes of a file, or of all files in a folder.
std::uint64_t size_of_all(const std::filesystem::path& path);

/// Removes a file, a link or a folder with all in it, durably.
void remove_durably(const std::filesystem::path& path);

/// What an operator gave, or that nothing was given, in the reference's words.
std::string justification_or_default(const std::string& justification);

/// What the log calls the class of an error: "io", "out_of_disk", "config", ...
std::string kind_of(const Error& error);

/// Masked and cut to the reference's 200 characters.
std::string error_for_log(std::string_view message);

}  // namespace forgelm::pipeline
