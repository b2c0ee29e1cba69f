// The readers of rows, stopped after the first MiB: what is counted here is what a run reads.
#include "forgelm/data/glance.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "forgelm/core/json.hpp"
#include "forgelm/data/source.hpp"

namespace forgelm::data {
namespace {

namespace fs = std::filesystem;

constexpr double kBytesPerToken = 4.0;

/// What the looked-at files of a split hold.
struct Part {
  double num_rows = 0;  ///< scaled up to the whole files
  double text_bytes = 0;
  std::int64_t num_parsed = 0;
};

double text_bytes_of(const Json& value) {
  double bytes = 0;
  if (value.kind() == Json::Kind::text) bytes = static_cast<double>(value.text().size());
  if (value.kind() == Json::Kind::array)
    for (const auto& item : value.items()) bytes += text_bytes_of(item);
  if (value.kind() == Json::Kind::object)
    for (const auto& [key, item] : value.members()) bytes += text_bytes_of(item);
  return bytes;
}

void note_problem(Glance& out, const std::string& problem) {
  if (out.problem.empty()) out.problem = problem;
}

void glance_row(const Json& row, Part& part, Glance& out) {
  for (const auto& [key, value] : row.members())
    if (!out.has_column(key)) out.columns.push_back(key);
  part.text_bytes += text_bytes_of(row);
  ++part.num_parsed;
}

void glance_file(const fs::path& path, Part& part, Glance& out) {
  formats::RowOptions options;
  options.block_bytes = kGlanceBytes / 4;
  const auto reader = formats::open_rows(path, options);
  std::int64_t num_rows = 0;
  bool is_whole = false;
  formats::Row row;
  while (reader->bytes_read() < kGlanceBytes) {
    try {
      if (!reader->next(row)) {
        is_whole = true;
        break;
      }
      glance_row(row.value, part, out);
    } catch (const ConfigError& error) {
      note_problem(out, error.what());
    }
    ++num_rows;
  }
  double rows = static_cast<double>(num_rows);
  const auto looked_at = static_cast<double>(reader->bytes_read());
  if (!is_whole && looked_at > 0 && reader->bytes_read() < reader->size_bytes()) {
    rows *= static_cast<double>(reader->size_bytes()) / looked_at;
    out.is_estimate = true;
  }
  part.num_rows += rows;
}

/// Rows of a split; nothing when one of its files cannot be looked at.
std::optional<std::int64_t> glance_split(const SourceSplit& split, Glance& out) {
  Part part;
  bool is_known = true;
  for (const auto& file : split.files) {
    try {
      glance_file(file, part, out);
    } catch (const Error& error) {  // a file that cannot be opened, or no Parquet here
      note_problem(out, error.what());
      is_known = false;
    }
  }
  if (part.num_parsed > 0 && out.text_bytes_per_row == 0)
    out.text_bytes_per_row = part.text_bytes / static_cast<double>(part.num_parsed);
  if (!is_known) return std::nullopt;
  return static_cast<std::int64_t>(std::llround(part.num_rows));
}

Where where_of(const std::string& path) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (fs::is_directory(status)) return Where::directory;
  if (fs::exists(status)) return Where::file;
  return is_hub_name(path) ? Where::hub : Where::missing;
}

}  // namespace

bool Glance::has_column(const std::string& name) const {
  return std::find(columns.begin(), columns.end(), name) != columns.end();
}

Glance glance(const std::string& path, std::string_view eval_split) {
  Glance out;
  out.path = path;
  out.where = where_of(path);
  if (out.where == Where::missing) return out;
  try {
    const Source source = find_source(path, eval_split);
    out.num_rows = glance_split(source.train(), out);
    const auto eval = choose_eval_split(source, eval_split);
    if (eval.split != nullptr) out.num_eval_rows = glance_split(*eval.split, out);
    else if (!eval.is_held_out) out.num_eval_rows = 0;
  } catch (const Error& error) {
    // Nothing is known of a data set on the Hub that has no copy here, and that is no problem of its rows.
    if (out.where != Where::hub) note_problem(out, error.what());
  }
  return out;
}

std::int64_t num_held_out_rows(std::int64_t num_rows) {
  if (num_rows < 2) return 0;
  const double n = static_cast<double>(num_rows);
  const double fraction = std::max(std::min(0.1, 2000.0 / n), 0.01);
  return static_cast<std::int64_t>(std::ceil(fraction * n));
}

double estimated_tokens(double text_bytes) { return text_bytes / kBytesPerToken; }

}  // namespace forgelm::data
