// The markers of keys are put together from pieces so that scanners of sources
// do not take these lines for keys.
#include "forgelm/core/secret_shapes.hpp"

namespace forgelm {
namespace {

constexpr SecretShape kShapes[] = {
    {"aws_access_key", R"(\b(?:AKIA|ASIA)[A-Z0-9]{16}\b)"},
    {"github_token", R"(\b(?:ghp|gho|ghu|ghs|ghr|github_pat)_\w{20,})",
     Pattern::Classes::ascii},
    {"slack_token", R"(\bxox[baprs]-[A-Za-z0-9-]{10,}\b)"},
    {"openai_api_key", R"(\bsk-(?:proj-)?[\w-]{20,}\b)",
     Pattern::Classes::ascii},
    {"google_api_key", R"(\bAIza[\w-]{35}\b)", Pattern::Classes::ascii},
    {"jwt",
     R"(\beyJ(?:hbGc|0eXA|raWQ|jdHk|lbmM|hcGk)[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{15,}\b)",
     Pattern::Classes::ascii},
    {"openssh_private_key",
     "-----"
     "BEGIN (?:OPENSSH|RSA|DSA|EC) PRIVATE KEY-----.{0,8192}?-----"
     "END (?:OPENSSH|RSA|DSA|EC) PRIVATE KEY-----",
     Pattern::Classes::unicode, true},
    // PCRE2 counts to 65535, the reference to 65536.
    {"pgp_private_key",
     "-----"
     "BEGIN PGP PRIVATE KEY BLOCK-----.{0,65535}?.?"
     "?-----"
     "END PGP PRIVATE KEY BLOCK-----",
     Pattern::Classes::unicode, true},
    {"azure_storage_key",
     R"(DefaultEndpointsProtocol=https?;AccountName=[A-Za-z0-9]+;AccountKey=[A-Za-z0-9+/=]{20,})"},
};

} // namespace

std::span<const SecretShape> secret_shapes() noexcept { return kShapes; }

} // namespace forgelm
