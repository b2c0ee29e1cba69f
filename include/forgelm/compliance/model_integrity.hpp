// model_integrity.json: the digests of a model directory's files, and their verification (EU AI Act, Article 15). Keys,
// order and verdicts are the reference's; either side verifies what the other wrote. What is mended: the manifest never
// lists itself or the signature beside it, it is replaced whole, what a link leads out of the directory is recorded by
// its target and not reported as added, and exported artifacts are verified too. The trap: without a signature
// (model_signing.hpp) the manifest finds damage and not an attacker, who can write it anew.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "forgelm/compliance/model_folder.hpp"

namespace forgelm::compliance {

inline constexpr const char* kModelIntegrityFile = "model_integrity.json";
inline constexpr const char* kModelSignatureFile = "model.sig";

struct WrittenIntegrity {
  std::size_t num_artifacts = 0;
  std::vector<std::string> skipped_links;  ///< names; recorded by their targets, their contents are not
};

/// Writes FOLDER/model_integrity.json, durably, over all of the folder's files, which it looks at anew. `model_path` is
/// what the manifest says about where the model lies: for a staged model the place that it will have. Symbolic links to
/// files inside are artifacts; all other links are listed as skipped. ConfigError, and nothing written, for what cannot
/// be attested: a pipe, socket or device, a name that is not UTF-8 or has a backslash, a directory without any file.
WrittenIntegrity write_model_integrity(ModelFolder& folder, const std::filesystem::path& model_path);

enum class IntegrityVerdict {
  intact,
  differs,   ///< something was changed, removed or added: exit code 6
  unusable,  ///< the manifest is there and can be compared with nothing: exit code 1
};

/// Names in these lists are in the order of their bytes.
struct IntegrityReport {
  IntegrityVerdict verdict = IntegrityVerdict::intact;
  std::string reason;  ///< one sentence, always
  std::vector<std::string> changed, removed, added;
  std::size_t num_verified = 0;             ///< files whose digests agree
  std::vector<std::string> skipped_links;   ///< known to the manifest; what they lead to is not attested
  std::vector<std::string> special_files;   ///< among `added`: pipes, sockets, devices
  std::vector<std::string> exported_apart;  ///< exports that the manifest knows and that lie elsewhere: not compared
};

/// Compares the folder with its manifest. ConfigError when there is no manifest or it is not JSON, RunError(io) when
/// a file cannot be read.
IntegrityReport verify_model_integrity(ModelFolder& folder);
IntegrityReport verify_model_integrity(const std::filesystem::path& directory);

}  // namespace forgelm::compliance
