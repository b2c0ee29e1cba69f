// What a command says. Results go to stdout: text, or in JSON mode exactly one document, whatever happens; diagnostics,
// remarks and logs go to stderr. A command calls print() and set_document() both and lets the mode decide.
// Registered secrets never appear (redact.hpp). Nothing here is for use from several threads.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/choices.hpp"
#include "forgelm/core/diagnostic.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::cli {

FORGELM_CHOICES(OutputFormat, text, json, github)

class Output {
 public:
  explicit Output(OutputFormat format, bool is_quiet = false) : format_(format), is_quiet_(is_quiet) {}

  OutputFormat format() const noexcept { return format_; }
  bool is_json() const noexcept { return format_ == OutputFormat::json; }
  bool is_quiet() const noexcept { return is_quiet_; }
  /// Colour is wanted for text on stdout.
  bool has_color() const;
  /// Columns for text on stdout: the terminal's, 80 where there is none.
  int width() const;

  /// Text for stdout; nothing in JSON mode. Written when there is a good piece of it, flush() is called, or at the end.
  void print(std::string_view text);
  /// The document of JSON mode, written at the end; a second one replaces the first. Nothing in text mode.
  void set_document(Json document);
  /// One line on stderr for people; nothing with --quiet or in JSON mode.
  void note(std::string_view line);
  /// Diagnostics on stderr, as text or as workflow commands; nothing in JSON mode, whose document holds them.
  void report(const std::vector<Diagnostic>& diagnostics);
  /// An error on stderr, whatever the mode. Never throws.
  static void complain(std::string_view message, std::string_view hint) noexcept;

  /// Writes out the text so far. RunError(io, out_of_disk) when stdout does not take it; a reader that went away
  /// (EPIPE) is no error: what follows is dropped.
  void flush();
  /// Writes what is left, with the document of JSON mode (`{"success": ...}` when the command set none). Once.
  void finish(bool is_success);

 private:
  OutputFormat format_;
  bool is_quiet_;
  bool is_reader_gone_ = false;
  bool is_finished_ = false;
  std::string pending_;
  std::optional<Json> document_;
};

/// {"severity", "code", "path", "file", "line", "column", "message", "allowed", "hint"}; unknown places and empty texts
/// are null.
Json to_json(const Diagnostic& diagnostic);
Json to_json(const std::vector<Diagnostic>& diagnostics);

}  // namespace forgelm::cli
