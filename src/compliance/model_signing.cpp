#include "forgelm/compliance/model_signing.hpp"

#include <algorithm>
#include <map>

#include "forgelm/compliance/model_integrity.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"
#include "signing_bundle.hpp"

namespace forgelm::compliance {
namespace {

namespace fs = std::filesystem;

/// What the specification leaves out of every model (6.2), at the top of the directory.
constexpr std::string_view kAlwaysIgnored[] = {".git", ".gitattributes", ".github", ".gitignore"};

bool is_at_or_below(std::string_view name, std::string_view path) {
  return name.starts_with(path) && (name.size() == path.size() || name[path.size()] == '/');
}

bool is_ignored(const std::vector<std::string>& ignored, std::string_view name) {
  return std::any_of(ignored.begin(), ignored.end(), [&](const auto& path) { return is_at_or_below(name, path); });
}

/// The bundle's own name below the folder; empty when it lies elsewhere.
std::string name_in(const ModelFolder& folder, const fs::path& bundle) {
  std::error_code error;
  const fs::path root = fs::canonical(folder.path(), error);
  const fs::path directory = fs::canonical(fs::absolute(bundle).parent_path(), error);
  if (error) return {};
  const std::string name = (directory / bundle.filename()).lexically_relative(root).native();
  return is_plain_relative_path(name) ? name : std::string();
}

std::vector<std::string> ignored_by_rule(const ModelFolder& folder, const fs::path& bundle) {
  std::vector<std::string> ignored(std::begin(kAlwaysIgnored), std::end(kAlwaysIgnored));
  if (std::string own = name_in(folder, bundle); !own.empty()) ignored.push_back(std::move(own));
  std::sort(ignored.begin(), ignored.end());
  return ignored;
}

void require_signable(const ModelFolder& folder, const ModelEntry& entry) {
  const char* why = entry.is_link()                    ? "is a symbolic link; a signed model has none"
                    : entry.kind == EntryKind::special ? "is a pipe, a socket or a device, which cannot be signed"
                    : !is_valid_utf8(entry.name)       ? "has a name that is not UTF-8, which JSON cannot hold"
                                                       : nullptr;
  if (why != nullptr)
    throw ConfigError(cat(folder.path().native(), ": ", quote(entry.name), " ", why, "; nothing is signed"),
                      "remove it, or put the file itself in its place");
}

using Expected = std::map<std::string_view, const SignedResource*>;

/// Files to sign or to compare: what is there and not ignored, unless it is signed all the same.
std::vector<const ModelEntry*> entries_but(const ModelFolder& folder, const std::vector<std::string>& ignored,
                                           const Expected& expected = {}) {
  std::vector<const ModelEntry*> entries;
  for (const ModelEntry& entry : folder.entries())
    if (!is_ignored(ignored, entry.name) || expected.count(entry.name) != 0) entries.push_back(&entry);
  return entries;
}

/// True for entries whose bytes the statement's rule takes for the file's.
bool is_file(const ModelEntry& entry, bool follows_links) {
  return entry.kind == EntryKind::file ||
         (follows_links && (entry.kind == EntryKind::link_to_file || entry.kind == EntryKind::link_outside));
}

void compare(ModelFolder& folder, const SignedStatement& statement, std::vector<std::string> ignored,
             SignatureReport& report) {
  ignored.insert(ignored.end(), statement.ignored_paths.begin(), statement.ignored_paths.end());
  Expected expected;
  for (const SignedResource& resource : statement.resources) expected.emplace(resource.name, &resource);
  const std::vector<const ModelEntry*> present = entries_but(folder, ignored, expected);
  std::vector<const ModelEntry*> wanted;
  for (const ModelEntry* entry : present)
    if (expected.count(entry->name) != 0 && is_file(*entry, statement.follows_links)) wanted.push_back(entry);
  folder.hash(wanted);
  for (const ModelEntry* entry : present) {
    const auto at = expected.find(entry->name);
    if (at == expected.end() || !is_file(*entry, statement.follows_links)) {
      report.added.push_back(entry->name);
      continue;
    }
    if (folder.digest(*entry).sha256 == at->second->sha256) ++report.num_verified;
    else report.changed.push_back(entry->name);
    expected.erase(at);
  }
  for (const auto& [name, resource] : expected) report.removed.emplace_back(name);
}

std::string read_bundle_file(const fs::path& bundle) {
  std::error_code error;
  if (!fs::is_regular_file(bundle, error))
    throw ConfigError(cat("there is no signature at ", bundle.native()),
                      "forgelm sign writes one; --signature names one that lies elsewhere");
  return read_file(bundle, kMaxBundleBytes);
}

}  // namespace

void require_signing_key(const PrivateKey& key) {
  if (key.algorithm() == SignatureAlgorithm::ed25519)
    throw ConfigError("an Ed25519 key cannot sign a model: OpenSSF Model Signing takes ECDSA on P-256, P-384 or P-521",
                      "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem makes one");
}

SignedModel sign_model(ModelFolder& folder, const PrivateKey& key, const fs::path& bundle,
                       const std::string& model_name) {
  require_signing_key(key);
  DurableFile file(bundle);  // first, since this also removes what a killed writer left of an earlier one
  folder.refresh();
  SignedStatement statement;
  statement.model_name = model_name.empty() ? "model" : to_valid_utf8(model_name);
  statement.ignored_paths = ignored_by_rule(folder, bundle);
  std::vector<std::string> left_out = statement.ignored_paths;
  if (std::string own = name_in(folder, file.temporary_path()); !own.empty()) left_out.push_back(std::move(own));
  const std::vector<const ModelEntry*> entries = entries_but(folder, left_out);
  for (const ModelEntry* entry : entries) require_signable(folder, *entry);
  if (entries.empty()) throw ConfigError(cat(folder.path().native(), " holds no file to sign"));
  folder.hash(entries);
  for (const ModelEntry* entry : entries) statement.resources.push_back({entry->name, folder.digest(*entry).sha256});
  const std::string payload = compose_statement(statement);
  file.write(compose_bundle(payload, key.sign(pre_authentication(payload)), key_hint_of(key.public_key())));
  file.commit();
  return {entries.size(), hex_encode(bytes_of(key.public_key().spki_sha256()))};
}

SignatureReport verify_model_signature(ModelFolder& folder, const PublicKey& key, const fs::path& bundle) {
  SignatureReport report;
  report.key_sha256 = hex_encode(bytes_of(key.spki_sha256()));
  const auto fail = [&](const std::string& why) {
    report.reason = cat("The signature does not hold: ", why, ".");
    return report;
  };
  const Result<SigningEnvelope> envelope = read_bundle(read_bundle_file(bundle));
  if (!envelope) return fail(envelope.error().message);
  if (!envelope->key_hint.empty() && envelope->key_hint != key_hint_of(key))
    return fail("it was made with another key");
  const std::string message = pre_authentication(envelope->payload);
  report.is_authentic = std::any_of(envelope->signatures.begin(), envelope->signatures.end(),
                                    [&](const std::string& signature) { return key.verify(message, signature); });
  if (!report.is_authentic) return fail("it is not one of this key over this statement");
  const Result<SignedStatement> statement = read_statement(envelope->payload);
  if (!statement) return fail(statement.error().message);
  compare(folder, *statement, ignored_by_rule(folder, bundle), report);
  report.is_valid = report.changed.empty() && report.removed.empty() && report.added.empty();
  report.reason = report.is_valid
                      ? cat("The signature holds: ", report.num_verified, " signed file(s) present and unchanged.")
                      : cat("The signature is authentic and the files are not the signed ones: ", report.changed.size(),
                            " changed, ", report.removed.size(), " removed, ", report.added.size(), " added.");
  return report;
}

}  // namespace forgelm::compliance
