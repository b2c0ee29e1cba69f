#include "forgelm/compliance/checkpoint.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "forgelm/core/base64.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

constexpr std::string_view kOriginPrefix = "forgelm/audit/";
constexpr std::size_t kOriginDigits = 32;
constexpr std::string_view kDash = "\xE2\x80\x94 ";  // U+2014, as the note format has it
constexpr std::size_t kMaxSignatures = 16;
constexpr std::size_t kKeyIdBytes = 4;
constexpr char kEd25519Kind = 0x01;

bool is_lower_hex(std::string_view text, std::size_t size) {
  return text.size() == size &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_ascii_digit(c) || (c >= 'a' && c <= 'f'); });
}

std::optional<std::uint64_t> read_count(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || (text.size() > 1 && text.front() == '0'))
    return std::nullopt;
  return value;
}

std::optional<Sha256Digest> read_digest(std::string_view text) {
  const auto bytes = base64_decode(text);
  Sha256Digest digest;
  if (!bytes || bytes->size() != digest.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

/// Four bytes that name a key of a signed note.
std::string key_id(const std::string& name, const std::string& raw_key) {
  const Sha256Digest digest = sha256(cat(name, '\n', kEd25519Kind, raw_key));
  return std::string(bytes_of(digest).substr(0, kKeyIdBytes));
}

std::string raw_key(const PublicKey& key) {
  auto raw = key.raw_ed25519();
  if (!raw)
    throw ConfigError(cat("a checkpoint is signed with Ed25519; this key is ", to_text(key.algorithm())),
                      "make one with: openssl genpkey -algorithm ed25519 -out audit_key.pem");
  return *std::move(raw);
}

/// Hands out the lines of the text, each with its line end checked.
class Lines {
 public:
  explicit Lines(std::string_view rest) : rest_(rest) {}
  std::optional<std::string_view> next() {
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    ++number_;
    return line;
  }
  bool is_at_end() const { return rest_.empty(); }
  Failure failure(std::string_view wanted) const { return {cat("checkpoint, line ", number_, ": ", wanted)}; }

 private:
  std::string_view rest_;
  int number_ = 0;
};

/// The rest of a line behind its label, or nothing.
std::optional<std::string_view> after(std::string_view label, std::optional<std::string_view> line) {
  if (!line || line->substr(0, label.size()) != label) return std::nullopt;
  return line->substr(label.size());
}

std::optional<std::vector<Sha256Digest>> read_edge(std::string_view text) {
  std::vector<Sha256Digest> edge;
  if (text.empty()) return edge;
  for (const std::string& word : split(text, ' ')) {
    const auto digest = read_digest(word);
    if (!digest || edge.size() == 64) return std::nullopt;
    edge.push_back(*digest);
  }
  return edge;
}

std::optional<NoteSignature> read_signature(std::string_view line) {
  const auto rest = after(kDash, line);
  if (!rest) return std::nullopt;
  const std::size_t space = rest->find(' ');
  if (space == 0 || space == std::string_view::npos) return std::nullopt;
  auto bytes = base64_decode(rest->substr(space + 1));
  if (!bytes || bytes->size() <= kKeyIdBytes) return std::nullopt;
  return NoteSignature{std::string(rest->substr(0, space)), *std::move(bytes)};
}

}  // namespace

std::string checkpoint_origin(std::string_view first_line_sha256) {
  return cat(kOriginPrefix, first_line_sha256.substr(0, kOriginDigits));
}

std::string checkpoint_path(const std::string& log_path) { return log_path + ".checkpoint"; }

std::string checkpoint_text(const Checkpoint& checkpoint) {
  std::string text =
      cat(checkpoint.origin, "\n", checkpoint.num_entries(), "\n", base64_encode(bytes_of(checkpoint.root)), "\nbytes ",
          checkpoint.size_bytes, "\nhead ", checkpoint.head, "\nedge");
  for (const Sha256Digest& subtree : checkpoint.tree.edge()) text += cat(" ", base64_encode(bytes_of(subtree)));
  return text + "\n";
}

std::string write_checkpoint(const Checkpoint& checkpoint, const PrivateKey* key) {
  const std::string text = checkpoint_text(checkpoint);
  std::string note = text + "\n";
  if (key == nullptr) return note;
  const std::string id = key_id(checkpoint.origin, raw_key(key->public_key()));
  return note += cat(kDash, checkpoint.origin, " ", base64_encode(id + key->sign(text)), "\n");
}

Result<Checkpoint> parse_checkpoint(std::string_view note) {
  if (note.size() > kMaxCheckpointBytes)
    return Failure{cat("a checkpoint has at most ", kMaxCheckpointBytes, " bytes; this has ", note.size())};
  Lines lines(note);
  Checkpoint checkpoint;
  const auto origin = lines.next();
  const auto digits = after(kOriginPrefix, origin);
  if (!digits || !is_lower_hex(*digits, kOriginDigits))
    return lines.failure(cat("not the origin of an audit log, ", kOriginPrefix, "<", kOriginDigits, " hex digits>"));
  checkpoint.origin = *origin;
  const auto count = read_count(lines.next().value_or(""));
  if (!count || *count == 0) return lines.failure("not a count of entries");
  const auto root = read_digest(lines.next().value_or(""));
  if (!root) return lines.failure("not a root hash in base64");
  checkpoint.root = *root;
  const auto size_bytes = read_count(after("bytes ", lines.next()).value_or(""));
  if (!size_bytes) return lines.failure("not \"bytes <n>\"");
  checkpoint.size_bytes = *size_bytes;
  const auto head = after("head ", lines.next());
  if (!head || !is_lower_hex(*head, 64)) return lines.failure("not \"head <64 hex digits>\"");
  checkpoint.head = *head;
  auto edge = read_edge(after("edge ", lines.next()).value_or("?"));
  auto tree = edge ? MerkleTree::from_edge(*count, *std::move(edge)) : std::nullopt;
  if (!tree) return lines.failure(cat("not \"edge\" and a hash for each one in the binary form of ", *count));
  checkpoint.tree = *std::move(tree);
  if (checkpoint.tree.root() != checkpoint.root) return lines.failure("these subtrees do not give the root of line 3");
  const auto empty = lines.next();
  if (!empty || !empty->empty()) return lines.failure("not the empty line before the signatures");
  while (!lines.is_at_end()) {
    const auto line = lines.next();
    auto signature = line ? read_signature(*line) : std::nullopt;
    if (!signature || checkpoint.signatures.size() == kMaxSignatures) return lines.failure("not a signature line");
    checkpoint.signatures.push_back(*std::move(signature));
  }
  return checkpoint;
}

SignatureState check_signature(const Checkpoint& checkpoint, const PublicKey& key) {
  const std::string id = key_id(checkpoint.origin, raw_key(key));
  SignatureState state = checkpoint.signatures.empty() ? SignatureState::none : SignatureState::foreign;
  const std::string text = checkpoint_text(checkpoint);
  for (const NoteSignature& signature : checkpoint.signatures) {
    if (signature.name != checkpoint.origin || signature.bytes.compare(0, kKeyIdBytes, id) != 0) continue;
    if (key.verify(text, std::string_view(signature.bytes).substr(kKeyIdBytes))) return SignatureState::good;
    state = SignatureState::bad;
  }
  return state;
}

std::string verifier_key(const std::string& origin, const PublicKey& key) {
  const std::string raw = raw_key(key);
  return cat(origin, "+", hex_encode(key_id(origin, raw)), "+", base64_encode(cat(kEd25519Kind, raw)));
}

}  // namespace forgelm::compliance
