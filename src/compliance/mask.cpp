#include "forgelm/compliance/mask.hpp"

#include <vector>

#include "forgelm/core/error.hpp"
#include "forgelm/core/pattern.hpp"
#include "forgelm/core/redact.hpp"
#include "forgelm/core/secret_shapes.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

const std::vector<Pattern> &patterns() {
  static const std::vector<Pattern> all = [] {
    std::vector<Pattern> made;
    // In the reference's order: what one has masked, the next no longer sees.
    for (const SecretShape &shape : secret_shapes())
      made.emplace_back(
          shape.pattern,
          Pattern::Options{shape.classes, shape.dot_is_all, false});
    return made;
  }();
  return all;
}

std::string without(const Pattern &pattern, const std::string &text) {
  std::string out;
  std::size_t at = 0;
  while (const auto found = pattern.find(text, at)) {
    out.append(text, at, found->begin - at).append(kSecretMask);
    at = found->end;
  }
  return at == 0 ? text : out.append(text, at);
}

} // namespace

std::string mask_secrets(std::string_view text) {
  std::string masked = redact(text);
  try {
    for (const Pattern &pattern : patterns())
      masked = without(pattern, masked);
  } catch (const RunError &) {
    // Nobody can say that it is clean.
    return kSecretMask;
  }
  return masked;
}

std::string masked_and_cut(std::string_view text, std::size_t max_code_points,
                           std::string_view mark) {
  std::string masked = mask_secrets(text);
  const std::size_t kept = prefix_code_points(masked, max_code_points).size();
  if (kept == masked.size())
    return masked;
  masked.resize(kept);
  return masked.append(mark);
}

} // namespace forgelm::compliance
