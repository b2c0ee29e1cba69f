// JinjaTemplate: parsing once, rendering many times; faults become JinjaErrors with their place.
#include "forgelm/text/jinja.hpp"

#include "forgelm/core/text.hpp"
#include "jinja_parser.hpp"
#include "jinja_runtime.hpp"

namespace forgelm::text {

namespace {

std::vector<Diagnostic> diagnostic(std::string_view name, int line, int column, const std::string& message) {
  Diagnostic out;
  out.code = "jinja";
  out.spot = {std::string(name), line, column, 1};
  out.message = message;
  return {std::move(out)};
}

}  // namespace

JinjaError::JinjaError(std::string_view template_name, int line, int column, const std::string& message,
                       bool was_raised)
    : ConfigError(diagnostic(template_name, line, column, message)),
      line_(line),
      column_(column),
      was_raised_(was_raised),
      problem_(message) {}
JinjaError::~JinjaError() = default;

struct JinjaTemplate::Impl {
  std::string name;
  std::string source;
  std::string text;  ///< normalised: what offsets are into
  JinjaLimits limits;
  jinja::Tree tree;

  [[noreturn]] void fail(std::size_t offset, const std::string& message, bool was_raised) const {
    const std::string_view before = std::string_view(text).substr(0, offset);
    int line = 1;
    std::size_t line_begin = 0;
    for (std::size_t at = before.find('\n'); at != std::string_view::npos; at = before.find('\n', at + 1)) {
      ++line;
      line_begin = at + 1;
    }
    const int column = static_cast<int>(num_code_points(before.substr(line_begin))) + 1;
    throw JinjaError(name, line, column, message, was_raised);
  }
};

JinjaTemplate::JinjaTemplate(std::string name, std::string source, const JinjaLimits& limits)
    : impl_(std::make_unique<Impl>()) {
  Impl& impl = *impl_;
  impl.name = std::move(name);
  impl.source = std::move(source);
  impl.limits = limits;
  if (impl.source.size() > limits.max_template_bytes) {
    throw JinjaError(impl.name, 1, 1,
                     cat("the template has ", impl.source.size(), " bytes; at most ", limits.max_template_bytes,
                         " are allowed (max_template_bytes)"));
  }
  impl.text = jinja::normalise_newlines(to_valid_utf8(impl.source));
  try {
    jinja::parse(impl.text, limits.max_depth, impl.tree);
  } catch (const jinja::SyntaxFault& fault) {
    impl.fail(fault.offset, fault.message, false);
  }
}

JinjaTemplate::~JinjaTemplate() = default;
JinjaTemplate::JinjaTemplate(JinjaTemplate&&) noexcept = default;
JinjaTemplate& JinjaTemplate::operator=(JinjaTemplate&&) noexcept = default;

JinjaOutput JinjaTemplate::render(const Json& variables, std::time_t now) const {
  jinja::Heap heap;
  jinja::Runtime runtime(impl_->tree, impl_->limits, now, heap);
  JinjaOutput out;
  try {
    runtime.render(variables, out);
  } catch (const jinja::Fault& fault) {
    impl_->fail(runtime.place(), fault.message, fault.was_raised);
  }
  return out;
}

bool JinjaTemplate::has_generation_blocks() const noexcept { return impl_->tree.has_generation; }

bool JinjaTemplate::uses_variable(std::string_view name) const {
  const jinja::Tree& tree = impl_->tree;
  for (std::size_t id = 0; id < tree.names.size(); ++id) {
    if (tree.is_read[id] && tree.names[id] == name) return true;
  }
  return false;
}

const std::string& JinjaTemplate::name() const noexcept { return impl_->name; }
const std::string& JinjaTemplate::source() const noexcept { return impl_->source; }

}  // namespace forgelm::text
