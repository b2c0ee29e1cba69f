// The compliance bundle: the folder that says what was trained, on what, for what and how it came out. Written as a
// whole: whoever looks sees the bundle before or the new one. Files of ours in it are replaced; other regular files
// that somebody put there stay.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "forgelm/compliance/run_facts.hpp"
#include "forgelm/config/load.hpp"

namespace forgelm::compliance {

inline constexpr const char* kBundleFolder = "compliance";
inline constexpr const char* kReportFile = "compliance_report.json";
inline constexpr const char* kAnnexIvFile = "annex_iv_metadata.json";
inline constexpr const char* kGovernanceFile = "data_governance_report.json";
inline constexpr const char* kInstructionsFile = "deployer_instructions.md";

struct Bundle {
  std::vector<std::pair<std::string, std::string>> files;  ///< name -> bytes, in order
  std::string governance_problem;                          ///< why there is no governance report; empty: there is one
};

/// Makes the files' contents. Reads only what the job names for Annex IV (declaration of conformity, plan).
Bundle make_bundle(const config::LoadedJob& loaded, const RunFacts& facts);

/// Instructions for use (Article 13), which go with the model too.
std::string instructions_for_use(const config::LoadedJob& loaded, const RunFacts& facts,
                                 const std::string& model_location);

/// Puts them at `folder`, whose parent exists. Gives the names, sorted. ConfigError when `folder` holds what is no
/// regular file, or is a file itself; RunError(io, out_of_disk) when it cannot be written: then it is as before.
std::vector<std::string> write_bundle(const Bundle& bundle, const std::filesystem::path& folder);

}  // namespace forgelm::compliance
