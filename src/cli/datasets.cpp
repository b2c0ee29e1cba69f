#include "datasets.hpp"

#include <filesystem>

#include "forgelm/core/text.hpp"
#include "forgelm/pipeline/datasets.hpp"
#include "verdict.hpp"

namespace forgelm::cli {
namespace {

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

}  // namespace

Json dataset_json(const registry::Dataset& dataset) {
  Json out = Json::object({{"id", dataset.id},
                           {"name", dataset.name},
                           {"version", dataset.version},
                           {"source_path", dataset.path},
                           {"format", dataset.format},
                           {"row_count", dataset.num_rows},
                           {"description", dataset.description},
                           {"license", dataset.license.empty() ? "unknown" : dataset.license},
                           {"pii_checked", true},
                           {"tags", Json::array_of(dataset.tags)},
                           {"parent_dataset_id", text_or_null(dataset.parent_id)},
                           {"created_at", dataset.created},
                           {"ref", dataset.ref()},
                           {"digest", dataset.digest},
                           {"size_bytes", dataset.size_bytes},
                           {"parent", text_or_null(dataset.parent)},
                           {"pii_status", dataset.pii_status},
                           {"audit_status", dataset.audit_status},
                           {"audit_note", text_or_null(dataset.audit_note)},
                           {"audit_reports", Json::array_of(dataset.audit_paths)}});
  if (dataset.files.empty()) return out;
  Json files = Json::array();
  for (const registry::DatasetFile& file : dataset.files)
    files.push(Json::object(
        {{"path", file.path}, {"sha256", file.sha256}, {"size_bytes", file.size_bytes}, {"rows", file.num_rows}}));
  return std::move(out.set("files", std::move(files)));
}

std::string fact_line(std::string_view label, const std::string& value) {
  std::string out = cat("  ", label);
  out.resize(std::max<std::size_t>(out.size() + 1, 14), ' ');
  return cat(out, shown(value), "\n");
}

std::string rows_text(std::uint64_t num_rows) {
  return cat(grouped(static_cast<std::int64_t>(num_rows)), num_rows == 1 ? " row" : " rows");
}

std::string short_digest(const std::string& digest) { return std::string(prefix_code_points(digest, 12)); }

void ReadingProgress::operator()(std::uint64_t done, std::uint64_t all) {
  constexpr std::uint64_t kBytesWorthProgress = std::uint64_t{32} << 20;
  if (all < kBytesWorthProgress) return;
  if (!progress_)
    progress_.emplace(ProgressOptions{label_, "byte", static_cast<std::int64_t>(all), 0, /*is_bytes=*/true});
  progress_->update(static_cast<std::int64_t>(done));
}

registry::Index open_registered() {
  auto index = registry::Index::open_existing();
  if (!index)
    throw ConfigError(cat("nothing is registered: there is no index at ", registry::index_path().native()),
                      "`forgelm data register PATH --name NAME` makes it; FORGELM_DB and FORGELM_HOME say where it is");
  return std::move(*index);
}

DataPlace find_data(const std::string& text) {
  pipeline::refuse_address(text);
  std::error_code error;
  if (std::filesystem::exists(text, error)) return {text, std::nullopt};
  if (!registry::parse_dataset_ref(text))
    throw ConfigError(cat(quote(text), ": there is no such file or directory"),
                      "name a file, a directory, or a registered data set as NAME@VERSION");
  auto index = registry::Index::open_existing();
  if (!index)
    throw ConfigError(cat(quote(text), ": there is no such file or directory, and no data set is registered"));
  registry::Dataset dataset = index->get(text);
  std::string path = dataset.path;
  return {std::move(path), std::move(dataset)};
}

}  // namespace forgelm::cli
