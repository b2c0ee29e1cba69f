// The Jinja that chat templates are written in, rendered as transformers renders it (jinja2 3.1.6, ImmutableSandboxed-
// Environment, trim_blocks, lstrip_blocks, loop controls, `generation` blocks, tojson without HTML escapes,
// strftime_now, raise_exception). Invariants: a template reaches nothing but its variables; steps, depth and output are
// bounded. Oracle: jinja2 (shared data templates/golden.jsonl, tools/golden/jinja).
#pragma once

#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/error.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/text/tokenizer.hpp"

namespace forgelm::text {

struct JinjaLimits {
  std::int64_t max_steps = 500'000;  ///< nodes evaluated
  int max_depth = 128;               ///< nesting of expressions, blocks and macro calls
  std::size_t max_output_bytes = 16u << 20;
  std::size_t max_template_bytes = 1u << 20;
};

/// A fault in a template or in rendering it, with the place in the template: ConfigError, since template and rows are
/// inputs of the job. `was_raised`: the template itself called raise_exception.
class JinjaError : public ConfigError {
 public:
  JinjaError(std::string_view template_name, int line, int column, const std::string& message, bool was_raised = false);
  ~JinjaError() override;
  int line() const noexcept { return line_; }
  int column() const noexcept { return column_; }  ///< in code points, from 1
  bool was_raised() const noexcept { return was_raised_; }
  /// What went wrong, without the place.
  const std::string& problem() const noexcept { return problem_; }

 private:
  int line_;
  int column_;
  bool was_raised_;
  std::string problem_;
};

struct JinjaOutput {
  std::string text;
  std::vector<ByteSpan> generation;  ///< what {% generation %} blocks wrote, in order, none inside another
  /// A generation block ran inside a macro, a set or filter block or a call block, whose text may go anywhere: then
  /// `generation` does not tell all of it (transformers gives wrong places there).
  bool has_captured_generation = false;
};

/// A parsed template; immutable, usable from any number of threads.
class JinjaTemplate {
 public:
  /// JinjaError on a syntax error, with line and column. `name` appears in messages.
  JinjaTemplate(std::string name, std::string source, const JinjaLimits& limits = {});
  ~JinjaTemplate();
  JinjaTemplate(JinjaTemplate&&) noexcept;
  JinjaTemplate& operator=(JinjaTemplate&&) noexcept;

  /// `variables`: an object whose members are the template's globals. `now`: what strftime_now formats, in local time.
  JinjaOutput render(const Json& variables, std::time_t now) const;
  bool has_generation_blocks() const noexcept;
  /// The template mentions this name as a variable (e.g. "tools").
  bool uses_variable(std::string_view name) const;
  const std::string& name() const noexcept;
  const std::string& source() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace forgelm::text
