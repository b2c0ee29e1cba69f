// The commented template. Its two kinds of comment never mix: "# words" explains, "#key: value" is a key switched off,
// so that removing the '#' of all keys gives a job file again (a test does).
#include "forgelm/config/emit.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::config {
namespace {

constexpr std::size_t kWidth = 100;

bool is_plain_text(std::string_view text) {
  static constexpr std::string_view kReserved[] = {"y",    "n",     "yes",  "no",  "on", "off",
                                                   "true", "false", "null", "nan", "inf"};
  const auto is_letter = [](char c) { return (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '_'; };
  const auto is_inner = [&](char c) { return is_letter(c) || is_ascii_digit(c) || c == '-' || c == '.' || c == '/'; };
  if (text.empty() || !(is_letter(text.front()) || text.front() == '.' || text.front() == '/')) return false;
  if (text.front() == '.' && (text.size() < 2 || text[1] != '/')) return false;
  for (const char c : text)
    if (!is_inner(c)) return false;
  for (const auto word : kReserved)
    if (equals_ignoring_ascii_case(text, word)) return false;
  return true;
}

/// YAML 1.1 reads 2e-05 as text: a point and a signed exponent make it a number everywhere.
std::string real_text(double value) {
  std::string text = python_float_repr(value);
  const std::size_t e = text.find('e');
  if (e == std::string::npos) return text;
  if (text.find('.') == std::string::npos) text.insert(e, ".0");
  return text;
}

class TemplateWriter {
 public:
  void section(const SectionInfo& info, std::size_t indent, bool is_active) {
    for (const auto& field : info.fields) {
      if (!field.deprecated.empty()) continue;
      if (field.kind == FieldKind::section || field.kind == FieldKind::section_list) nested(field, indent, is_active);
      else value(field, indent, is_active);
    }
  }

  std::string take() { return std::move(out_); }
  void line(std::string_view text) { out_ += cat(text, "\n"); }
  void blank() { out_ += '\n'; }

  void nested(const FieldInfo& field, std::size_t indent, bool is_active) {
    if (indent == 0) blank();
    words(field.doc, indent);
    is_active = is_active && field.is_required;
    key(cat(field.name, ":"), indent, is_active);
    if (field.kind == FieldKind::section) section(*field.section, indent + 2, is_active);
    else first_item(field, indent + 2);
  }

 private:
  void words(std::string_view text, std::size_t indent) {
    for (const auto& part : wrap(text, kWidth - indent - 2)) line(cat(std::string(indent, ' '), "# ", part));
  }
  void key(std::string_view text, std::size_t indent, bool is_active) {
    line(cat(std::string(indent, ' '), is_active ? "" : "#", text));
  }

  void value(const FieldInfo& field, std::size_t indent, bool is_active) {
    words(cat(field.doc, " (", accepts_text(field), ")"), indent);
    const bool is_shown = field.is_required || (field.in_wizard && !field.is_added) || !field.example.empty();
    key(cat(field.name, ": ", shown_value(field)), indent, is_active && is_shown);
  }

  static std::string shown_value(const FieldInfo& field) {
    return to_yaml_scalar(field.example.empty() ? field.default_value : Json(field.example));
  }

  /// One item with its own keys; sections inside it (a stage's) repeat the root's and are named only.
  void first_item(const FieldInfo& field, std::size_t indent) {
    std::string_view mark = "- ";
    for (const auto& inner : field.section->fields) {
      if (inner.kind == FieldKind::section) {
        words(cat(inner.name, ": ", inner.doc), indent + 2);
        continue;
      }
      words(cat(inner.doc, " (", accepts_text(inner), ")"), mark.empty() ? indent + 2 : indent);
      key(cat(mark, inner.name, ": ", shown_value(inner)), mark.empty() ? indent + 2 : indent, false);
      mark = {};
    }
  }

  std::string out_;
};

}  // namespace

std::string to_yaml_scalar(const Json& value) {
  switch (value.kind()) {
    case Json::Kind::text: return is_plain_text(value.text()) ? value.text() : dump(value, {.ensure_ascii = false});
    case Json::Kind::real: return real_text(value.real());
    default: return dump(value, {.ensure_ascii = false});
  }
}

std::string template_yaml(std::string_view schema) {
  TemplateWriter writer;
  if (!schema.empty()) writer.line(cat("# yaml-language-server: $schema=", schema));
  writer.line("# A forgelm job with every key there is. Check it with: forgelm --config FILE --dry-run");
  writer.line(
      "# Active keys are the usual ones. The others are switched off at their defaults: remove the '#' before a key "
      "to");
  writer.line("# set it (and before the section that it stands in). `forgelm config explain KEY` tells more.");
  for (const auto& field : root_section().fields) writer.nested(field, 0, true);
  return writer.take();
}

}  // namespace forgelm::config
