// Writing is: take the database's write lock (BEGIN IMMEDIATE), look, put the file into place, write the row, commit.
// The lock is what keeps two processes from registering one name twice; the files are what counts.
#include "forgelm/registry/index.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "forgelm/core/env.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/lock.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/os_error.hpp"
#include "forgelm/core/suggest.hpp"
#include "forgelm/core/text.hpp"
#include "records.hpp"
#include "schema.hpp"
#include "sqlite.hpp"

namespace forgelm::registry {
namespace {

namespace fs = std::filesystem;

constexpr Logger logger("forgelm.registry");

constexpr std::string_view kDatasetColumns =
    "SELECT d.id, d.name, d.version, d.path, d.kind, d.digest, d.format, d.rows, d.size_bytes, d.license, "
    "d.description, d.tags, d.parent_id, p.name || '@' || p.version, d.pii_status, d.audit_status, d.audit_note, "
    "d.audit_path, d.created FROM datasets d LEFT JOIN datasets p ON p.id = d.parent_id ";
constexpr std::string_view kRunColumns =
    "SELECT id, name, state, exit_code, trainer, base_model, dataset_id, config_digest, dir, started, ended FROM runs ";

std::vector<std::string> texts_of(const std::string& json) {
  std::vector<std::string> out;
  const Json list = parse_json(json).value();
  for (const Json& item : list.items()) out.push_back(item.text());
  return out;
}

/// The set in the row at hand, without its files.
Dataset dataset_of(const Statement& row) {
  Dataset out;
  out.id = row.text(0);
  out.name = row.text(1);
  out.version = row.text(2);
  out.path = row.text(3);
  out.is_directory = row.text(4) == "directory";
  out.digest = row.text(5);
  out.format = row.text(6);
  out.num_rows = static_cast<std::uint64_t>(row.integer(7));
  out.size_bytes = static_cast<std::uint64_t>(row.integer(8));
  out.license = row.text(9);
  out.description = row.text(10);
  out.tags = texts_of(row.text(11));
  out.parent_id = row.text(12);
  out.parent = row.text(13);
  out.pii_status = row.text(14);
  out.audit_status = row.text(15);
  out.audit_note = row.text(16);
  out.audit_paths = texts_of(row.text(17));
  out.created = row.text(18);
  return out;
}

RunRow run_of(const Statement& row) {
  RunRow run;
  run.id = row.text(0);
  run.name = row.text(1);
  run.state = row.text(2);
  if (!row.is_null(3)) run.exit_code = static_cast<int>(row.integer(3));
  run.trainer = row.text(4);
  run.base_model = row.text(5);
  run.dataset_id = row.text(6);
  run.config_digest = row.text(7);
  run.dir = row.text(8);
  run.started = row.text(9);
  run.ended = row.text(10);
  return run;
}

void insert(Database& database, const Dataset& set) {
  Statement(database,
            "INSERT INTO datasets (id, name, version, path, kind, digest, format, rows, size_bytes, license, "
            "description, tags, parent_id, pii_status, audit_status, audit_note, audit_path, created) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(set.id)
      .bind(set.name)
      .bind(set.version)
      .bind(set.path)
      .bind(set.is_directory ? "directory" : "file")
      .bind(set.digest)
      .bind(set.format)
      .bind(static_cast<std::int64_t>(set.num_rows))
      .bind(static_cast<std::int64_t>(set.size_bytes))
      .bind(or_null(set.license))
      .bind(or_null(set.description))
      .bind(dump(Json::array_of(set.tags)))
      .bind(or_null(set.parent_id))
      .bind(set.pii_status)
      .bind(set.audit_status)
      .bind(or_null(set.audit_note))
      .bind(dump(Json::array_of(set.audit_paths)))
      .bind(set.created)
      .run();
  Statement file(database,
                 "INSERT INTO dataset_files (dataset_id, path, digest, size_bytes, rows) VALUES (?, ?, ?, ?, ?)");
  for (const DatasetFile& one : set.files)
    file.bind(set.id)
        .bind(one.path)
        .bind(one.sha256)
        .bind(static_cast<std::int64_t>(one.size_bytes))
        .bind(static_cast<std::int64_t>(one.num_rows))
        .run();
}

/// A run's place in the queue, its metrics and checkpoints stay with it.
void upsert(Database& database, const RunRow& run) {
  Statement(database,
            "INSERT INTO runs (id, name, state, exit_code, trainer, base_model, dataset_id, config_digest, dir, "
            "started, ended) VALUES (?, ?, ?, ?, ?, ?, (SELECT id FROM datasets WHERE id = ?), ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET name = excluded.name, state = excluded.state, "
            "exit_code = excluded.exit_code, trainer = excluded.trainer, base_model = excluded.base_model, "
            "dataset_id = excluded.dataset_id, config_digest = excluded.config_digest, dir = excluded.dir, "
            "started = excluded.started, ended = excluded.ended")
      .bind(run.id)
      .bind(or_null(run.name))
      .bind(run.state)
      .bind(run.exit_code ? std::optional(std::int64_t{*run.exit_code}) : std::nullopt)
      .bind(or_null(run.trainer))
      .bind(or_null(run.base_model))
      .bind(run.dataset_id)
      .bind(or_null(run.config_digest))
      .bind(run.dir)
      .bind(or_null(run.started))
      .bind(or_null(run.ended))
      .run();
}

/// Rows of sets and runs from the records, in one step.
RebuildReport import_records(Database& database, const Records& records) {
  RebuildReport report;
  Transaction transaction(database);
  std::vector<Dataset> sets = records.datasets(report.problems);
  const std::vector<RunRow> runs = records.runs(report.problems);
  database.execute("PRAGMA defer_foreign_keys=ON; DELETE FROM datasets");
  std::set<std::string> ids;
  for (auto set = sets.begin(); set != sets.end();) {
    if (ids.insert(set->id).second) {
      ++set;
      continue;
    }
    report.problems.push_back(cat(set->ref(), ": its id ", set->id, " is that of another record"));
    set = sets.erase(set);
  }
  for (Dataset& set : sets) {
    if (!set.parent_id.empty() && ids.count(set.parent_id) == 0) {
      report.problems.push_back(cat(set.ref(), ": there is no record of its parent ", set.parent));
      set.parent_id.clear();
    }
    insert(database, set);
  }
  database.execute("UPDATE runs SET dataset_id = NULL WHERE dataset_id NOT IN (SELECT id FROM datasets)");
  for (const RunRow& run : runs) upsert(database, run);
  transaction.commit();
  report.num_datasets = sets.size();
  report.num_runs = runs.size();
  return report;
}

bool can_write(const fs::path& path) {
  const fs::path folder = path.parent_path();
  return ::access(path.c_str(), W_OK) == 0 && ::access(folder.c_str(), W_OK) == 0;
}

void make_private_folder(const fs::path& folder) {
  std::error_code error;
  const bool is_new = fs::create_directories(folder, error);
  if (error) throw os_error("create", folder.native(), error.value(), "name another place by FORGELM_HOME");
  if (is_new) static_cast<void>(::chmod(folder.c_str(), 0700));
}

[[noreturn]] void fail_taken(const Dataset& taken) {
  throw ConfigError(cat(taken.ref(), " is registered already, since ", taken.created, " with digest ", taken.digest),
                    "what is registered never changes: choose another --version");
}

}  // namespace

fs::path state_folder() {
  const auto variable = [](const char* name) { return environment().variable(name).value_or(""); };
  if (const auto home = variable("FORGELM_HOME"); !home.empty()) return home;
  if (const auto state = variable("XDG_STATE_HOME"); !state.empty() && state[0] == '/')
    return fs::path(state) / "forgelm";
  if (const auto home = variable("HOME"); !home.empty()) return fs::path(home) / ".local" / "state" / "forgelm";
  throw ConfigError("no place for the index: none of FORGELM_HOME, XDG_STATE_HOME and HOME is set", "set FORGELM_HOME");
}

fs::path index_path() {
  const auto named = environment().variable("FORGELM_DB").value_or("");
  const fs::path path = named.empty() ? state_folder() / "forgelm.db" : fs::path(named);
  if (!path.has_filename()) throw ConfigError(cat("FORGELM_DB: ", quote(named), " names no file"));
  return fs::absolute(path).lexically_normal();
}

struct Index::Impl {
  Impl(const fs::path& path, Database::Mode mode) : database(path, mode), records(path.parent_path()) {}

  std::optional<Dataset> find_row(const std::string& name, const std::optional<std::string>& version);
  Dataset with_files(Dataset set);
  std::vector<Dataset> children(const std::string& id);
  std::optional<Dataset> by_id(const std::string& id);
  std::vector<RunRow> runs_of(const std::string& dataset_id);
  std::vector<ModelRow> models_of(const std::string& run_id);

  Database database;
  Records records;
  bool is_read_only = false;
};

Index::Index(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Index::Index(Index&&) noexcept = default;
Index& Index::operator=(Index&&) noexcept = default;
Index::~Index() = default;
const fs::path& Index::path() const noexcept { return impl_->database.path(); }

Index Index::open(const fs::path& path) {
  if (fs::exists(path) && !can_write(path)) {
    auto impl = std::make_unique<Impl>(path, Database::Mode::immutable);
    impl->is_read_only = true;
    require_current(impl->database);
    return Index(std::move(impl));
  }
  make_private_folder(path.parent_path());
  const bool is_new = !fs::exists(path);
  auto impl = std::make_unique<Impl>(path, Database::Mode::create);
  migrate(impl->database);
  if (is_new && impl->records.any()) {
    const RebuildReport report = import_records(impl->database, impl->records);
    logger.info("the index ", path.native(), " was made from ", report.num_datasets, " records");
    for (const std::string& problem : report.problems) logger.warning(problem);
  }
  return Index(std::move(impl));
}

std::optional<Index> Index::open_existing(const fs::path& path) {
  if (!fs::exists(path) && !Records(path.parent_path()).any()) return std::nullopt;
  return open(path);
}

std::optional<Dataset> Index::Impl::find_row(const std::string& name, const std::optional<std::string>& version) {
  Statement row(database, cat(kDatasetColumns, "WHERE d.name = ?", version ? " AND d.version = ?" : "",
                              " ORDER BY d.created DESC, d.version DESC LIMIT 1"));
  row.bind(name);
  if (version) row.bind(*version);
  if (!row.step()) return std::nullopt;
  return with_files(dataset_of(row));
}

Dataset Index::Impl::with_files(Dataset set) {
  Statement row(database,
                "SELECT path, digest, size_bytes, rows FROM dataset_files WHERE dataset_id = ? ORDER BY path");
  row.bind(set.id);
  while (row.step())
    set.files.push_back({row.text(0), row.text(1), static_cast<std::uint64_t>(row.integer(2)),
                         static_cast<std::uint64_t>(row.integer(3))});
  return set;
}

std::optional<Dataset> Index::find(const std::string& name, const std::optional<std::string>& version) {
  if (auto row = impl_->find_row(name, version)) return row;
  if (!version) return std::nullopt;
  // A kill between the record's move into place and the commit leaves a record without a row.
  auto record = impl_->records.read(name, *version);
  if (record && !impl_->is_read_only) {
    import_records(impl_->database, impl_->records);
    if (auto row = impl_->find_row(name, version)) return row;
  }
  return record;
}

Dataset Index::get(std::string_view text) {
  const Result<DatasetRef> ref = parse_dataset_ref(text);
  if (!ref) throw ConfigError(ref.error().message, ref.error().hint);
  if (auto set = find(ref->name, ref->version)) return std::move(*set);
  const std::vector<std::string> known = versions(ref->name);
  if (!known.empty())
    throw ConfigError(cat(ref->name, " has no version ", quote(*ref->version), "; registered: ", join(known, ", ")));
  std::vector<std::string> names;
  Statement row(impl_->database, "SELECT DISTINCT name FROM datasets ORDER BY name");
  while (row.step()) names.push_back(row.text(0));
  const std::string near = nearest(ref->name, names);
  throw ConfigError(cat("no data set ", quote(ref->name), " is registered in ", path().native()),
                    near.empty() ? "`forgelm data list` shows what is there; `forgelm data register PATH --name NAME` "
                                   "adds a data set"
                                 : cat("did you mean ", near, "?"));
}

void Index::require_free(const std::string& name, const std::string& version) {
  for (const auto& [text, is_version] : {std::pair(&name, false), std::pair(&version, true)})
    if (const auto problem = name_problem(*text, is_version)) throw ConfigError(*problem);
  if (const auto taken = find(name, version)) fail_taken(*taken);
}

Dataset Index::add(Dataset set, const std::vector<Json>& reports) {
  require_free(set.name, set.version);
  if (!set.parent.empty()) {
    const Dataset parent = get(set.parent);
    set.parent_id = parent.id;
    set.parent = parent.ref();
  }
  Transaction transaction(impl_->database);
  if (const auto taken = impl_->find_row(set.name, set.version)) fail_taken(*taken);
  if (!set.parent.empty() && !impl_->by_id(set.parent_id))
    throw ConfigError(cat("the parent ", set.parent, " was removed meanwhile"));
  std::sort(set.files.begin(), set.files.end(),
            [](const DatasetFile& a, const DatasetFile& b) { return a.path < b.path; });
  set.id = cat("ds-", random_hex(6));
  set.created = iso_format(environment().utc_now());
  set.digest = data_set_digest(set.files, set.is_directory);
  set.num_rows = set.size_bytes = 0;
  for (const DatasetFile& file : set.files) {
    set.num_rows += file.num_rows;
    set.size_bytes += file.size_bytes;
  }
  set.audit_paths = impl_->records.report_paths(set, reports.size());
  insert(impl_->database, set);
  // From here on it is registered, whatever becomes of the row: find() makes up for one that is missing.
  impl_->records.put(set, reports);
  transaction.commit();
  return set;
}

DatasetPage Index::list(const DatasetFilter& filter) {
  const std::string_view where =
      "WHERE (? = '' OR instr(lower(d.name), lower(?)) > 0) "
      "AND (? = '' OR EXISTS (SELECT 1 FROM json_each(d.tags) WHERE value = ?)) ";
  const auto bind = [&](Statement& statement) -> Statement& {
    return statement.bind(filter.name_part).bind(filter.name_part).bind(filter.tag).bind(filter.tag);
  };
  DatasetPage page;
  Statement count(impl_->database, cat("SELECT count(*) FROM datasets d ", where));
  if (bind(count).step()) page.total = count.integer(0);
  Statement row(impl_->database,
                cat(kDatasetColumns, where, "ORDER BY d.created DESC, d.name, d.version DESC LIMIT ? OFFSET ?"));
  bind(row).bind(filter.limit).bind(filter.offset);
  while (row.step()) page.items.push_back(dataset_of(row));
  return page;
}

std::vector<std::string> Index::versions(const std::string& name) {
  Statement row(impl_->database, "SELECT version FROM datasets WHERE name = ? ORDER BY created DESC, version DESC");
  row.bind(name);
  std::vector<std::string> out;
  while (row.step()) out.push_back(row.text(0));
  return out;
}

std::vector<Dataset> Index::Impl::children(const std::string& id) {
  Statement row(database, cat(kDatasetColumns, "WHERE d.parent_id = ? ORDER BY d.created, d.name, d.version"));
  row.bind(id);
  std::vector<Dataset> out;
  while (row.step()) out.push_back(dataset_of(row));
  return out;
}

std::optional<Dataset> Index::Impl::by_id(const std::string& id) {
  Statement row(database, cat(kDatasetColumns, "WHERE d.id = ?"));
  row.bind(id);
  if (!row.step()) return std::nullopt;
  return dataset_of(row);
}

std::vector<RunRow> Index::Impl::runs_of(const std::string& dataset_id) {
  Statement row(database, cat(kRunColumns, "WHERE dataset_id = ? ORDER BY started, id"));
  row.bind(dataset_id);
  std::vector<RunRow> out;
  while (row.step()) out.push_back(run_of(row));
  return out;
}

std::vector<ModelRow> Index::Impl::models_of(const std::string& run_id) {
  Statement row(database,
                "SELECT id, name, version, stage, run_id, path FROM models WHERE run_id = ? ORDER BY created, id");
  row.bind(run_id);
  std::vector<ModelRow> out;
  while (row.step()) out.push_back({row.text(0), row.text(1), row.text(2), row.text(3), row.text(4), row.text(5)});
  return out;
}

Lineage Index::lineage(const Dataset& dataset) {
  Lineage out;
  out.dataset = dataset;
  std::set<std::string> seen = {dataset.id};
  for (std::string parent = dataset.parent_id; !parent.empty();) {
    if (!seen.insert(parent).second) {
      out.has_cycle = true;
      break;
    }
    const auto found = impl_->by_id(parent);
    if (!found) break;
    out.ancestors.push_back(*found);
    parent = found->parent_id;
  }
  std::set<std::string> below = {dataset.id};
  std::vector<Dataset> queue = {dataset};
  for (std::size_t i = 0; i < queue.size(); ++i) {
    for (RunRow& run : impl_->runs_of(queue[i].id)) out.runs.push_back(std::move(run));
    for (Dataset& child : impl_->children(queue[i].id)) {
      if (below.insert(child.id).second) queue.push_back(std::move(child));
      else out.has_cycle = true;
    }
  }
  out.descendants.assign(queue.begin() + 1, queue.end());
  for (const RunRow& run : out.runs)
    for (ModelRow& model : impl_->models_of(run.id)) out.models.push_back(std::move(model));
  return out;
}

std::vector<std::string> Index::references(const Dataset& dataset) {
  std::vector<std::string> out;
  for (const Dataset& child : impl_->children(dataset.id)) out.push_back(cat("data set ", child.ref()));
  for (const RunRow& run : impl_->runs_of(dataset.id)) out.push_back(cat("run ", run.id));
  return out;
}

void Index::require_unused(const Dataset& dataset) {
  constexpr std::size_t kMaxShown = 5;
  std::vector<std::string> users = references(dataset);
  if (!users.empty()) {
    const std::size_t count = users.size();
    if (count > kMaxShown) users.resize(kMaxShown);
    throw ConfigError(cat(dataset.ref(), " is in use by ", join(users, ", "),
                          count > kMaxShown ? cat(" and ", count - kMaxShown, " more") : ""),
                      "what models were made from stays known; `forgelm purge` erases content");
  }
}

void Index::remove(const Dataset& dataset) {
  Transaction transaction(impl_->database);
  require_unused(dataset);
  Statement(impl_->database, "DELETE FROM datasets WHERE id = ?").bind(dataset.id).run();
  impl_->records.remove(dataset);
  transaction.commit();
}

std::vector<std::pair<std::string, std::string>> Index::audits_of_file(const std::string& sha256) {
  Statement row(impl_->database,
                "SELECT d.audit_status, d.name || '@' || d.version FROM dataset_files f JOIN datasets d ON d.id = "
                "f.dataset_id WHERE f.digest = ? ORDER BY CASE d.audit_status WHEN 'passed' THEN 0 WHEN 'accepted' "
                "THEN 1 ELSE 2 END, d.created, d.name");
  row.bind(sha256);
  std::vector<std::pair<std::string, std::string>> out;
  while (row.step()) out.emplace_back(row.text(0), row.text(1));
  return out;
}

void Index::record_run(const RunRow& run) {
  Transaction transaction(impl_->database);
  impl_->records.put(run);
  upsert(impl_->database, run);
  transaction.commit();
}

RebuildReport rebuild_index(const fs::path& path) {
  make_private_folder(path.parent_path());
  std::optional<fs::path> kept;
  const auto make = [&] {
    Database database(path, Database::Mode::create);
    migrate(database);
    if (Statement check(database, "PRAGMA quick_check(1)"); !check.step() || check.text(0) != "ok")
      database.fail_damaged();
    RebuildReport report = import_records(database, Records(path.parent_path()));
    report.kept = kept;
    return report;
  };
  try {
    return make();
  } catch (const RunError& error) {
    if (!is_damage(error) || !fs::exists(path)) throw;
  }
  kept = path;
  *kept += cat(".damaged-", compact_utc_stamp(environment().utc_now()));
  for (const char* suffix : {"", "-wal", "-shm"}) {
    fs::path from = path, to = *kept;
    from += suffix;
    to += suffix;
    std::error_code error;
    fs::rename(from, to, error);
    if (error && error != std::errc::no_such_file_or_directory) throw os_error("rename", from.native(), error.value());
  }
  sync_directory(path.parent_path());
  return make();
}

}  // namespace forgelm::registry
