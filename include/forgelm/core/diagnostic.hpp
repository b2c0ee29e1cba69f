// A problem found in what the user gave us: what, where, the value seen, what is allowed, a hint.
// Problems are collected and reported together; rendering is separate so that text, JSON and annotations agree.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace forgelm {

enum class Severity { warning, error };

/// A place in a text file. Lines and columns count from 1, columns in Unicode code points; 0 means unknown.
struct SourceSpot {
  std::string file;
  int line = 0;
  int column = 0;
  int length = 1;  ///< code points to underline, at least 1
};

struct Diagnostic {
  Severity severity = Severity::error;
  std::string code;  ///< stable identifier, e.g. "unknown_key"
  std::string path;  ///< where in the document, e.g. "training.eval_steps"; empty for the whole file
  SourceSpot spot;
  std::string message;           ///< what is wrong, with the value seen
  std::string allowed;           ///< what would have been accepted; may be empty
  std::string hint;              ///< what to do about it; may be empty
  std::string source_line = {};  ///< line_to_show() of the line the spot points at; empty when unknown
};

enum class DiagnosticStyle { text, github };

/// `file:line:column: severity: path: message; allowed: ...` with the line, a caret and the hint below (text), or one
/// workflow command per problem (github). `color` adds ANSI colours to text.
std::string render(const std::vector<Diagnostic>& diagnostics, DiagnosticStyle style, bool color = false);

/// A line of a text as diagnostics carry it: cut, with "...", after 400 code points. A file of one line can hold a
/// great many problems, and each of them has its own copy.
std::string line_to_show(std::string_view line);

/// By line and column; what stands at one place, and what has none, keeps its order.
void sort_by_place(std::vector<Diagnostic>& diagnostics);

/// True when at least one diagnostic is an error.
bool has_errors(const std::vector<Diagnostic>& diagnostics);

}  // namespace forgelm
