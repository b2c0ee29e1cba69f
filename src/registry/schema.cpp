#include "schema.hpp"

#include <iterator>

#include "forgelm/core/lock.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::registry {
namespace {

// "FGLM": tells an index of ours from other people's databases.
constexpr std::int64_t kApplicationId = 0x46474C4D;

// datasets.pii_status: none, findings, critical. datasets.audit_status: passed, accepted, failed.
// runs.audit_head: the hash of the last line of the run's audit log, which stays a file.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE datasets (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  path TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('file', 'directory')),
  digest TEXT NOT NULL,
  format TEXT NOT NULL,
  rows INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  license TEXT,
  description TEXT,
  tags TEXT NOT NULL DEFAULT '[]',
  parent_id TEXT REFERENCES datasets(id),
  pii_status TEXT NOT NULL,
  audit_status TEXT NOT NULL,
  audit_note TEXT,
  audit_path TEXT NOT NULL,
  created TEXT NOT NULL,
  UNIQUE (name, version)
) STRICT;
CREATE INDEX datasets_by_parent ON datasets(parent_id);
CREATE INDEX datasets_by_creation ON datasets(created);
CREATE TABLE dataset_files (
  dataset_id TEXT NOT NULL REFERENCES datasets(id) ON DELETE CASCADE,
  path TEXT NOT NULL,
  digest TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  PRIMARY KEY (dataset_id, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX dataset_files_by_digest ON dataset_files(digest);
CREATE TABLE runs (
  id TEXT PRIMARY KEY,
  name TEXT,
  project TEXT NOT NULL DEFAULT 'default',
  state TEXT NOT NULL,
  exit_code INTEGER,
  trainer TEXT,
  base_model TEXT,
  dataset_id TEXT REFERENCES datasets(id),
  config_digest TEXT,
  config_yaml TEXT,
  dir TEXT NOT NULL,
  priority INTEGER NOT NULL DEFAULT 0,
  retries INTEGER NOT NULL DEFAULT 0,
  gpu TEXT,
  cost REAL,
  started TEXT,
  ended TEXT,
  error TEXT,
  audit_head TEXT
) STRICT;
CREATE INDEX runs_by_dataset ON runs(dataset_id);
CREATE INDEX runs_by_start ON runs(started);
CREATE TABLE metrics (
  run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  key TEXT NOT NULL,
  value REAL,
  PRIMARY KEY (run_id, key, step)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoints (
  run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  path TEXT NOT NULL,
  digest TEXT,
  val_loss REAL,
  score REAL,
  PRIMARY KEY (run_id, step)
) STRICT, WITHOUT ROWID;
CREATE TABLE models (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  stage TEXT NOT NULL CHECK (stage IN ('staging', 'candidate', 'production', 'archived')),
  run_id TEXT REFERENCES runs(id),
  path TEXT NOT NULL,
  digest TEXT NOT NULL,
  task TEXT,
  created TEXT NOT NULL,
  promoted TEXT,
  UNIQUE (name, version)
) STRICT;
CREATE UNIQUE INDEX one_production_model ON models(name) WHERE stage = 'production';
CREATE INDEX models_by_run ON models(run_id);
CREATE TABLE evals (
  id TEXT PRIMARY KEY,
  model_id TEXT NOT NULL REFERENCES models(id) ON DELETE CASCADE,
  suite TEXT NOT NULL,
  state TEXT NOT NULL,
  overall REAL,
  results_json TEXT,
  baseline_id TEXT REFERENCES evals(id),
  created TEXT NOT NULL
) STRICT;
CREATE INDEX evals_by_model ON evals(model_id);
CREATE TABLE queue (
  run_id TEXT PRIMARY KEY REFERENCES runs(id) ON DELETE CASCADE,
  priority INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL,
  pid INTEGER,
  pid_start TEXT,
  attempt INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE chats (
  id TEXT PRIMARY KEY,
  model TEXT NOT NULL,
  json TEXT NOT NULL
) STRICT;
)sql";

constexpr const char* kMigrations[] = {kVersion1};

[[noreturn]] void refuse(const Database& database, const std::string& why, std::string hint) {
  throw RunError(RunErrorKind::store, cat("the index ", database.path().native(), " ", why), std::move(hint),
                 {{"path", database.path().native()}});
}

/// The version that the file has; 0 for a new one.
int version_of(Database& database) {
  const std::int64_t version = database.integer("PRAGMA user_version");
  const std::int64_t application = database.integer("PRAGMA application_id");
  const bool is_empty = database.integer("SELECT count(*) FROM sqlite_schema") == 0;
  if (is_empty && version == 0) return 0;
  if (application != kApplicationId)
    refuse(database, "is a database of another program", "name another file by FORGELM_DB");
  if (version > schema_version())
    refuse(database,
           cat("was written by a newer forgelm (schema ", version, "; this one knows ", schema_version(), ")"),
           "use that forgelm, or name another file by FORGELM_DB");
  return static_cast<int>(version);
}

}  // namespace

int schema_version() noexcept { return static_cast<int>(std::size(kMigrations)); }

void migrate(Database& database) {
  if (version_of(database) == schema_version()) return;
  // The change to the write-ahead log and the first tables are not for two at once.
  std::filesystem::path lock = database.path();
  lock += ".lock";
  const FileLock alone = FileLock::acquire(lock, kBusyTimeoutMs);
  if (version_of(database) == 0) database.execute("PRAGMA journal_mode=WAL");
  Transaction transaction(database);
  for (int version = version_of(database); version < schema_version(); ++version)
    database.execute(kMigrations[version]);
  database.execute(cat("PRAGMA application_id=", kApplicationId, "; PRAGMA user_version=", schema_version()).c_str());
  transaction.commit();
}

void require_current(Database& database) {
  if (version_of(database) != schema_version())
    refuse(database, "is of an older forgelm and cannot be written here",
           "run `forgelm data list` once where it can be written");
}

}  // namespace forgelm::registry
