// Signatures over a model directory as OpenSSF Model Signing v1.0 has them (the key method): one bundle that names
// every file with its digest, signed with an ECDSA key. The model-signing package verifies what is signed here, and the
// other way round. Invariant: any file changed, removed, added or replaced by a link fails. The trap: a signature says
// which key signed, not whose key it is; the reader needs the public key from elsewhere.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "forgelm/compliance/model_folder.hpp"
#include "forgelm/core/signature.hpp"

namespace forgelm::compliance {

struct SignedModel {
  std::size_t num_files = 0;
  std::string key_sha256;  ///< digest of the public key's SubjectPublicKeyInfo, hex
};

/// ConfigError for a key that the specification has no place for: signing a model takes ECDSA on P-256, P-384 or P-521.
void require_signing_key(const PrivateKey& key);

/// Signs all files of the folder, which is looked at anew, and writes the bundle to `bundle`, durably. The bundle
/// itself and .git, .gitattributes, .github, .gitignore at the top are left out. `model_name` is what the statement
/// calls the model. ConfigError, and nothing written, as require_signing_key() has it, and for what cannot be signed:
/// symbolic links, pipes, sockets, devices, names that are not UTF-8, a folder without a file.
SignedModel sign_model(ModelFolder& folder, const PrivateKey& key, const std::filesystem::path& bundle,
                       const std::string& model_name);

struct SignatureReport {
  bool is_valid = false;
  bool is_authentic = false;  ///< the statement was signed with the key, whatever became of the files
  std::string reason;         ///< one sentence, always
  std::vector<std::string> changed, removed, added;
  std::size_t num_verified = 0;
  std::string key_sha256;  ///< of the key that was asked for
};

/// Verifies the bundle and compares the folder with what it signs. ConfigError when there is no bundle at the path;
/// whatever is wrong with what is there is a report.
SignatureReport verify_model_signature(ModelFolder& folder, const PublicKey& key, const std::filesystem::path& bundle);

}  // namespace forgelm::compliance
