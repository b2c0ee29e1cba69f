// SQLite behind owners: a connection, a prepared statement, a transaction. Values reach SQL through bindings alone.
// Every failure is a RunError(store) with the fields path and sqlite (the extended result code's name), and for a
// damaged file, a full disk and a file that cannot be written with what to do. A connection is for one thread at a
// time; other processes may have the file open as well: a writer waits for them up to kBusyTimeoutMs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "forgelm/core/error.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace forgelm::registry {

inline constexpr int kBusyTimeoutMs = 20'000;

/// A text, or SQL's NULL for an empty one.
inline std::optional<std::string_view> or_null(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

class Database {
 public:
  enum class Mode {
    create,     ///< read and write; made when missing
    write,      ///< read and write; RunError when missing
    immutable,  ///< read only, from a place where nothing can be written
  };
  Database(const std::filesystem::path& path, Mode mode);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  /// Statements without parameters, one after the other.
  void execute(const char* sql);
  /// The single integer of a query, 0 when it has no row.
  std::int64_t integer(const char* sql);
  const std::filesystem::path& path() const noexcept { return path_; }
  sqlite3* handle() const noexcept { return handle_; }
  /// Throws for a result code; `doing` is a verb: "read".
  [[noreturn]] void fail(int code, std::string_view doing) const;
  /// fail() for what a check of the whole file found.
  [[noreturn]] void fail_damaged() const;

 private:
  void close() noexcept;

  std::filesystem::path path_;
  sqlite3* handle_ = nullptr;
};

/// Whether an error says that the file is damaged, or no database at all.
bool is_damage(const RunError& error);

/// A prepared statement. Parameters are bound from the first on; columns are read from 0 on.
class Statement {
 public:
  Statement(Database& database, std::string_view sql);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  Statement& bind(std::string_view text);
  Statement& bind(const char* text) { return bind(std::string_view(text)); }
  Statement& bind(const std::string& text) { return bind(std::string_view(text)); }
  Statement& bind(std::int64_t number);
  Statement& bind(double number);
  Statement& bind_null();
  template <class T>
  Statement& bind(const std::optional<T>& value) {
    return value ? bind(*value) : bind_null();
  }
  /// The next row; false at the end.
  bool step();
  /// For statements without rows: runs it, and makes it ready to be bound anew.
  void run();

  std::string text(int column) const;  ///< "" for NULL
  std::int64_t integer(int column) const;
  double real(int column) const;
  bool is_null(int column) const;

 private:
  void check(int code, std::string_view doing) const;

  Database& database_;
  sqlite3_stmt* handle_ = nullptr;
  int num_bound_ = 0;
};

/// A writing transaction; what is not committed is taken back.
class Transaction {
 public:
  explicit Transaction(Database& database);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void commit();

 private:
  Database& database_;
  bool is_open_ = true;
};

}  // namespace forgelm::registry
