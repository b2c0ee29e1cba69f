#include "forgelm/registry/dataset.hpp"

#include <algorithm>

#include "forgelm/core/hash.hpp"
#include "forgelm/core/json_members.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::registry {
namespace {

constexpr std::size_t kMaxNameBytes = 100;
constexpr std::string_view kDatasetFormat = "forgelm data set 1";
constexpr std::string_view kRunFormat = "forgelm run of a data set 1";

bool is_letter_or_digit(char c) { return is_ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'); }

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

std::uint64_t count_at(const Json& object, std::string_view key) {
  const std::int64_t number = object.at(key).integer();
  if (number < 0) throw RunError(RunErrorKind::data, cat(key, " is ", number));
  return static_cast<std::uint64_t>(number);
}

std::vector<std::string> texts_at(const Json& object, std::string_view key) {
  std::vector<std::string> texts;
  for (const Json& item : object.at(key).items()) texts.push_back(item.text());
  return texts;
}

void require(bool holds, std::string_view what) {
  if (!holds) throw RunError(RunErrorKind::data, std::string(what));
}

/// What `read` gives, or why it fails.
template <class T, class Read>
Result<T> attempt(const Json& record, std::string_view format, Read read) try {
  require(text_at(record, "format_of_record") == format, cat("it is no record of the kind ", quote(format)));
  return read();
} catch (const RunError& error) {
  return Failure{error.what()};
}

Dataset read_dataset(const Json& record) {
  Dataset out;
  out.id = record.at("id").text();
  out.name = record.at("name").text();
  out.version = record.at("version").text();
  for (const auto& [text, is_version] : {std::pair(&out.name, false), std::pair(&out.version, true)})
    if (const auto problem = name_problem(*text, is_version)) require(false, *problem);
  require(!out.id.empty(), "id is empty");
  out.path = record.at("path").text();
  out.is_directory = record.at("is_directory").boolean();
  out.format = record.at("format").text();
  out.num_rows = count_at(record, "rows");
  out.size_bytes = count_at(record, "size_bytes");
  out.license = text_at(record, "license");
  out.description = text_at(record, "description");
  out.tags = texts_at(record, "tags");
  out.parent_id = text_at(record, "parent_id");
  out.parent = text_at(record, "parent");
  out.pii_status = record.at("pii_status").text();
  out.audit_status = record.at("audit_status").text();
  out.audit_note = text_at(record, "audit_note");
  out.audit_paths = texts_at(record, "audit_paths");
  out.created = record.at("created").text();
  for (const Json& file : record.at("files").items())
    out.files.push_back(
        {file.at("path").text(), file.at("sha256").text(), count_at(file, "size_bytes"), count_at(file, "rows")});
  out.digest = record.at("digest").text();
  require(!out.files.empty(), "it names no files");
  require(out.digest == data_set_digest(out.files, out.is_directory), "its digest is not that of its files");
  return out;
}

}  // namespace

std::string Dataset::ref() const { return cat(name, "@", version); }

std::string data_set_digest(const std::vector<DatasetFile>& files, bool is_directory) {
  if (!is_directory) return files.front().sha256;
  std::vector<const DatasetFile*> sorted;
  for (const DatasetFile& file : files) sorted.push_back(&file);
  std::sort(sorted.begin(), sorted.end(), [](const DatasetFile* a, const DatasetFile* b) { return a->path < b->path; });
  Sha256 all;
  for (const DatasetFile* file : sorted) all.update(cat(file->sha256, "  ", file->path, "\n"));
  return all.finish_hex();
}

std::optional<std::string> name_problem(std::string_view name, bool is_version) {
  const std::string_view further = is_version ? "._-+" : "._-";
  const bool is_fine = !name.empty() && name.size() <= kMaxNameBytes && is_letter_or_digit(name.front()) &&
                       std::all_of(name.begin(), name.end(), [&](char c) {
                         return is_letter_or_digit(c) || further.find(c) != std::string_view::npos;
                       });
  if (is_fine) return std::nullopt;
  return cat(quote(name), " is no ", is_version ? "version" : "name", " of a data set: letters, digits and ", further,
             ", the first a letter or digit, at most ", kMaxNameBytes);
}

Result<DatasetRef> parse_dataset_ref(std::string_view text) {
  const std::size_t at = text.find('@');
  DatasetRef ref{std::string(text.substr(0, at)), std::nullopt};
  if (auto problem = name_problem(ref.name)) return Failure{std::move(*problem), "write NAME@VERSION"};
  if (at == std::string_view::npos) return ref;
  ref.version = std::string(text.substr(at + 1));
  if (auto problem = name_problem(*ref.version, true)) return Failure{std::move(*problem), "write NAME@VERSION"};
  return ref;
}

Json to_json(const Dataset& dataset) {
  Json files = Json::array();
  for (const DatasetFile& file : dataset.files)
    files.push(Json::object(
        {{"path", file.path}, {"sha256", file.sha256}, {"size_bytes", file.size_bytes}, {"rows", file.num_rows}}));
  return Json::object({{"format_of_record", kDatasetFormat},
                       {"id", dataset.id},
                       {"name", dataset.name},
                       {"version", dataset.version},
                       {"path", dataset.path},
                       {"is_directory", dataset.is_directory},
                       {"digest", dataset.digest},
                       {"format", dataset.format},
                       {"rows", dataset.num_rows},
                       {"size_bytes", dataset.size_bytes},
                       {"license", text_or_null(dataset.license)},
                       {"description", text_or_null(dataset.description)},
                       {"tags", Json::array_of(dataset.tags)},
                       {"parent", text_or_null(dataset.parent)},
                       {"parent_id", text_or_null(dataset.parent_id)},
                       {"pii_status", dataset.pii_status},
                       {"audit_status", dataset.audit_status},
                       {"audit_note", text_or_null(dataset.audit_note)},
                       {"audit_paths", Json::array_of(dataset.audit_paths)},
                       {"created", dataset.created},
                       {"files", std::move(files)}});
}

Result<Dataset> dataset_from_json(const Json& record) {
  return attempt<Dataset>(record, kDatasetFormat, [&] { return read_dataset(record); });
}

Json to_json(const RunRow& run) {
  return Json::object({{"format_of_record", kRunFormat},
                       {"id", run.id},
                       {"name", text_or_null(run.name)},
                       {"state", run.state},
                       {"exit_code", run.exit_code ? Json(*run.exit_code) : Json()},
                       {"trainer", run.trainer},
                       {"base_model", run.base_model},
                       {"dataset_id", text_or_null(run.dataset_id)},
                       {"config_digest", run.config_digest},
                       {"dir", run.dir},
                       {"started", text_or_null(run.started)},
                       {"ended", text_or_null(run.ended)}});
}

Result<RunRow> run_from_json(const Json& record) {
  return attempt<RunRow>(record, kRunFormat, [&] {
    RunRow run;
    run.id = record.at("id").text();
    require(!run.id.empty(), "id is empty");
    run.name = text_at(record, "name");
    run.state = record.at("state").text();
    if (const Json& code = record.at("exit_code"); !code.is_null()) run.exit_code = static_cast<int>(code.integer());
    run.trainer = text_at(record, "trainer");
    run.base_model = text_at(record, "base_model");
    run.dataset_id = text_at(record, "dataset_id");
    run.config_digest = text_at(record, "config_digest");
    run.dir = record.at("dir").text();
    run.started = text_at(record, "started");
    run.ended = text_at(record, "ended");
    return run;
  });
}

}  // namespace forgelm::registry
