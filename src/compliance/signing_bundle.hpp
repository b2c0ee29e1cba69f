// The text of an OpenSSF Model Signing bundle (v1.0, key method), both ways; touches no files, so that it can be
// fuzzed. Layers: a Sigstore bundle holds a DSSE envelope (payload in base64, signature over "DSSEv1 LEN TYPE LEN
// PAYLOAD") whose payload is an in-toto Statement v1 with the predicate https://model_signing/signature/v1.0: resources
// [{name, algorithm, digest}] and how they were collected; the subject's digest is SHA-256 of all digests laid end to
// end. The trap: nothing in the payload may be believed, nor even parsed, before the signature over its bytes verifies.
// Specification: github.com/ossf/model-signing-spec, spec/v1.0.md.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/json.hpp"
#include "forgelm/core/result.hpp"
#include "forgelm/core/signature.hpp"

namespace forgelm::compliance {

inline constexpr std::size_t kMaxBundleBytes = std::size_t{64} << 20;
inline constexpr const char* kPayloadType = "application/vnd.in-toto+json";

struct SignedResource {
  std::string name;    ///< plain relative path
  std::string sha256;  ///< lower-case hex
};

/// What was signed: every regular file of a directory but the ignored ones.
struct SignedStatement {
  std::string model_name;
  std::vector<SignedResource> resources;   ///< sorted by name, each once
  std::vector<std::string> ignored_paths;  ///< these and all below them
  bool follows_links = false;
};

/// An envelope whose signature is not verified yet.
struct SigningEnvelope {
  std::string key_hint;  ///< SHA-256 of the public key's PEM text, hex; empty in bundles of before 1.1
  std::string payload;
  std::vector<std::string> signatures;
};

/// What is signed for a payload: DSSE's pre-authentication encoding.
std::string pre_authentication(std::string_view payload);

/// The name that a bundle gives a key.
std::string key_hint_of(const PublicKey& key);

std::string compose_statement(const SignedStatement& statement);
std::string compose_bundle(std::string_view payload, std::string_view signature, std::string_view key_hint);

/// Failures name what is not as it must be, or is not supported here: other methods than `key`, shards, digests other
/// than SHA-256.
Result<SigningEnvelope> read_bundle(std::string_view text);
Result<SignedStatement> read_statement(std::string_view payload);

}  // namespace forgelm::compliance
