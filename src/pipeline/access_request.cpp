// Files are searched block by block on all processors; what is found comes in the order of files and lines.
#include <algorithm>

#include "forgelm/core/error.hpp"
#include "forgelm/core/line_blocks.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/formats/rows.hpp"
#include "forgelm/pipeline/erasure.hpp"
#include "run_traces.hpp"

namespace forgelm::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr Logger logger("forgelm.access");

struct Hit {
  std::uint64_t line = 0;
  std::string excerpt;
};

/// Rows of Parquet, as JSON; lines are their numbers from 1.
std::vector<Hit> hits_in_parquet(const fs::path& path, const compliance::IdentifierSearch& search) {
  std::vector<Hit> hits;
  JsonStyle style;
  style.ensure_ascii = false;
  const auto reader = formats::open_rows(path);
  for (formats::Row row; reader->next(row);)
    if (const auto found = search.find_in_line(dump(row.value, style)))
      hits.push_back({row.number + 1, compliance::excerpt(found->second, found->first)});
  return hits;
}

std::vector<Hit> hits_in_block(const LineBlock& block, const compliance::IdentifierSearch& search) {
  std::vector<Hit> hits;
  std::uint64_t number = block.first_line;
  for (const std::string_view line : block.lines()) {
    if (const auto found = search.find_in_line(line))
      hits.push_back({number, compliance::excerpt(found->second, found->first)});
    ++number;
  }
  return hits;
}

std::vector<Hit> hits_in(const fs::path& path, const compliance::IdentifierSearch& search) {
  if (is_parquet(path)) return hits_in_parquet(path, search);
  std::vector<Hit> hits;
  LineBlocks blocks(path);
  run_ordered<LineBlock, std::vector<Hit>>(
      num_processors(), [&] { return blocks.next(); },
      [&](LineBlock block, int) {
        // Compressed or otherwise no text: finding nothing there would mean nothing.
        if (block.first_line == 1 && block.text.find('\0') != std::string::npos)
          throw ConfigError(cat(quote(path.native()), " is no file of text, and cannot be searched"),
                            "unpack it, or convert it to JSON lines");
        return hits_in_block(block, search);
      },
      [&](std::vector<Hit> found) { std::move(found.begin(), found.end(), std::back_inserter(hits)); });
  return hits;
}

}  // namespace

Json answer_access_request(const AccessRequest& request) {
  using compliance::SaltSource;
  const std::string query(trim(request.query));
  if (query.empty()) throw ConfigError("--query is empty", "give an e-mail address, a number, or another identifier");
  // A bad expression is refused before anything is written.
  std::optional<compliance::IdentifierSearch> search(std::in_place, query, request.type);
  const compliance::Salt salt = compliance::salt_of(request.output_dir, request.salt_source);
  const std::string query_hash = compliance::identifier_hash(salt, query);
  const bool is_hash = request.salt_source.has_value();
  if (is_hash) search.emplace(query_hash, compliance::IdentifierType::literal);

  std::unique_ptr<AuditSink> audit;
  try {
    audit = request.open_audit(request.audit_dir, "");
  } catch (const ConfigError& error) {
    logger.warning("the access request is answered, and NOT recorded: ", error.what());
  }
  Json document = Json::object({{"query_hash", query_hash},
                                {"identifier_type", to_text(request.type)},
                                {"scan_mode", is_hash ? "hash" : "plaintext"},
                                {"salt_source", is_hash ? salt.source : std::string("plaintext")}});
  Json matches = Json::array(), scanned = Json::array(), paths = Json::array();
  const auto record = [&](const Json& more) {
    if (!audit) return;
    Json details = document;
    details.set("files_scanned", paths).set("match_count", matches.items().size());
    for (const auto& [key, value] : more.members()) details.set(key, value);
    audit->record({"data.access_request_query", std::move(details)});
  };
  try {
    for (const fs::path& file : request.files) {
      const std::vector<Hit> hits = hits_in(file, *search);
      for (const Hit& hit : hits) {
        Json match = Json::object({{"file", file.native()}, {"line", hit.line}});
        if (request.has_excerpts) match.set("snippet", hit.excerpt);
        matches.push(std::move(match));
      }
      scanned.push(Json::object({{"path", file.native()}, {"match_count", hits.size()}}));
      // Names of files may name a person.
      paths.push(compliance::without_identifier(file.native(), query, query_hash));
    }
  } catch (const Error& error) {
    record(Json::object(
        {{"error_class", kind_of(error)},
         {"error_message", error_for_log(compliance::without_identifier(error.what(), query, query_hash))}}));
    throw;
  }
  record(Json::object());
  const std::size_t num_matches = matches.items().size();
  return document.set("matches", std::move(matches))
      .set("files_scanned", std::move(scanned))
      .set("match_count", num_matches);
}

}  // namespace forgelm::pipeline
