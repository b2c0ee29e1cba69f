#include "fuzz/integrity_invariants.hpp"

#include <algorithm>
#include <set>

#include "compliance/integrity_manifest.hpp"
#include "compliance/signing_bundle.hpp"
#include "forgelm/compliance/model_folder.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::test {
namespace {

using namespace compliance;

std::string broken_words(const Failure& failure) {
  if (failure.message.empty()) return "refused without words";
  if (!is_valid_utf8(failure.message)) return "words that are not UTF-8";
  return failure.message.size() > 4096 ? "words without end" : "";
}

std::string broken_manifest(const Json& document) {
  const auto manifest = read_integrity_manifest(document);
  if (!manifest) return broken_words(manifest.error());
  if (manifest->artifacts.empty()) return "a manifest of nothing";
  std::set<std::string> names;
  std::vector<ManifestFile> files;
  for (const RecordedFile& artifact : manifest->artifacts) {
    if (!is_plain_relative_path(artifact.name) || artifact.name.find('\\') != std::string::npos)
      return "a name elsewhere";
    if (!names.insert(artifact.name).second) return "a name twice";
    files.push_back({artifact.name, {artifact.sha256, 0}});
  }
  for (const RecordedFile& exported : manifest->exported)
    if (!is_plain_relative_path(exported.name) || exported.name.find('/') != std::string::npos)
      return "an export elsewhere";
  const auto again = parse_json(compose_integrity_manifest("", "", files, {}));
  if (!again) return "what was written is not JSON";
  const auto same = read_integrity_manifest(*again);
  if (!same || !same->is_undamaged || same->artifacts.size() != files.size()) return "what was written reads otherwise";
  for (std::size_t i = 0; i < files.size(); ++i)
    if (same->artifacts[i].name != files[i].name || same->artifacts[i].sha256 != files[i].digest.sha256)
      return "an artifact that changes when written again";
  return "";
}

std::string broken_statement(std::string_view payload) {
  const auto statement = read_statement(payload);
  if (!statement) return broken_words(statement.error());
  if (statement->resources.empty()) return "a statement about nothing";
  for (std::size_t i = 0; i < statement->resources.size(); ++i) {
    const SignedResource& resource = statement->resources[i];
    if (!is_plain_relative_path(resource.name) || !is_valid_utf8(resource.name)) return "a resource elsewhere";
    if (resource.sha256.size() != 64 || !hex_decode(resource.sha256)) return "a digest that is none";
    if (i > 0 && !(statement->resources[i - 1].name < resource.name)) return "names out of order or twice";
  }
  const auto again = read_statement(compose_statement(*statement));
  if (!again) return "what was written is refused";
  const bool is_same = std::equal(
      again->resources.begin(), again->resources.end(), statement->resources.begin(), statement->resources.end(),
      [](const auto& a, const auto& b) { return a.name == b.name && a.sha256 == b.sha256; });
  return is_same && again->ignored_paths == statement->ignored_paths &&
                 again->follows_links == statement->follows_links && again->model_name == statement->model_name
             ? ""
             : "what was written reads otherwise";
}

std::string broken_bundle(std::string_view text) {
  const auto envelope = read_bundle(text);
  if (!envelope) return broken_words(envelope.error());
  if (envelope->payload.empty() || envelope->signatures.empty()) return "an envelope without a payload or a signature";
  const auto again = read_bundle(compose_bundle(envelope->payload, envelope->signatures[0], envelope->key_hint));
  if (!envelope->key_hint.empty() &&
      (!again || again->payload != envelope->payload || again->signatures[0] != envelope->signatures[0]))
    return "a bundle that changes when written again";
  return broken_statement(envelope->payload);
}

}  // namespace

std::string broken_integrity_promise(std::string_view text) {
  const auto document = parse_json(text, kManifestLimits);
  if (!document) return broken_words(document.error());
  for (std::string what : {broken_manifest(*document), broken_statement(text), broken_bundle(text)})
    if (!what.empty()) return what;
  return "";
}

}  // namespace forgelm::test
