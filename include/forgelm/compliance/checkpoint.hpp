// The checkpoint of an audit log: a C2SP signed note (c2sp.org/signed-note, c2sp.org/tlog-checkpoint). Its text:
//   forgelm/audit/<32 hex>     origin: the first digits of the SHA-256 of the log's first line
//   <count>                    of entries
//   <base64>                   RFC 6962 root over the lines without their line ends
//   bytes <n>                  ours, as extension lines: length of the log
//   head <64 hex>              SHA-256 of the last line, what the next line's prev_hash holds
//   edge <base64> ...          roots of the full subtrees, so that the next append need not read the log
// then an empty line and the signature lines, none when no key is configured. The key's name is the origin.
// Invariant: what parses agrees within itself (the edge folds to the root). The trap: an unsigned checkpoint proves
// nothing against someone who can write the directory; a copy elsewhere or a signature does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/compliance/merkle.hpp"
#include "forgelm/core/result.hpp"
#include "forgelm/core/signature.hpp"

namespace forgelm::compliance {

inline constexpr std::size_t kMaxCheckpointBytes = 64 * 1024;

struct NoteSignature {
  std::string name;
  std::string bytes;  ///< four of the key's hash, then the signature
};

enum class SignatureState {
  none,     ///< no line of this key, nor of another
  foreign,  ///< lines of other keys only
  bad,      ///< a line of this key that does not verify
  good,
};

struct Checkpoint {
  std::string origin;
  Sha256Digest root{};
  std::uint64_t size_bytes = 0;
  std::string head;  ///< lower-case hex
  MerkleTree tree;
  std::vector<NoteSignature> signatures = {};

  std::uint64_t num_entries() const noexcept { return tree.size(); }
};

/// "forgelm/audit/" and the first 32 digits of the first line's SHA-256.
std::string checkpoint_origin(std::string_view first_line_sha256);

/// The checkpoint file LOG.checkpoint.
std::string checkpoint_path(const std::string& log_path);

/// The note: the text, an empty line and, with an Ed25519 key, its signature line.
std::string write_checkpoint(const Checkpoint& checkpoint, const PrivateKey* key);

/// Reads a note of this form; the Failure names the line.
Result<Checkpoint> parse_checkpoint(std::string_view note);

/// The signed text of a parsed checkpoint.
std::string checkpoint_text(const Checkpoint& checkpoint);

/// What `key` (Ed25519) says of it.
SignatureState check_signature(const Checkpoint& checkpoint, const PublicKey& key);

/// The key in the form that tools for signed notes take: "<name>+<8 hex>+<base64>".
std::string verifier_key(const std::string& origin, const PublicKey& key);

}  // namespace forgelm::compliance
