// The resolved configuration as JSON, and its hash. Oracle: the reference's model_dump (tests/golden/config).
#include "forgelm/config/load.hpp"
#include "forgelm/config/schema.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::config {
namespace {

Json dump_section(const LoadedJob& loaded, const SectionInfo& section, const void* owner, const std::string& prefix);

Json dump_field(const LoadedJob& loaded, const FieldInfo& field, const void* owner, const std::string& path) {
  if (field.kind == FieldKind::section) {
    const void* inner = field.peek(owner);
    return inner == nullptr ? Json() : dump_section(loaded, *field.section, inner, path + ".");
  }
  if (field.kind == FieldKind::section_list) {
    Json list = Json::array();
    for (std::size_t i = 0; i < field.count(owner); ++i)
      list.push(dump_section(loaded, *field.section, field.at(owner, i), cat(path, "[", i, "].")));
    return list;
  }
  const Json value = field.get(owner);
  const bool hide = field.is_secret && value.kind() == Json::Kind::text && !value.text().empty();
  return hide ? Json("***REDACTED***") : value;
}

Json dump_section(const LoadedJob& loaded, const SectionInfo& section, const void* owner, const std::string& prefix) {
  Json out = Json::object();
  for (const auto& field : section.fields) {
    const std::string path = prefix + field.name;
    if (field.is_added && !loaded.is_given(path)) continue;
    out.set(field.name, dump_field(loaded, field, owner, path));
  }
  return out;
}

}  // namespace

Json dump(const LoadedJob& loaded) { return dump_section(loaded, root_section(), &loaded.job, ""); }

std::string config_hash(const LoadedJob& loaded) {
  if (loaded.job.pipeline) return "sha256:" + loaded.sha256;
  JsonStyle style;
  style.sort_keys = true;
  style.ensure_ascii = false;
  return "sha256:" + sha256_hex(forgelm::dump(dump(loaded), style));
}

}  // namespace forgelm::config
