#include "token_manifest.hpp"

#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::data {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kVersion = 1;
constexpr std::string_view kSegmentPrefix = "segment-";

std::uint64_t count_of(const Json& object, std::string_view key) {
  const std::int64_t value = object.at(key).integer();
  if (value < 0) throw RunError(RunErrorKind::data, cat(key, " is negative"));
  return static_cast<std::uint64_t>(value);
}

Json to_json(const TokenManifest& manifest) {
  Json json = Json::object({{"format", "forgelm token store"},
                            {"version", kVersion},
                            {"is_whole", manifest.is_whole},
                            {"description", manifest.description}});
  if (!manifest.is_whole) return json;
  json.set("num_examples", manifest.totals.num_examples);
  json.set("num_sequences", manifest.totals.num_sequences);
  json.set("num_tokens", manifest.totals.num_tokens);
  json.set("num_learnt", manifest.totals.num_learnt);
  Json segments = Json::array();
  for (const auto& entry : manifest.segments)
    segments.push(Json::object(
        {{"size_bytes", entry.size_bytes}, {"num_examples", entry.num_examples}, {"header_sha256", entry.digest}}));
  json.set("segments", std::move(segments));
  json.set("report", manifest.report);
  return json;
}

TokenManifest from_json(const Json& json) {
  TokenManifest manifest;
  if (json.at("version").integer() != kVersion)
    throw RunError(RunErrorKind::data, cat("its version is ", json.at("version").integer(), ", not ", kVersion));
  manifest.is_whole = json.at("is_whole").boolean();
  manifest.description = json.at("description");
  if (!manifest.is_whole) return manifest;
  manifest.totals = {count_of(json, "num_examples"), count_of(json, "num_sequences"), count_of(json, "num_tokens"),
                     count_of(json, "num_learnt")};
  for (const Json& entry : json.at("segments").items())
    manifest.segments.push_back(
        {count_of(entry, "size_bytes"), count_of(entry, "num_examples"), entry.at("header_sha256").text()});
  manifest.report = json.at("report");
  return manifest;
}

}  // namespace

fs::path manifest_path(const fs::path& store) { return store / "store.json"; }

fs::path segment_path(const fs::path& store, std::uint64_t number) {
  std::string digits = std::to_string(number);
  digits.insert(0, digits.size() < 6 ? 6 - digits.size() : 0, '0');
  return store / cat(kSegmentPrefix, digits);
}

bool is_segment_name(std::string_view name) noexcept { return name.substr(0, kSegmentPrefix.size()) == kSegmentPrefix; }

Sha256Digest digest_of_description(const Json& description) {
  return sha256(dump(description, {.sort_keys = true, .compact = true}));
}

void write_manifest(const fs::path& store, TokenManifest& manifest) {
  const std::string line = dump(to_json(manifest), {.compact = true});
  manifest.digest = sha256_hex(line);
  write_file_durably(manifest_path(store), cat(line, "\n", manifest.digest, "\n"), 0600);
}

Result<TokenManifest> read_manifest(const fs::path& store) try {
  const fs::path path = manifest_path(store);
  const auto text = read_file_if_exists(path, JsonLimits{}.max_bytes);
  if (!text) return Failure{cat(path.native(), " is missing")};
  const std::size_t end = text->find('\n');
  const std::string line = text->substr(0, end);
  const std::string digest = sha256_hex(line);
  if (end == std::string::npos || std::string_view(*text).substr(end + 1) != cat(digest, "\n"))
    return Failure{cat(path.native(), " is damaged: it is not what was written")};
  const auto json = parse_json(line);
  if (!json) return Failure{cat(path.native(), " cannot be read: ", json.error().message)};
  TokenManifest manifest = from_json(*json);
  manifest.digest = digest;
  return manifest;
} catch (const RunError& error) {
  if (error.kind() != RunErrorKind::data) throw;
  return Failure{cat(manifest_path(store).native(), " cannot be read: ", error.what())};
}

}  // namespace forgelm::data
