// The reference's rules: nine fields that hold something, three of them deeper, then the hash. Ours behind it: none of
// the nine points is missing.
#include <iterator>

#include "forgelm/compliance/annex_iv.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "manifest_stamp.hpp"
#include "reference_json.hpp"

namespace forgelm::compliance {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxDocumentBytes = std::uint64_t{64} << 20;

constexpr const char* kRequired[] = {
    "system_identification",   "intended_purpose",    "system_components",
    "computational_resources", "data_governance",     "technical_documentation",
    "monitoring_and_logging",  "performance_metrics", "risk_management",
};
constexpr const char* kIdentity[] = {"provider_name", "system_name", "intended_purpose"};

bool holds_something(const Json* value) {
  if (value == nullptr || value->is_null()) return false;
  switch (value->kind()) {
    case Json::Kind::text: return !value->text().empty();
    case Json::Kind::array: return !value->items().empty();
    case Json::Kind::object: return !value->members().empty();
    default: return true;
  }
}

std::vector<std::string> missing_fields_of(const Json& document) {
  std::vector<std::string> missing;
  for (const char* key : kRequired)
    if (!holds_something(document.find(key))) missing.emplace_back(key);
  const Json* identification = document.find("system_identification");
  if (!holds_something(identification)) return missing;
  if (identification->kind() != Json::Kind::object) {
    missing.emplace_back("system_identification");
    return missing;
  }
  for (const char* key : kIdentity)
    if (!holds_something(identification->find(key))) missing.push_back(cat("system_identification.", key));
  return missing;
}

bool has_status(const Json& point, std::string_view status) {
  const Json* held = point.find("status");
  return held != nullptr && held->kind() == Json::Kind::text && held->text() == status;
}

std::string text_of(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  if (value == nullptr) return "?";
  return value->kind() == Json::Kind::text ? value->text() : dump(*value);
}

void look_at_points(const Json& document, AnnexIvResult& result) {
  const Json* annex = document.find("annex_iv");
  const Json* points = annex != nullptr ? annex->find("points") : nullptr;
  if (points == nullptr || points->kind() != Json::Kind::array) return;
  result.points = *points;
  for (const Json& point : points->items()) {
    const std::string number = text_of(point, "point");
    const Json* items = point.find("items");
    if (items == nullptr || items->kind() != Json::Kind::array) {
      if (has_status(point, "missing")) result.missing_points.push_back(number);
      continue;
    }
    for (const Json& item : items->items())
      if (has_status(item, "missing")) result.missing_points.push_back(cat(number, "(", text_of(item, "item"), ")"));
  }
}

/// The document without what is derived from the rest of it.
Json without_stamp(const Json& document) {
  Json out = Json::object();
  for (const auto& [key, value] : document.members()) {
    if (key != "metadata" || value.kind() != Json::Kind::object) {
      out.set(key, value);
      continue;
    }
    Json metadata = Json::object();
    for (const auto& [name, member] : value.members())
      if (name != "manifest_hash" && name != "manifest_signature") metadata.set(name, member);
    if (!metadata.members().empty()) out.set(key, std::move(metadata));
  }
  return out;
}

}  // namespace

std::string annex_iv_hash(const Json& document) {
  JsonStyle style;
  style.sort_keys = true;
  style.compact = true;
  return sha256_hex(dump(without_stamp(document), style));
}

ManifestStamp check_stamp(const Json& document) {
  ManifestStamp stamp;
  const Json* metadata = document.find("metadata");
  const Json* held = metadata != nullptr ? metadata->find("manifest_hash") : nullptr;
  if (!holds_something(held) || *held == Json(false) || (held->is_number() && held->real() == 0)) return stamp;
  stamp.expected = held->kind() == Json::Kind::text ? held->text() : dump(*held);
  stamp.actual = annex_iv_hash(document);
  if (stamp.actual != stamp.expected && sha256_hex(dump_with_tokens(without_stamp(document))) == stamp.expected) {
    stamp.actual = stamp.expected;
    stamp.is_legacy = true;
  }
  return stamp;
}

ExitCode AnnexIvResult::exit_code() const {
  if (is_valid) return ExitCode::ok;
  return missing_fields.empty() && !hash_expected.empty() && hash_actual != hash_expected ? ExitCode::integrity_failure
                                                                                          : ExitCode::config_error;
}

AnnexIvResult verify_annex_iv(const Json& document) {
  AnnexIvResult result;
  if (document.kind() != Json::Kind::object) {
    result.reason = cat("the document is a JSON ", to_string(document.kind()), ", not an object");
    return result;
  }
  look_at_points(document, result);
  result.missing_fields = missing_fields_of(document);
  if (!result.missing_fields.empty()) {
    result.reason = cat("required fields are missing or empty: ", join(result.missing_fields, ", "));
    return result;
  }
  const ManifestStamp stamp = check_stamp(document);
  result.hash_actual = stamp.actual;
  result.hash_expected = stamp.expected;
  if (stamp.actual != stamp.expected) {
    result.reason = "the manifest hash does not fit: the document was changed after it was written";
    return result;
  }
  if (!result.missing_points.empty()) {
    result.reason = cat("points of Annex IV without content: ", join(result.missing_points, ", "));
    return result;
  }
  result.is_valid = true;
  result.reason = stamp.expected.empty()
                      ? "all fields are there; there is no manifest_hash, so a change would not be seen"
                      : cat("all fields are there; the manifest hash fits",
                            stamp.is_legacy ? " (stamped when non-finite numbers were written as bare tokens)" : "");
  return result;
}

AnnexIvResult verify_annex_iv_file(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::is_regular_file(status))
    throw ConfigError(cat("there is no file ", quote(path.native()),
                          fs::exists(status) ? ": it is something else than a regular file" : ""),
                      "name an annex_iv_metadata.json; a run writes it into compliance/");
  const std::string text = read_file(path, kMaxDocumentBytes);
  if (!is_valid_utf8(text)) throw ConfigError(cat(quote(path.native()), " is not UTF-8"));
  const auto document = parse_reference_json(text);
  if (!document) throw ConfigError(cat(quote(path.native()), " is not JSON: ", document.error().message));
  return verify_annex_iv(*document);
}

}  // namespace forgelm::compliance
