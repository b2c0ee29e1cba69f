// The two exceptions of forgelm. Outcomes (a gate that failed, a mismatch found) are values, not exceptions.
// Both classes have their key function in libforgelm.so, so that they keep their type across loaded libraries.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "forgelm/core/diagnostic.hpp"
#include "forgelm/core/exit_code.hpp"

namespace forgelm {

/// A line of our own code (clang 14 has no std::source_location with libstdc++).
struct CodePlace {
  const char* file = "";
  int line = 0;
  static constexpr CodePlace current(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};

class Error : public std::runtime_error {
 public:
  ~Error() override;
  virtual ExitCode exit_code() const noexcept = 0;
  const std::string& hint() const noexcept { return hint_; }
  const CodePlace& where() const noexcept { return where_; }

 protected:
  Error(const std::string& message, std::string hint, CodePlace where);

 private:
  std::string hint_;
  CodePlace where_;
};

/// A fault in the job, its files or the command line, found before any work: exit code 1.
class ConfigError : public Error {
 public:
  explicit ConfigError(const std::string& message, std::string hint = {}, CodePlace where = CodePlace::current());
  explicit ConfigError(std::vector<Diagnostic> diagnostics, CodePlace where = CodePlace::current());
  ~ConfigError() override;
  ExitCode exit_code() const noexcept override { return ExitCode::config_error; }
  /// Empty when the error has no place in a file; then what() says it all.
  const std::vector<Diagnostic>& diagnostics() const noexcept { return diagnostics_; }

 private:
  std::vector<Diagnostic> diagnostics_;
};

enum class RunErrorKind {
  io,
  data,
  device,
  out_of_memory,
  out_of_disk,
  diverged,
  network,
  store,
  interrupted,
  internal
};

/// The name used in JSON output and logs, e.g. "out_of_memory".
const char* to_string(RunErrorKind kind) noexcept;

/// Something broke while running: exit code 2 (7 when it was interrupted and can go on where it was). Fields name the
/// facts a reader needs (path, errno, step, batch).
class RunError : public Error {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;
  RunError(RunErrorKind kind, const std::string& message, std::string hint = {}, Fields fields = {},
           CodePlace where = CodePlace::current());
  ~RunError() override;
  ExitCode exit_code() const noexcept override {
    return kind_ == RunErrorKind::interrupted ? ExitCode::interrupted : ExitCode::run_error;
  }
  RunErrorKind kind() const noexcept { return kind_; }
  const Fields& fields() const noexcept { return fields_; }

 private:
  RunErrorKind kind_;
  Fields fields_;
};

}  // namespace forgelm
