#include "signing_bundle.hpp"

#include <algorithm>

#include "forgelm/compliance/model_folder.hpp"
#include "forgelm/core/base64.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

constexpr char kMediaType[] = "application/vnd.dev.sigstore.bundle.v0.3+json";
constexpr char kStatementType[] = "https://in-toto.io/Statement/v1";
constexpr char kPredicateType[] = "https://model_signing/signature/v1.0";
constexpr std::size_t kMaxSignatures = 16;
constexpr JsonLimits kLimits = {.max_bytes = kMaxBundleBytes, .max_depth = 32};

/// The member when it is there and of this kind, else nullptr.
const Json* member(const Json* object, std::string_view key, Json::Kind kind) {
  const Json* const value = object == nullptr ? nullptr : object->find(key);
  return value != nullptr && value->kind() == kind ? value : nullptr;
}
const Json* object_in(const Json* object, std::string_view key) { return member(object, key, Json::Kind::object); }
const Json* array_in(const Json* object, std::string_view key) { return member(object, key, Json::Kind::array); }
std::string text_in(const Json* object, std::string_view key) {
  const Json* const value = member(object, key, Json::Kind::text);
  return value == nullptr ? std::string() : value->text();
}

std::string root_digest(const std::vector<SignedResource>& resources) {
  Sha256 hash;
  for (const SignedResource& resource : resources) hash.update(hex_decode(resource.sha256).value());
  return hash.finish_hex();
}

bool is_sha256(std::string_view hex) {
  return hex.size() == 64 &&
         std::all_of(hex.begin(), hex.end(), [](char c) { return is_ascii_digit(c) || (c >= 'a' && c <= 'f'); });
}

/// Empty, or why these resources are none.
std::string read_resources(const Json& list, SignedStatement& statement) {
  if (list.items().empty()) return "the statement lists no resource";
  for (const Json& entry : list.items()) {
    SignedResource resource{text_in(&entry, "name"), text_in(&entry, "digest")};
    if (!is_plain_relative_path(resource.name))
      return cat("the statement lists a resource by a name that is no plain relative path: ", quote(resource.name));
    if (text_in(&entry, "algorithm") != "sha256" || !is_sha256(resource.sha256))
      return cat("the digest of ", quote(resource.name), " is not a SHA-256 digest");
    statement.resources.push_back(std::move(resource));
  }
  return {};
}

std::string read_serialization(const Json* serialization, SignedStatement& statement) {
  const std::string method = text_in(serialization, "method");
  if (method != "files")
    return cat("files were hashed by the method ", quote(method), "; only \"files\" is supported here");
  if (text_in(serialization, "hash_type") != "sha256")
    return cat("files were hashed with ", quote(text_in(serialization, "hash_type")),
               "; only \"sha256\" is supported here");
  const Json* const links = member(serialization, "allow_symlinks", Json::Kind::boolean);
  if (links == nullptr) return "the statement does not say whether links were followed (allow_symlinks)";
  statement.follows_links = links->boolean();
  const Json* const ignored = array_in(serialization, "ignore_paths");
  if (ignored == nullptr) return {};
  for (const Json& path : ignored->items())
    if (path.kind() == Json::Kind::text && is_plain_relative_path(path.text()))
      statement.ignored_paths.push_back(path.text());
    else return "ignore_paths holds something that is no plain relative path";
  return {};
}

}  // namespace

std::string pre_authentication(std::string_view payload) {
  return cat("DSSEv1 ", std::string_view(kPayloadType).size(), " ", kPayloadType, " ", payload.size(), " ", payload);
}

std::string key_hint_of(const PublicKey& key) { return sha256_hex(key.pem()); }

std::string compose_statement(const SignedStatement& statement) {
  Json resources = Json::array();
  for (const SignedResource& resource : statement.resources)
    resources.push(Json::object({{"name", resource.name}, {"algorithm", "sha256"}, {"digest", resource.sha256}}));
  Json serialization = Json::object({{"method", "files"},
                                     {"hash_type", "sha256"},
                                     {"allow_symlinks", statement.follows_links},
                                     {"ignore_paths", Json::array_of(statement.ignored_paths)}});
  Json digest = Json::object({{"sha256", root_digest(statement.resources)}});
  Json subject = Json::object({{"name", statement.model_name}, {"digest", std::move(digest)}});
  Json predicate = Json::object({{"resources", std::move(resources)}, {"serialization", std::move(serialization)}});
  return dump(Json::object({{"_type", kStatementType},
                            {"subject", Json::array({std::move(subject)})},
                            {"predicateType", kPredicateType},
                            {"predicate", std::move(predicate)}}));
}

std::string compose_bundle(std::string_view payload, std::string_view signature, std::string_view key_hint) {
  Json material = Json::object({{"publicKey", Json::object({{"hint", key_hint}})}, {"tlogEntries", Json::array()}});
  Json signatures = Json::array({Json::object({{"sig", base64_encode(signature)}, {"keyid", ""}})});
  Json envelope = Json::object(
      {{"payload", base64_encode(payload)}, {"payloadType", kPayloadType}, {"signatures", std::move(signatures)}});
  return dump(Json::object({{"mediaType", kMediaType},
                            {"verificationMaterial", std::move(material)},
                            {"dsseEnvelope", std::move(envelope)}})) +
         "\n";
}

Result<SigningEnvelope> read_bundle(std::string_view text) {
  const Result<Json> parsed = parse_json(text, kLimits);
  if (!parsed) return Failure{cat("the bundle is not valid JSON: ", parsed.error().message)};
  const Json* const bundle = &*parsed;
  if (text_in(bundle, "mediaType") != kMediaType)
    return Failure{cat("the media type is ", quote(text_in(bundle, "mediaType")), " and not ", quote(kMediaType))};
  const Json* const material = object_in(bundle, "verificationMaterial");
  const Json* const public_key = object_in(material, "publicKey");
  if (public_key == nullptr)
    return Failure{
        "the bundle was not signed with a key (verificationMaterial.publicKey); certificates and keyless "
        "signatures are not verified here"};
  SigningEnvelope envelope;
  envelope.key_hint = text_in(public_key, "hint");
  if (envelope.key_hint.empty() && text_in(public_key, "rawBytes").empty())
    return Failure{"the bundle does not say which key signed it"};
  const Json* const dsse = object_in(bundle, "dsseEnvelope");
  if (text_in(dsse, "payloadType") != kPayloadType)
    return Failure{
        cat("the payload's type is ", quote(text_in(dsse, "payloadType")), " and not ", quote(kPayloadType))};
  std::optional<std::string> payload = base64_decode(text_in(dsse, "payload"));
  if (!payload || payload->empty()) return Failure{"the bundle holds no payload in base64"};
  envelope.payload = std::move(*payload);
  const Json* const signatures = array_in(dsse, "signatures");
  if (signatures == nullptr || signatures->items().empty()) return Failure{"the bundle holds no signature"};
  if (signatures->items().size() > kMaxSignatures)
    return Failure{cat("the bundle holds more than ", kMaxSignatures, " signatures")};
  for (const Json& entry : signatures->items()) {
    std::optional<std::string> signature = base64_decode(text_in(&entry, "sig"));
    if (!signature || signature->empty()) return Failure{"a signature of the bundle is not base64"};
    envelope.signatures.push_back(std::move(*signature));
  }
  return envelope;
}

Result<SignedStatement> read_statement(std::string_view payload) {
  const Result<Json> parsed = parse_json(payload, kLimits);
  if (!parsed) return Failure{cat("the signed statement is not valid JSON: ", parsed.error().message)};
  const Json* const document = &*parsed;
  if (text_in(document, "_type") != kStatementType) return Failure{"the signed statement is no in-toto Statement v1"};
  if (text_in(document, "predicateType") != kPredicateType)
    return Failure{cat("the statement's predicate is ", quote(text_in(document, "predicateType")), " and not ",
                       quote(kPredicateType))};
  const Json* const subjects = array_in(document, "subject");
  if (subjects == nullptr || subjects->items().size() != 1) return Failure{"the statement has not exactly one subject"};
  const Json* const subject = &subjects->items()[0];
  SignedStatement statement;
  statement.model_name = text_in(subject, "name");
  const Json* const predicate = object_in(document, "predicate");
  const Json* const resources = array_in(predicate, "resources");
  if (resources == nullptr) return Failure{"the statement has no list of resources"};
  std::string problem = read_serialization(object_in(predicate, "serialization"), statement);
  if (problem.empty()) problem = read_resources(*resources, statement);
  if (!problem.empty()) return Failure{std::move(problem)};
  // In the order of the statement: model-signing sorts by path components, the specification by code points.
  if (text_in(object_in(subject, "digest"), "sha256") != root_digest(statement.resources))
    return Failure{"the subject's digest is not that of the resources"};
  const auto by_name = [](const SignedResource& a, const SignedResource& b) { return a.name < b.name; };
  std::sort(statement.resources.begin(), statement.resources.end(), by_name);
  const auto twice = std::adjacent_find(statement.resources.begin(), statement.resources.end(),
                                        [](const auto& a, const auto& b) { return a.name == b.name; });
  if (twice != statement.resources.end()) return Failure{cat("the statement lists ", quote(twice->name), " twice")};
  return statement;
}

}  // namespace forgelm::compliance
