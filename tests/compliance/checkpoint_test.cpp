// Checkpoints: the note format, signatures, and what the verifier makes of signed ones.
#include "forgelm/compliance/checkpoint.hpp"

#include "forgelm/compliance/audit_log.hpp"
#include "forgelm/core/base64.hpp"
#include "forgelm/core/files.hpp"
#include "log_tools.hpp"
#include "support/fake_environment.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace forgelm::compliance {
namespace {

using namespace test_tools;

// RFC 8410, section 10.3 gives this key; RFC 8032's third test vector another.
constexpr const char* kKey =
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE "
    "KEY-----\n";
constexpr const char* kOtherKey =
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIMWqjfQ/n4N77bdELzHct7Fm04U1B28JS4XOOi4LRFj3\n-----END PRIVATE "
    "KEY-----\n";

PrivateKey key_of(const test::TemporaryDirectory& folder, const char* pem) {
  write_file_durably(folder / "key.pem", pem, 0600);
  return PrivateKey::from_pem_file(folder / "key.pem");
}

struct Signed {
  Signed() {
    AuditLog log({.directory = folder / "out", .key = key});
    for (int i = 0; i < 5; ++i) {
      log.record({"training.started"});
      notes.push_back(read_file(checkpoint_path(log.path().native())));
    }
    text = read_file(log.path());
  }
  test::FakeEnvironment environment;
  ScopedEnvironment scope{environment};
  test::TemporaryDirectory folder{test::memory_directory()};
  PrivateKey key = key_of(folder, kKey);
  std::vector<std::string> notes;
  std::string text;
};

TEST_CASE("checkpoint: the note is what the format of signed notes asks for") {
  Signed log;
  const auto lines = split(log.notes.back(), '\n');
  REQUIRE(lines.size() == 9);
  CHECK(lines[1] == "5");
  CHECK(base64_decode(lines[2])->size() == 32);
  CHECK(lines[3] == cat("bytes ", log.text.size()));
  CHECK(lines[4] == cat("head ", sha256_hex(lines_of(log.text).back())));
  CHECK(lines[6] == "");
  // "U+2014 name base64(hash of name and key, first four bytes, then the signature of the text)"
  CHECK(lines[7].find(cat("\xE2\x80\x94 ", lines[0], " ")) == 0);
  const std::string blob = *base64_decode(lines[7].substr(lines[7].rfind(' ') + 1));
  const std::string raw = *log.key.public_key().raw_ed25519();
  CHECK(blob.substr(0, 4) == std::string(bytes_of(sha256(lines[0] + "\n\x01" + raw))).substr(0, 4));
  const std::string text = log.notes.back().substr(0, log.notes.back().find("\n\n") + 1);
  CHECK(log.key.public_key().verify(text, blob.substr(4)));
  CHECK(verifier_key(lines[0], log.key.public_key()) ==
        cat(lines[0], "+", hex_encode(blob.substr(0, 4)), "+", base64_encode("\x01" + raw)));
}

TEST_CASE("checkpoint: whatever is changed in a note is found") {
  Signed log;
  const std::string& note = log.notes.back();
  const Checkpoint whole = parse_checkpoint(note).value();
  CHECK(write_checkpoint(whole, &log.key) == note);
  CHECK(check_signature(whole, log.key.public_key()) == SignatureState::good);
  for (std::size_t at = 0; at < note.size(); ++at)
    for (const char replacement : {'0', 'A', '\n', ' ', '\xFF'}) {
      if (note[at] == replacement) continue;
      std::string changed = note;
      changed[at] = replacement;
      INFO(at << " " << static_cast<int>(replacement));
      const auto read = parse_checkpoint(changed);
      if (read) REQUIRE(check_signature(*read, log.key.public_key()) != SignatureState::good);
    }
  for (std::size_t size = 0; size < note.size(); ++size) {
    const auto read = parse_checkpoint(note.substr(0, size));
    if (read) REQUIRE(read->signatures.empty());
  }
}

TEST_CASE("checkpoint: with the key, what is unsigned, signed by another or contradicts itself is told apart") {
  Signed log;
  const PublicKey key = log.key.public_key();
  const std::string& note = log.notes.back();
  const auto verdict = [&](const std::string& checkpoint, const std::string& anchor = "") {
    AuditVerifyOptions options{.key = key, .checkpoint = checkpoint};
    if (!anchor.empty()) options.anchor = anchor;
    return verify(log.text, options).verdict;
  };
  CHECK(verdict(note) == AuditVerdict::intact);
  CHECK(verdict(log.notes[2]) == AuditVerdict::intact);
  CHECK(verdict(note, log.notes[2]) == AuditVerdict::intact);
  const Checkpoint whole = parse_checkpoint(note).value();
  CHECK(verdict(write_checkpoint(whole, nullptr)) == AuditVerdict::wrong_key);
  const PrivateKey other = key_of(log.folder, kOtherKey);
  CHECK(verdict(write_checkpoint(whole, &other)) == AuditVerdict::wrong_key);
  std::string forged = note;
  forged.replace(forged.find("bytes "), 7, "bytes 9");
  CHECK(verdict(forged) == AuditVerdict::rewritten);
  CHECK(verify(log.text, {.key = key}).verdict == AuditVerdict::wrong_key);
  CHECK(verdict("forgelm") == AuditVerdict::rewritten);

  // The same beginning, and another history signed with the same key.
  std::vector<std::string> lines = lines_of(log.text);
  set_member(lines[3], "operator", "someone@else");
  rechain(lines, 3);
  Checkpoint split_view{whole.origin, {}, log_of(lines).size(), sha256_hex(lines.back()), {}};
  for (const auto& line : lines) split_view.tree.add(merkle_leaf(line));
  split_view.root = split_view.tree.root();
  CHECK(verdict(note, write_checkpoint(split_view, &log.key)) == AuditVerdict::forked);
}

TEST_CASE("checkpoint: a key that comes later, or another one, is taken up on the record") {
  Signed log;
  const PrivateKey other = key_of(log.folder, kOtherKey);
  AuditLog({.directory = log.folder / "out", .key = other}).record({"training.started"});
  const auto lines = lines_of(read_file(log.folder / "out" / kAuditLogName));
  REQUIRE(lines.size() == 7);
  CHECK(lines[5].find(R"("event": "audit.checkpoint_adopted")") != std::string::npos);
  CHECK(lines[5].find(R"("reason": "other_key", "num_entries": 5)") != std::string::npos);
  // A forged signature of the right key is a trouble.
  const auto path = checkpoint_path((log.folder / "out" / kAuditLogName).native());
  std::string note = read_file(path);
  const std::size_t at = note.size() - 10;
  note[at] = note[at] == 'A' ? 'B' : 'A';
  write_file_durably(path, note);
  CHECK_THROWS_AS(AuditLog({.directory = log.folder / "out", .key = other}), ConfigError);
}

TEST_CASE("proofs: of every entry and from every checkpoint, to the checkpoint or to the log") {
  Signed log;
  const auto digest_of = [](const Json& text) {
    Sha256Digest digest{};
    const auto bytes = base64_decode(text.text()).value();
    REQUIRE(bytes.size() == digest.size());
    std::copy(bytes.begin(), bytes.end(), digest.begin());
    return digest;
  };
  const auto path_of = [&](const Json& proof) {
    std::vector<Sha256Digest> path;
    for (const Json& item : proof.at("path").items()) path.push_back(digest_of(item));
    return path;
  };
  const auto lines = lines_of(log.text);
  for (std::uint64_t i = 0; i < 5; ++i) {
    // The anchor covers three entries, the log's own tree all five.
    const auto result = verify(log.text, {.anchor = log.notes[2], .prove = i});
    const Json& proof = result.proofs.items().at(0);
    CHECK(proof.at("tree_size").integer() == (i < 3 ? 3 : 5));
    CHECK(proof.at("entry").text() == lines[i]);
    CHECK(proof.at("checkpoint") == (i < 3 ? Json(log.notes[2]) : Json()));
    CHECK(verify_inclusion(i, static_cast<std::uint64_t>(proof.at("tree_size").integer()),
                           merkle_leaf(proof.at("entry").text()), path_of(proof), digest_of(proof.at("root"))));
    const auto grown = verify(log.text, {.checkpoint = log.notes.back(), .earlier = log.notes[i]});
    const Json& growth = grown.proofs.items().at(0);
    CHECK(growth.at("second_checkpoint").text() == log.notes.back());
    CHECK(verify_consistency(i + 1, 5, path_of(growth), digest_of(growth.at("first_root")),
                             digest_of(growth.at("second_root"))));
  }
  CHECK_THROWS_AS(verify(log.text, {.prove = 5}), ConfigError);
  auto changed = lines;
  set_member(changed[1], "operator", "someone@else");
  rechain(changed, 1);
  const auto refused = verify(log_of(changed), {.earlier = log.notes[3]});
  CHECK(refused.verdict == AuditVerdict::rewritten);
  CHECK(refused.proofs.items().empty());
}

}  // namespace
}  // namespace forgelm::compliance
