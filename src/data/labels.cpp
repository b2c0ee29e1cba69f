#include "labels.hpp"

#include "forgelm/core/text.hpp"

namespace forgelm::data {

bool read_label(const Cell& label) {
  const Json& value = label.value();
  if (value.kind() == Json::Kind::boolean) return value.boolean();
  if (value.is_number() && (value.real() == 0.0 || value.real() == 1.0)) return value.real() == 1.0;
  if (value.kind() == Json::Kind::text) {
    const std::string text = ascii_lower(trim(value.text()));
    if (text == "true" || text == "1") return true;
    if (text == "false" || text == "0") return false;
  }
  label.fail_kind("true, false, 1, 0, \"true\", \"false\", \"1\" or \"0\"");
}

}  // namespace forgelm::data
