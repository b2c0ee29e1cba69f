#include "sqlite.hpp"

#include <sqlite3.h>

#include <algorithm>

#include "forgelm/core/text.hpp"

namespace forgelm::registry {
namespace {

std::string hint_for(int code) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return "`forgelm data rebuild` makes the index anew from the records beside it";
    case SQLITE_FULL: return "free space on that file system and run again; nothing half-written was left in place";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM: return "check that the file and its folder can be written, or name another place by FORGELM_DB";
    case SQLITE_BUSY: return "another forgelm has held the index for long; run again when it is done";
    default: return "";
  }
}

/// A path as a URI, for parameters of the opening.
std::string uri_of(const std::filesystem::path& path, std::string_view parameters) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string uri = "file:";
  const std::filesystem::path whole = std::filesystem::absolute(path);
  for (const char c : whole.native()) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '?' || c == '#' || c == '%' || byte < 0x21 || byte > 0x7e) {
      uri += '%';
      uri += kHex[byte >> 4];
      uri += kHex[byte & 15];
    } else {
      uri += c;
    }
  }
  return cat(uri, "?", parameters);
}

}  // namespace

Database::Database(const std::filesystem::path& path, Mode mode) : path_(path) {
  const int flags = mode == Mode::create  ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                    : mode == Mode::write ? SQLITE_OPEN_READWRITE
                                          : SQLITE_OPEN_READONLY;
  const std::string uri = uri_of(path, mode == Mode::immutable ? "immutable=1" : "cache=private");
  const int code = sqlite3_open_v2(uri.c_str(), &handle_,
                                   flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  try {
    if (code != SQLITE_OK) fail(code, "open");
    sqlite3_busy_timeout(handle_, kBusyTimeoutMs);
    execute("PRAGMA trusted_schema=OFF; PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL");
  } catch (...) {
    close();
    throw;
  }
}

Database::~Database() { close(); }

void Database::close() noexcept {
  sqlite3_close_v2(handle_);
  handle_ = nullptr;
}

void Database::execute(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code, "use");
}

std::int64_t Database::integer(const char* sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.integer(0) : 0;
}

void Database::fail(int code, std::string_view doing) const {
  const char* what =
      handle_ != nullptr && sqlite3_errcode(handle_) != SQLITE_OK ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
  throw RunError(RunErrorKind::store, cat("cannot ", doing, " the index ", path_.native(), ": ", what), hint_for(code),
                 {{"path", path_.native()}, {"sqlite", std::to_string(code)}});
}

void Database::fail_damaged() const {
  throw RunError(RunErrorKind::store, cat("the index ", path_.native(), " is damaged"), hint_for(SQLITE_CORRUPT),
                 {{"path", path_.native()}, {"sqlite", std::to_string(SQLITE_CORRUPT)}});
}

bool is_damage(const RunError& error) {
  if (error.kind() != RunErrorKind::store) return false;
  return std::any_of(error.fields().begin(), error.fields().end(), [](const auto& field) {
    if (field.first != "sqlite") return false;
    const int code = std::stoi(field.second) & 0xff;
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
  });
}

Statement::Statement(Database& database, std::string_view sql) : database_(database) {
  check(sqlite3_prepare_v2(database.handle(), sql.data(), static_cast<int>(sql.size()), &handle_, nullptr), "read");
}

Statement::~Statement() { sqlite3_finalize(handle_); }

void Statement::check(int code, std::string_view doing) const {
  if (code != SQLITE_OK) database_.fail(code, doing);
}

Statement& Statement::bind(std::string_view text) {
  check(sqlite3_bind_text(handle_, ++num_bound_, text.data() != nullptr ? text.data() : "",
                          static_cast<int>(text.size()), SQLITE_TRANSIENT),
        "use");
  return *this;
}

Statement& Statement::bind(std::int64_t number) {
  check(sqlite3_bind_int64(handle_, ++num_bound_, number), "use");
  return *this;
}

Statement& Statement::bind(double number) {
  check(sqlite3_bind_double(handle_, ++num_bound_, number), "use");
  return *this;
}

Statement& Statement::bind_null() {
  check(sqlite3_bind_null(handle_, ++num_bound_), "use");
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_.fail(code, sqlite3_stmt_readonly(handle_) != 0 ? "read" : "write");
  return false;
}

void Statement::run() {
  while (step()) {
  }
  sqlite3_reset(handle_);
  num_bound_ = 0;
}

std::string Statement::text(int column) const {
  const auto* bytes = sqlite3_column_text(handle_, column);
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }
double Statement::real(int column) const { return sqlite3_column_double(handle_, column); }
bool Statement::is_null(int column) const { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }

Transaction::Transaction(Database& database) : database_(database) { database_.execute("BEGIN IMMEDIATE"); }

Transaction::~Transaction() {
  // SQLite may have taken it back by itself (a full disk); a second time does no harm.
  if (is_open_) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.execute("COMMIT");
  is_open_ = false;
}

}  // namespace forgelm::registry
