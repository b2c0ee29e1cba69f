#include "forgelm/data/glance.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string_view>

#include "forgelm/core/json.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::data {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kParsedRows = 64;
constexpr double kBytesPerToken = 4.0;
constexpr std::array<std::string_view, 5> kRowFiles = {".jsonl", ".json", ".csv", ".txt", ".parquet"};

/// What one file holds: rows in the part that was read, and how much of the file that part is.
struct Part {
  std::vector<std::string> columns;
  std::int64_t num_rows = 0;
  double text_bytes = 0;  ///< of the parsed rows
  std::int64_t num_parsed = 0;
  std::string problem;
};

std::string read_start(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string start(kGlanceBytes, '\0');
  in.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, in.gcount())));
  return start;
}

double text_bytes_of(const Json& value) {
  double bytes = 0;
  if (value.kind() == Json::Kind::text) bytes = static_cast<double>(value.text().size());
  if (value.kind() == Json::Kind::array)
    for (const auto& item : value.items()) bytes += text_bytes_of(item);
  if (value.kind() == Json::Kind::object)
    for (const auto& [key, item] : value.members()) bytes += text_bytes_of(item);
  return bytes;
}

void add_column(Part& part, const std::string& name) {
  if (std::find(part.columns.begin(), part.columns.end(), name) == part.columns.end()) part.columns.push_back(name);
}

/// Parses a row that is among the first; later ones are only counted.
void add_json_row(Part& part, std::string_view text, const std::string& place) {
  ++part.num_rows;
  if (part.num_parsed >= static_cast<std::int64_t>(kParsedRows) || !part.problem.empty()) return;
  const auto row = parse_json(text);
  if (!row.ok()) {
    part.problem = cat(place, " is not JSON: ", row.error().message);
  } else if (row->kind() != Json::Kind::object) {
    part.problem = cat(place, " is not a JSON object");
  } else {
    for (const auto& [key, value] : row->members()) add_column(part, key);
    part.text_bytes += text_bytes_of(*row);
    ++part.num_parsed;
  }
}

/// Calls `line` with each complete line; the last one also when the whole file was read.
void each_line(std::string_view text, bool is_whole, const std::function<void(std::string_view, std::size_t)>& line) {
  std::size_t number = 1;
  for (std::size_t begin = 0; begin < text.size(); ++number) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string_view::npos && !is_whole) return;
    const std::string_view content = trim(text.substr(begin, end == std::string_view::npos ? end : end - begin));
    if (!content.empty()) line(content, number);
    begin = end == std::string_view::npos ? text.size() : end + 1;
  }
}

Part glance_jsonl(std::string_view text, bool is_whole) {
  Part part;
  each_line(text, is_whole,
            [&](std::string_view line, std::size_t number) { add_json_row(part, line, cat("line ", number)); });
  return part;
}

/// Splits the elements of a JSON array by their brackets, so that a cut-off file can be looked at as well.
Part glance_json_array(std::string_view text) {
  Part part;
  int depth = 0;
  bool in_string = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      else if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth == 2) begin = i;
    } else if (c == '}' || c == ']') {
      if (--depth == 1) add_json_row(part, text.substr(begin, i + 1 - begin), cat("element ", part.num_rows + 1));
    }
  }
  return part;
}

/// Records of a CSV file: quotes may hold commas and line breaks.
Part glance_csv(std::string_view text, bool is_whole) {
  Part part;
  std::string cell;
  std::size_t column = 0;
  bool in_quotes = false, is_header = true, is_empty = true;
  const auto end_cell = [&] {
    if (is_header) add_column(part, cell);
    else part.text_bytes += static_cast<double>(cell.size());
    cell.clear();
    ++column;
  };
  const auto end_record = [&] {
    if (is_empty) return;
    end_cell();
    if (!is_header) ++part.num_rows, ++part.num_parsed;
    is_header = false, is_empty = true, column = 0;
  };
  for (const char c : text) {
    if (c == '"') in_quotes = !in_quotes, is_empty = false;
    else if (c == ',' && !in_quotes) is_empty = false, end_cell();
    else if (c == '\n' && !in_quotes) end_record();
    else if (c != '\r' || in_quotes) cell += c, is_empty = false;
  }
  if (is_whole) end_record();
  return part;
}

Part glance_text(std::string_view text, bool is_whole) {
  Part part;
  add_column(part, "text");
  each_line(text, is_whole, [&](std::string_view line, std::size_t) {
    ++part.num_rows, ++part.num_parsed;
    part.text_bytes += static_cast<double>(line.size());
  });
  return part;
}

std::string extension_of(const fs::path& path) { return ascii_lower(path.extension().string()); }

bool is_row_file(const fs::path& path) {
  return std::find(kRowFiles.begin(), kRowFiles.end(), extension_of(path)) != kRowFiles.end();
}

void glance_file(const fs::path& path, Glance& out, std::optional<std::int64_t>& num_rows) {
  const std::string extension = extension_of(path);
  if (extension == ".parquet") {
    out.problem = cat(path.string(), ": the rows of a Parquet file are not looked at");
    return;
  }
  if (!is_row_file(path)) {
    out.problem = cat(path.string(), ": files of rows end in ", join(kRowFiles, ", "));
    return;
  }
  const std::string text = read_start(path);
  std::error_code error;
  const auto size = fs::file_size(path, error);
  const bool is_whole = error || size <= text.size();
  const std::string_view body = trim(text);
  const bool is_array = extension == ".json" && !body.empty() && body.front() == '[';
  const Part part = extension == ".csv"   ? glance_csv(text, is_whole)
                    : extension == ".txt" ? glance_text(text, is_whole)
                    : is_array            ? glance_json_array(text)
                                          : glance_jsonl(text, is_whole);
  if (!part.problem.empty()) out.problem = cat(path.string(), ": ", part.problem);
  for (const auto& column : part.columns)
    if (!out.has_column(column)) out.columns.push_back(column);
  double rows = static_cast<double>(part.num_rows);
  if (!is_whole) rows *= static_cast<double>(size) / static_cast<double>(text.size()), out.is_estimate = true;
  num_rows = num_rows.value_or(0) + static_cast<std::int64_t>(std::llround(rows));
  if (part.num_parsed > 0 && out.text_bytes_per_row == 0)
    out.text_bytes_per_row = part.text_bytes / static_cast<double>(part.num_parsed);
}

/// "train", "eval" or "" by the file's name.
std::string split_of(const fs::path& path) {
  const std::string stem = ascii_lower(path.stem().string());
  for (const auto* name : {"validation", "valid", "val", "dev", "test", "eval", "holdout"})
    if (stem.rfind(name, 0) == 0) return "eval";
  return stem.rfind("train", 0) == 0 ? "train" : "";
}

void glance_directory(const fs::path& path, Glance& out) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path, error))
    if (entry.is_regular_file() && is_row_file(entry.path())) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  const bool has_train =
      std::any_of(files.begin(), files.end(), [](const fs::path& file) { return split_of(file) == "train"; });
  for (const auto& file : files) {
    const std::string split = split_of(file);
    if (split == "train" || (!has_train && split.empty())) glance_file(file, out, out.num_rows);
  }
  for (const auto& file : files)
    if (split_of(file) == "eval") glance_file(file, out, out.num_eval_rows);
  if (files.empty())
    out.problem = cat(path.string(), ": no files of rows (", join(kRowFiles, ", "), ") in this directory");
}

/// `owner/name` or `name`, as the Hub spells them.
bool is_hub_name(const std::string& name) {
  if (name.empty() || name.front() == '/' || name.front() == '~' || name.front() == '.') return false;
  if (is_row_file(name) || std::count(name.begin(), name.end(), '/') > 1) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return is_ascii_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '/' ||
           c == '-';
  });
}

}  // namespace

bool Glance::has_column(const std::string& name) const {
  return std::find(columns.begin(), columns.end(), name) != columns.end();
}

Glance glance(const std::string& path) {
  Glance out;
  out.path = path;
  std::error_code error;
  if (fs::is_directory(path, error)) {
    out.where = Where::directory;
    glance_directory(path, out);
  } else if (fs::is_regular_file(path, error)) {
    out.where = Where::file;
    glance_file(path, out, out.num_rows);
  } else if (is_hub_name(path)) {
    out.where = Where::hub;
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
