// docs/generated/configuration.md: the field table as a page, one heading per section.
#include <algorithm>
#include <set>

#include "forgelm/config/emit.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::config {
namespace {

/// Text inside a table cell.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string default_cell(const FieldInfo& field) {
  if (field.is_required) return "required";
  if (field.section != nullptr) return field.kind == FieldKind::section ? "absent" : "empty";
  if (field.default_value.kind() == Json::Kind::text && field.default_value.text().empty()) return "empty";
  return cat("`", to_yaml_scalar(field.default_value), "`");
}

std::string meaning(const FieldInfo& field) {
  std::string out = field.doc;
  for (const auto& [given, meant] : field.value_aliases) out += cat(" `", given, "` means `", meant, "`.");
  if (!field.alias.empty()) out += cat(" Other name: `", field.alias, "`.");
  if (!field.deprecated.empty()) out += cat(" Deprecated: write `", field.deprecated, "`.");
  if (field.is_secret) out += " Secret: masked in dumps, records and logs.";
  return out;
}

class ReferenceWriter {
 public:
  void section(const SectionInfo& info, const std::string& path, std::string_view doc) {
    out_ += cat("\n## ", path.empty() ? "The file" : cat("`", path, "`"), "\n\n", doc, "\n\n");
    out_ += "| key | accepts | default | meaning |\n|---|---|---|---|\n";
    for (const auto& field : info.fields)
      out_ += cat("| `", field.name, "`", field.is_added ? " +" : "", is_absent(field) ? " \u2020" : "", " | ",
                  cell(accepts_text(field)), " | ", cell(default_cell(field)), " | ", cell(meaning(field)), " |\n");
    for (const auto& field : info.fields) {
      if (field.section == nullptr || !seen_.insert(field.section).second) continue;
      const bool is_list = field.kind == FieldKind::section_list;
      section(*field.section, cat(path, path.empty() ? "" : ".", field.name, is_list ? "[]" : ""), field.doc);
    }
  }
  std::string take() { return std::move(out_); }

 private:
  static bool is_absent(const FieldInfo& field) {
    return field.section == nullptr && !info(field.capability).is_available;
  }

  std::set<const SectionInfo*> seen_;
  std::string out_ =
      "# Configuration\n\n"
      "Every key of a job file. Generated from the field table; `forgelm config explain KEY` shows one key with the "
      "rules\n"
      "that look at it, `forgelm config template` writes a commented file, `forgelm config schema` the JSON Schema for "
      "editors.\n\n"
      "`+` marks keys that the Python original does not have. \u2020 marks keys whose capability this build does not "
      "have: a run\n"
      "that sets one away from its default stops before any work when weights or verdicts depend on it, and warns "
      "otherwise.\n";
};

}  // namespace

std::string reference_markdown() {
  ReferenceWriter writer;
  writer.section(root_section(), "", "The sections of a job.");
  return writer.take();
}

}  // namespace forgelm::config
